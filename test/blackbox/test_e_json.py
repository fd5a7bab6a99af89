"""JSON bodies in both directions: names change, every other byte stays."""
import threading

import cases
import dialects
import mappings
import upstream
import wire

# <client|service> where a name changes; everything else must pass as it is.
DOCUMENTS = {
    "flat": '{"<dataProductId|workspaceId>":"1"}',
    "all names": '{"<dataProduct|workspace>":{},"<dataProducts|workspaces>":[],'
                 '"<dataProductId|workspaceId>":1,"<dataProductType|workspaceType>":2,'
                 '"<externalDataProductId|externalWorkspaceId>":3,'
                 '"<sourceDataProductId|sourceWorkspaceId>":4}',
    "depth": '{"data":{"count":2,"<dataProducts|workspaces>":[{"a":[{"b":{'
             '"<dataProductId|workspaceId>":1}}]},[[{"<dataProductId|workspaceId>":2}]]]}}',
    "values": '{"a":"dataProductId","b":["workspaceId","dataProduct"],"c":"$ref(sales_workspace.o)",'
              '"d":"{\\"workspaceId\\":1}","<dataProductId|workspaceId>":"workspaceId"}',
    "whole names": '{"slackWorkspaceId":1,"slackWorkspaceName":2,"dataProductIds":3,"dataproductid":4,'
                   '"xdataProductId":5,"dataProductId ":6,"":7," dataProduct":8,"DataProduct":9}',
    "numbers": '{"n":[0,-0,1.0,1.00,1e5,1E+05,-1.5e-300,12345678901234567890123456789,'
               '0.1000000000000000055511151231257827,1e400]}',
    "space": ' \t\r\n{ "a" :\r\n[ 1 ,\t2 ] , "<dataProductId|workspaceId>"\n:\n"x" }\n \n',
    "text": '{"u":"\u00e4\u20ac\U0001f600","e":"\\u00e4\\uD83D\\uDE00\\n\\/\\"\\\\","lone":"\\ud800",'
            '"\u00e4":1,"k\\u0041":2,"<dataProductId|workspaceId>":"\\u0000"}',
    "empty": '{"a":{},"b":[],"c":"","d":[[],{}],"<dataProducts|workspaces>":[]}',
    "array": '[{"<dataProductId|workspaceId>":1},"dataProductId",null,true,false]',
    "string": '"dataProductId"', "number": "7", "null": " null ",
    "duplicates": '{"a":1,"a":2,"<dataProductId|workspaceId>":1,"<dataProductId|workspaceId>":2}',
    "deep": '{"<dataProduct|workspace>":' + "[" * 200 + '{"<dataProductId|workspaceId>":1}' +
            "]" * 200 + "}",
    "long key": '{"' + "dataProductId" * 1000 + '":1,"<dataProductId|workspaceId>":2}',
    "long string": '{"a":"' + "workspaceId " * 3000 + '","<dataProductId|workspaceId>":2}',
}
# A key in escapes means the same; it leaves as the plain name.
ESCAPED_UP = (b'{"data\\u0050roductId":1,"\\u0064\\u0061taProduct" :2}',
              b'{"workspaceId":1,"workspace" :2}')
ESCAPED_DOWN = (b'{"workspace\\u0049d":1,"\\u0077orkspace" :2}',
                b'{"dataProductId":1,"dataProduct" :2}')
JSON = [("Content-Type", "application/json")]


class Json(cases.Case):
    def echo(self, made=None, **options):
        """(gateway, service) where the service answers with the next of self.replies."""
        self.replies = []
        service = self.upstream(upstream.always(lambda _: self.replies.pop(0)))
        return self.gateway(service, mapping=made, **options), service

    def test_requests_go_up_in_the_services_words(self):
        gate, service = self.echo()
        for name, text in DOCUMENTS.items():
            client, wanted = dialects.both(text)
            for framing in ("length", "chunked"):
                with self.subTest(f"{name}, {framing}"):
                    self.replies.append(cases.OK)
                    fields = JSON
                    body = client
                    if framing == "chunked":
                        fields = JSON + [("Transfer-Encoding", "chunked")]
                        body = wire.chunked(client, 5)
                    self.assertEqual(gate.once("POST", cases.CLIENT, body, fields).status, 200)
                    request = service.requests[-1]
                    self.assertEqual(request.body, wanted)
                    self.assertEqual((request.framing, request.length), ("length", len(wanted)))

    def test_replies_come_down_in_the_clients_words(self):
        gate, _ = self.echo()
        for name, text in DOCUMENTS.items():
            wanted, sent = dialects.both(text)
            for framing in ("length", "chunked", "close"):
                with self.subTest(f"{name}, {framing}"):
                    self.replies.append(wire.reply_bytes(200, sent, framing=framing, size=5))
                    reply = gate.once("GET", cases.CLIENT)
                    self.assertEqual((reply.end, reply.body), ("clean", wanted))
                    if framing == "length" and len(sent) < 16384:
                        self.assertEqual(reply.framing, "length")

    def test_cut_into_single_bytes(self):
        gate, service = self.echo()
        for name in ("all names", "depth", "text", "space"):
            client, sent = dialects.both(DOCUMENTS[name])
            with self.subTest(name):
                self.replies.append(wire.reply_bytes(200, sent, framing="chunked", size=1))
                reply = gate.once("POST", cases.CLIENT, client, cut=1)
                self.assertEqual(service.requests[-1].body, sent)
                self.assertEqual(reply.body, client)

    def test_keys_in_escapes(self):
        gate, service = self.echo()
        self.replies.append(wire.reply_bytes(200, ESCAPED_DOWN[0]))
        reply = gate.once("POST", cases.CLIENT, ESCAPED_UP[0])
        self.assertEqual(service.requests[-1].body, ESCAPED_UP[1])
        self.assertEqual(reply.body, ESCAPED_DOWN[1])

    def test_a_token_split_between_two_pieces(self):
        """The first half leaves before the second has come, and the name is still found."""
        go_on = threading.Event()

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n12\r\n"
                            b'{"a":"text","works\r\n')
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(b'b\r\npaceId":17}\r\n0\r\n\r\n')

        gate, _ = self.pair(script)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            reply = connection.head()
            self.assertEqual(reply.status, 200)
            self.assertNotIn(b"works", connection.see(b'{"a":"text",'))
            go_on.set()
            connection.read_body(reply)
            self.assertEqual((reply.end, reply.body), ("clean", b'{"a":"text","dataProductId":17}'))

    def test_other_media_types_pass_as_they_are(self):
        gate, service = self.echo()
        body = b'{"dataProductId":1,"workspaceId":2}'
        for media in ("text/plain", "application/octet-stream", "application/jsonx", "image/png"):
            with self.subTest(media):
                self.replies.append(wire.reply_bytes(200, body, [("Content-Type", media)]))
                reply = gate.once("POST", cases.CLIENT, body, [("Content-Type", media)])
                self.assertEqual(service.requests[-1].body, body)
                self.assertEqual((reply.body, reply.field("Content-Length")),
                                 (body, str(len(body))))

    def test_json_media_types(self):
        gate, service = self.echo()
        for media in ("application/json; charset=utf-8", "APPLICATION/JSON",
                      "application/vnd.x+json", "application/problem+json;x=y"):
            with self.subTest(media):
                self.replies.append(wire.reply_bytes(200, b'{"workspaceId":2}',
                                                     [("Content-Type", media)]))
                reply = gate.once("POST", cases.CLIENT, b'{"dataProductId":1}',
                                  [("Content-Type", media)])
                self.assertEqual(service.requests[-1].body, b'{"workspaceId":1}')
                self.assertEqual((reply.body, reply.field("Content-Type")),
                                 (b'{"dataProductId":2}', media))

    def test_no_content_type_is_not_guessed_at(self):
        gate, service = self.echo()
        body = b'{"dataProductId":1}'
        self.replies.append(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n" + body)
        with gate.connect() as connection:
            connection.send(f"POST {cases.CLIENT} HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\n"
                            .encode() + body)
            reply = connection.reply()
        self.assertEqual((service.requests[-1].body, reply.body), (body, body))

    def test_empty_bodies(self):
        gate, service = self.echo()
        for body in (b"", b" \r\n\t "):
            with self.subTest(body):
                self.replies.append(wire.reply_bytes(200, body, JSON))
                reply = gate.once("POST", cases.CLIENT, body)
                self.assertEqual((service.requests[-1].body, reply.body), (body, body))

    def test_no_body_replies(self):
        gate, service = self.echo()
        for status, fields in ((204, []), (304, [("ETag", '"x"')]), (205, [("Content-Length", "0")])):
            with self.subTest(status):
                self.replies.append(wire.reply_bytes(
                    status, fields=JSON + fields, framing=None))
                reply = gate.once("GET", cases.CLIENT)
                self.assertEqual((reply.status, reply.body, reply.end), (status, b"", "clean"))
        self.replies.append(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            b"Content-Length: 17\r\n\r\n")
        with gate.connect() as connection:
            reply = connection.request("HEAD", cases.CLIENT)
            self.assertEqual((reply.status, reply.body), (200, b""))
            self.replies.append(cases.OK)
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)

    def test_bom_in_a_reply_is_kept(self):
        gate, _ = self.echo()
        self.replies.append(wire.reply_bytes(200, b'\xef\xbb\xbf{"workspaceId":1}'))
        self.assertEqual(gate.once("GET", cases.CLIENT).body, b'\xef\xbb\xbf{"dataProductId":1}')

    def test_malformed_utf8_in_a_replys_strings_passes(self):
        gate, _ = self.echo()
        self.replies.append(wire.reply_bytes(200, b'{"workspaceId":"\xff\xc0\x80"}'))
        self.assertEqual(gate.once("GET", cases.CLIENT).body, b'{"dataProductId":"\xff\xc0\x80"}')

    def test_rules_of_a_mapping(self):
        """opaque, values, words, direction, a route's own fields."""
        gate, service = self.echo(mappings.EVERYTHING)
        rows = [
            ("rows", "", '{"rows":[{"workspaceId":1,"dataProductId":2}],"<dataProductId|workspaceId>":3}'),
            ("opaque of a route", "/p/semantic-models/m",
             '{"definition":{"workspaceId":{"dataProduct":1}},"d":{"definition":'
             '{"<dataProductId|workspaceId>":1}}}'),
            ("map", "", '{"a":{"resourceType":"<data_product|workspace>"},"b":"data_product",'
                        '"resourceType":"data_products"}'),
            ("name", "", '{"field":"<dataProductId|workspaceId>","fields":"dataProductId"}'),
            ("own", "/p/own", '{"<dataProduct|space>":{"<dataProductId|workspaceId>":1}}'),
        ]
        for name, tail, text in rows:
            client, sent = dialects.both(text)
            with self.subTest(name):
                self.replies.append(wire.reply_bytes(200, sent))
                reply = gate.once("POST", cases.CLIENT + tail, client)
                self.assertEqual(service.requests[-1].body, sent)
                self.assertEqual(reply.body, client)
        self.replies.append(wire.reply_bytes(200, b'{"sourceWorkspaceId":1}'))
        reply = gate.once("POST", cases.CLIENT, b'{"sourceDataProductId":1}')
        self.assertEqual(service.requests[-1].body, b'{"sourceWorkspaceId":1}')
        self.assertEqual(reply.body, b'{"sourceWorkspaceId":1}')

    def test_links_in_values(self):
        gate, service = self.echo(mappings.EVERYTHING)
        sent = ('{"links":{"a":"%s/p?workspaceId=1","b":"%s%s","c":"https://x.test/workspaces",'
                '"d":"workspaces","e":7}}' % (cases.SERVICE, service.url, cases.SERVICE))
        wanted = ('{"links":{"a":"%s/p?dataProductId=1","b":"http://gateway.test%s",'
                  '"c":"https://x.test/workspaces","d":"workspaces","e":7}}'
                  % (cases.CLIENT, cases.CLIENT))
        self.replies.append(wire.reply_bytes(200, sent.encode()))
        self.assertEqual(gate.once("GET", cases.CLIENT).body.decode(), wanted)

    def test_raw_route_passes_json_as_it_is(self):
        gate, service = self.echo(mappings.EVERYTHING)
        body = b'{"dataProductId":1,"workspaceId":'
        self.replies.append(wire.reply_bytes(200, body))
        reply = gate.once("POST", cases.CLIENT + "/p/raw", body)
        self.assertEqual((service.requests[-1].body, reply.body), (body, body))

    def test_collision_in_a_reply_is_kept(self):
        gate, _ = self.echo(mappings.EVERYTHING)
        for sent, wanted in (
                (b'{"workspaceId":1,"dataProductId":2}', b'{"dataProductId":1,"workspaceId":2}'),
                (b'{"dataProductId":2,"workspaceId":1}', b'{"dataProductId":2,"workspaceId":1}')):
            with self.subTest(sent):
                self.replies.append(wire.reply_bytes(200, sent))
                self.assertEqual(gate.once("GET", cases.CLIENT).body, wanted)
        self.replies.append(wire.reply_bytes(200, b'{"workspaceId":1,"dataProductId":2}'))
        gate.tolerate("UPSTREAM_INVALID")
        self.assert_error(gate.once("GET", cases.CLIENT + "/p/strict"), 502, "UPSTREAM_INVALID")

    def test_large_bodies_stream(self):
        pieces = list(dialects.documents(3 << 20, piece=100_000))
        client = b"".join(c for c, _ in pieces)
        sent = b"".join(s for _, s in pieces)
        gate, service = self.echo()
        for framing in ("length", "chunked"):
            with self.subTest(framing):
                self.replies.append(wire.reply_bytes(200, sent, framing=framing, size=70_000))
                reply = gate.once("POST", cases.CLIENT, client)
                self.assertTrue(service.requests[-1].body == sent)
                self.assertEqual(service.requests[-1].framing, "chunked")
                self.assertTrue(reply.body == client)
                self.assertEqual((reply.framing, reply.end), ("chunked", "clean"))
