"""What HTTP means: framings, replies without a body, interim replies, trailers, endings."""
import itertools
import threading

import cases
import dialects
import upstream
import wire

HEAD = b"HTTP/1.1 %d Told\r\n"
JSON, RAW = "application/json", "application/octet-stream"
PROVOKED = "(?i)upstream"
EMPTY = (b"", b"")
SMALL = dialects.both('{"<dataProductId|workspaceId>":[1.0,{},[]]}')
LARGE = [b"".join(side) for side in zip(*dialects.documents(90_000))]


def told(status, *lines, body=b""):
    """A reply of just these field lines."""
    return HEAD % status + b"".join(line.encode() + b"\r\n" for line in lines) + b"\r\n" + body


class Framings(cases.Case):
    def send(self, connection, method, target, body, framing, kind, version="1.1"):
        fields = [("Content-Type", kind)]
        if version == "1.0":
            fields.append(("Connection", "keep-alive"))
        if framing == "none":
            return connection.request(method, target, None, fields, version=version)
        if framing == "length":
            return connection.request(method, target, body, fields, version=version)
        size = {"chunked": None, "chunks of 7": 7, "chunks of 4099": 4099}[framing]
        fields.append(("Transfer-Encoding", "chunked"))
        return connection.request(method, target, wire.chunked(body, size), fields)

    def expect_request(self, request, body, framing, kind):
        self.assertEqual(request.body, body)
        self.assertEqual(request.end, "clean")
        if kind == RAW and framing.startswith("chunk"):
            self.assertEqual(request.framing, "chunked")
        elif not body:
            self.assertIn((request.framing, request.length), (("none", None), ("length", 0)))
        elif kind == RAW or len(body) < 60_000:
            self.assertEqual((request.framing, request.length), ("length", len(body)))

    def test_request_bodies_in_all_combinations(self):
        """Every method with every body in every framing, all on one connection."""
        gate, service = self.pair()
        framings = ("length", "chunked", "chunks of 7", "chunks of 4099")
        with gate.connect() as connection:
            for method, kind, framing, (client, wanted) in itertools.product(
                    ("GET", "POST", "PATCH", "DELETE"), (JSON, RAW), framings,
                    (EMPTY, SMALL, LARGE)):
                with self.subTest(f"{method} {kind} {framing} {len(client)}"):
                    target = cases.CLIENT + ("" if method == "POST" else "/p")
                    reply = self.send(connection, method, target, client, framing, kind)
                    self.assertEqual((reply.status, reply.body), (200, b'{"ok":true}'))
                    request = service.requests[-1]
                    self.assertEqual(request.method, method)
                    self.expect_request(request, client if kind == RAW else wanted, framing, kind)
        self.assertEqual(len(service.connections), 1)

    def test_reply_bodies_in_all_combinations(self):
        answers = {}

        def answer(request):
            return answers[request.target.rpartition("/")[2]]

        gate, _ = self.pair(upstream.always(answer))
        rows = list(itertools.product((JSON, RAW), ("length", "chunked", "close"),
                                      (None, 1, 4099), (EMPTY, SMALL, LARGE)))
        for number, (kind, framing, size, (_, service)) in enumerate(rows):
            if len(service) > 1000 and size == 1:
                size = 13
            fields = [("Content-Type", kind)]
            answers[str(number)] = wire.reply_bytes(200, service, fields, framing, size=size)
        for version in ("1.1", "1.0"):
            connection = gate.connect()
            for number, (kind, framing, size, (client, service)) in enumerate(rows):
                with self.subTest(f"{version} {kind} {framing} {size} {len(client)}"):
                    reply = self.send(connection, "GET", f"{cases.CLIENT}/{number}", None, "none",
                                      kind, version)
                    self.assertEqual((reply.status, reply.end), (200, "clean"))
                    wanted = service if kind == RAW else client
                    self.assertEqual(reply.body, wanted)
                    if framing == "length" and (kind == RAW or len(client) < 16384):
                        self.assertEqual((reply.framing, reply.length), ("length", len(wanted)))
                    elif version == "1.1":
                        self.assertEqual(reply.framing, "chunked")
                    if reply.framing == "close":
                        self.assertEqual(connection.end(), "fin")
                        connection = gate.connect()
            connection.close()

    def test_a_1_0_client_posts_and_goes_on(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            for client, wanted in (EMPTY, SMALL, LARGE):
                reply = self.send(connection, "POST", cases.CLIENT, client, "length", JSON, "1.0")
                self.assertEqual(reply.field("Connection"), "keep-alive")
                self.assertEqual(service.requests[-1].body, wanted)
                self.assertEqual(service.requests[-1].field("Via"), "1.0 dpgw")


class Bodiless(cases.Case):
    """Replies without a body, each followed by another on the same connection."""

    def after(self, reply_bytes, method="GET", version="1.1"):
        target = cases.CLIENT
        replies = [reply_bytes, cases.OK]
        gate, service = self.pair(upstream.answers(*replies))
        gate.tolerate(PROVOKED)
        keep = [("Connection", "keep-alive")]
        with gate.connect() as connection:
            reply = connection.request(method, target, version=version, fields=keep)
            if "close" not in reply.fields.all("Connection"):
                self.assertEqual(connection.request("GET", target).body, b'{"ok":true}')
        self.assertEqual(reply.body, b"")
        return reply

    def test_204_has_no_framing_at_all(self):
        for lines in ((), ("Content-Type: application/json",), ("Content-Length: 0",)):
            with self.subTest(lines):
                reply = self.after(told(204, *lines))
                self.assertEqual(reply.status, 204)
                self.assertEqual(reply.field("Content-Length"), None)
                self.assertEqual(reply.field("Transfer-Encoding"), None)

    def test_205_says_that_it_is_empty(self):
        for reply in (told(205, "Content-Length: 0"), told(205, "Content-Length: 2", body=b"{}"),
                      told(205, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n")):
            got = self.after(reply)
            self.assertEqual((got.status, got.framing, got.length), (205, "length", 0))

    def test_304_keeps_what_is_true(self):
        for kind, length in ((RAW, "77"), (JSON, None)):
            reply = self.after(told(304, f"Content-Type: {kind}", "Content-Length: 77",
                                    "Cache-Control: no-cache"))
            self.assertEqual((reply.status, reply.field("Content-Length")), (304, length))
            self.assertEqual(reply.field("Cache-Control"), "no-cache")

    def test_head_keeps_what_is_true(self):
        for kind, length in ((RAW, "77"), (JSON, None)):
            for version in ("1.1", "1.0"):
                reply = self.after(told(200, f"Content-Type: {kind}", "Content-Length: 77", "X: y"),
                                   "HEAD", version)
                self.assertEqual((reply.status, reply.field("Content-Length")), (200, length))
                self.assertEqual((reply.field("X"), reply.field("Content-Type")), ("y", kind))
        reply = self.after(told(200, f"Content-Type: {RAW}", "Transfer-Encoding: chunked"), "HEAD")
        self.assertEqual((reply.status, reply.field("Content-Length")), (200, None))

    def test_head_with_a_body_goes_up_without_it(self):
        gate, service = self.pair(upstream.always(
            lambda r: told(200, "Content-Length: 7") if r.method == "HEAD" else cases.OK))
        with gate.connect() as connection:
            for body in (b"{}", b'"' + b"x" * 100_000 + b'"'):
                for kind in (JSON, RAW):
                    connection.send(wire.request_bytes("HEAD", cases.CLIENT, body,
                                                       [("Content-Type", kind)]))
                    reply = connection.reply("HEAD")
                    self.assertEqual(reply.status, 200)
                    if "close" in reply.fields.all("Connection"):
                        connection.end()
                        connection = self.enterContext(gate.connect())
                    else:
                        self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
        self.assertEqual({r.body for r in service.requests}, {b""})

    def test_errors_to_head_have_a_length_and_no_body(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            got = connection.request("GET", "/nothing")
            told_ = connection.request("HEAD", "/nothing")
            self.assertEqual((told_.status, told_.body), (404, b""))
            self.assertEqual(int(told_.field("Content-Length")), len(got.body))


class Interim(cases.Case):
    HINTS = (b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
             b"HTTP/1.1 103 Early Hints\r\nLink: </b>; rel=preload\r\n\r\n")

    def test_103_comes_before_the_reply_is_there(self):
        go_on = threading.Event()

        def script(connection):
            connection.request()
            connection.send(self.HINTS)
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(cases.OK)

        gate, _ = self.pair(script)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            for link in ("</a>; rel=preload", "</b>; rel=preload"):
                hints = connection.interim_or_head(wire.deadline_in())
                self.assertEqual((hints.status, hints.field("Link")), (103, link))
            go_on.set()
            self.assertEqual(connection.reply().status, 200)

    def test_103_is_not_for_1_0(self):
        gate, _ = self.pair(upstream.always(self.HINTS + cases.OK))
        reply = gate.once("GET", cases.CLIENT, version="1.0")
        self.assertEqual((reply.status, reply.interim), (200, []))

    def test_continue_then_103_then_the_reply(self):
        gate, service = self.pair(upstream.always(self.HINTS + cases.OK))
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                ("Expect", "100-Continue"), ("Content-Length", "2"), ("Content-Type", JSON)]))
            self.assertEqual(connection.interim_or_head(wire.deadline_in()).status, 100)
            connection.send(b"{}")
            reply = connection.reply("POST")
            self.assertEqual([s for s, _ in reply.interim], [103, 103])
        self.assertEqual(service.requests[0].body, b"{}")

    def test_a_client_that_does_not_wait_for_100(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            for _ in range(2):
                reply = connection.request("POST", cases.CLIENT, SMALL[0],
                                           [("Expect", "100-continue")])
                self.assertEqual(reply.status, 200)
                self.assertIn([s for s, _ in reply.interim], ([], [100]))
        self.assertEqual([r.body for r in service.requests], [SMALL[1]] * 2)

    def test_1_0_and_no_body_get_no_100(self):
        gate, _ = self.pair()
        for version, body in (("1.0", b"{}"), ("1.1", None), ("1.1", b"")):
            reply = gate.once("POST", cases.CLIENT, body, [("Expect", "100-continue")],
                              version=version)
            self.assertEqual((reply.status, reply.interim), (200, []))


class Trailers(cases.Case):
    FIELDS = [("X-Sum", "7"), ("Content-Length", "3"), ("Transfer-Encoding", "gzip"),
              ("Connection", "close"), ("X-Other", "8")]

    def ask(self, body, version="1.1"):
        head = HEAD % 200 + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        gate, _ = self.pair(upstream.always(head + wire.chunked(body, 99, self.FIELDS)))
        return gate.once("GET", cases.CLIENT, version=version)

    def test_of_a_reply_pass_but_for_framing(self):
        for client, service in (SMALL, LARGE):
            reply = self.ask(service)
            self.assertEqual((reply.body, reply.end), (client, "clean"))
            self.assertEqual(list(reply.trailers), [("X-Sum", "7"), ("X-Other", "8")])

    def test_are_not_for_1_0(self):
        reply = self.ask(SMALL[1], "1.0")
        self.assertEqual((reply.body, list(reply.trailers)), (SMALL[0], []))

    def test_of_a_request_stop(self):
        gate, service = self.pair()
        for kind in (JSON, RAW):
            for body in (SMALL[0], LARGE[0]):
                reply = gate.once("POST", cases.CLIENT, wire.chunked(body, 999, [("X-T", "1")]), [
                    ("Transfer-Encoding", "chunked"), ("Trailer", "X-T"), ("Content-Type", kind)])
                self.assertEqual(reply.status, 200)
                self.assertEqual(list(service.requests[-1].trailers), [])
                self.assertEqual(service.requests[-1].field("Trailer"), None)


class Endings(cases.Case):
    def test_the_services_close_is_not_the_clients(self):
        gate, service = self.pair(upstream.always(
            wire.reply_bytes(200, SMALL[1], [("Connection", "close")])))
        with gate.connect() as connection:
            for _ in range(3):
                reply = connection.request("GET", cases.CLIENT)
                self.assertEqual((reply.body, reply.field("Connection")), (SMALL[0], None))
        self.assertEqual(len(service.connections), 3)

    def test_the_clients_close_is_not_the_services(self):
        gate, service = self.pair(settings={"workers": 1})
        for _ in range(3):
            reply = gate.once("GET", cases.CLIENT, fields=[("Connection", "close")])
            self.assertEqual(reply.field("Connection"), "close")
        self.assertEqual(len(service.connections), 1)

    def test_connection_close_after_a_large_reply_loses_nothing(self):
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, LARGE[1] * 20, [
            ("Content-Type", RAW)])))
        with gate.connect(receive_buffer=8192) as connection:
            reply = connection.request("GET", cases.CLIENT, fields=[("Connection", "close")])
            self.assertEqual((len(reply.body), reply.end), (len(LARGE[1]) * 20, "clean"))
            self.assertEqual(connection.end(), "fin")

    def test_lingering_has_an_end(self):
        """A client that goes on sending after an error is not read for ever."""
        gate, _ = self.pair()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", "/nothing", None, [
                ("Content-Length", str(1 << 30))]))
            self.assert_error(connection.reply("POST"), 404, "ROUTE_NOT_FOUND")
            sent = 0
            try:
                while sent < 64 << 20:
                    connection.send(b"x" * 65536)
                    sent += 65536
            except OSError:
                pass
            self.assertLess(sent, 64 << 20)

    def test_half_closed_after_pipelined_requests(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT) * 5)
            connection.half_close()
            for _ in range(5):
                self.assertEqual(connection.reply().status, 200)
            self.assertEqual(connection.end(), "fin")

    def test_half_closed_1_0(self):
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, LARGE[1], framing="chunked")))
        with gate.connect() as connection:
            connection.send(f"GET {cases.CLIENT} HTTP/1.0\r\n\r\n".encode())
            connection.half_close()
            reply = connection.reply()
            self.assertEqual((reply.body, reply.end), (LARGE[0], "clean"))

    def test_half_closed_and_nothing_else_going_on(self):
        ended = threading.Event()

        def script(connection):
            connection.request()
            connection.wait_for_end()
            ended.set()

        gate, service = self.pair(script, settings={"timeouts.half_close": "300ms"})
        gate.tolerate(PROVOKED)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            connection.half_close()
            self.assertTrue(ended.wait(wire.PATIENCE), "the upstream transfer went on")
            connection.drain()

    def test_an_early_final_answer_to_a_body_without_end(self):
        """The client is still sending when the whole answer has come; it is told to stop."""
        for framing in ("Content-Length: 1000000000", "Transfer-Encoding: chunked"):
            def script(connection):
                connection.head()
                connection.send(wire.reply_bytes(413, LARGE[1]))
                connection.wait_for_end()

            gate, _ = self.pair(script)
            gate.tolerate(PROVOKED)
            with gate.connect() as connection:
                name, _, value = framing.partition(": ")
                connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                    (name, value), ("Content-Type", RAW)]) + b"400\r\n" + b"x" * 1000)
                reply = connection.reply("POST")
                self.assertEqual((reply.status, reply.body, reply.end), (413, LARGE[0], "clean"))
                self.assertEqual(reply.field("Connection"), "close")
                self.assertEqual(connection.end(), "fin")
