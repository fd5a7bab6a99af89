"""The client's connection: keep-alive, pipelining, HTTP/1.0, half-close, 100-continue, bad heads."""
import threading

import cases
import upstream
import wire


def numbered(request):
    return wire.reply_bytes(200, b'{"target":"%s"}' % request.target.rpartition("/")[2].encode())


class Kept(cases.Case):
    def test_many_requests_on_one_connection(self):
        gate, service = self.pair(upstream.always(numbered))
        with gate.connect() as connection:
            for number in range(50):
                reply = connection.request("GET", f"{cases.CLIENT}/{number}")
                self.assertEqual(reply.body, b'{"target":"%d"}' % number)
        self.assertEqual(len(service.connections), 1)

    def test_pipelined_requests_are_answered_in_order(self):
        gate, service = self.pair(upstream.always(numbered))
        methods = ["GET", "POST", "PATCH", "HEAD"] * 8
        burst = b"".join(wire.request_bytes(
            m, f"{cases.CLIENT}" if m == "POST" else f"{cases.CLIENT}/{n}",
            b'{"n":%d}' % n if m in ("POST", "PATCH") else None) for n, m in enumerate(methods))
        with gate.connect() as connection:
            connection.send(burst)
            for number, method in enumerate(methods):
                reply = connection.reply(method)
                self.assertEqual(reply.status, 200)
                wanted = b'{"target":"%s"}' % (b"workspaces" if method == "POST" else b"%d" % number)
                self.assertEqual(reply.body, b"" if method == "HEAD" else wanted)
        self.assertEqual([r.method for r in service.requests], methods)

    def test_pipelined_in_single_bytes(self):
        gate, _ = self.pair(upstream.always(numbered))
        burst = b"".join(wire.request_bytes("POST", cases.CLIENT, b'{"dataProductId":1}')
                         for _ in range(3))
        with gate.connect() as connection:
            connection.send(burst, cut=1)
            for _ in range(3):
                self.assertEqual(connection.reply("POST").status, 200)

    def test_bytes_behind_a_get_are_the_next_request(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT, b'{"dataProductId":1}')
                            + wire.request_bytes("GET", cases.CLIENT))
            self.assertEqual(connection.reply().status, 200)
            self.assertEqual(connection.reply().status, 200)
        self.assertEqual([r.body for r in service.requests], [b'{"workspaceId":1}', b""])

    def test_connection_close(self):
        gate, _ = self.pair()
        for value in ("close", "close, x", "x, CLOSE"):
            with self.subTest(value), gate.connect() as connection:
                reply = connection.request("GET", cases.CLIENT, fields=[("Connection", value)])
                self.assertEqual(reply.status, 200)
                self.assertEqual(connection.end(), "fin")

    def test_http_1_0(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            connection.send(f"GET {cases.CLIENT} HTTP/1.0\r\n\r\n".encode())
            reply = connection.reply()
            self.assertEqual((reply.status, reply.body), (200, b'{"ok":true}'))
            self.assertEqual(connection.end(), "fin")

    def test_http_1_0_keep_alive(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            for _ in range(2):
                reply = connection.request("GET", cases.CLIENT, version="1.0",
                                           fields=[("Connection", "keep-alive")])
                self.assertEqual((reply.status, reply.field("Connection").lower()),
                                 (200, "keep-alive"))

    def test_http_1_0_gets_no_chunks(self):
        body = b'{"workspaceId":"' + b"x" * 50_000 + b'"}'
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, body, framing="chunked", size=999)))
        with gate.connect() as connection:
            reply = connection.request("GET", cases.CLIENT, version="1.0",
                                       fields=[("Connection", "keep-alive")])
            self.assertEqual((reply.framing, reply.end), ("close", "clean"))
            self.assertEqual(reply.body, body.replace(b"workspaceId", b"dataProductId"))

    def test_half_closed_client_gets_its_reply(self):
        go_on = threading.Event()

        def script(connection):
            connection.request()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(wire.reply_bytes(200, b'{"workspaceId":1}'))

        gate, service = self.pair(script)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, b'{"dataProductId":1}'))
            connection.half_close()
            service.wait_requests(1)
            self.assertTrue(connection.quiet())
            go_on.set()
            reply = connection.reply("POST")
            self.assertEqual((reply.body, reply.end), (b'{"dataProductId":1}', "clean"))
            self.assertEqual(connection.end(), "fin")

    def test_half_closed_within_the_request_reaches_nobody(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, b"{}")[:-1])
            connection.half_close()
            connection.drain()
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertEqual([r.method for r in service.requests], ["GET"])


class Expect(cases.Case):
    def expecting(self, target, length=2, value="100-continue"):
        return wire.request_bytes("POST", target, None, [
            ("Expect", value), ("Content-Length", str(length)),
            ("Content-Type", "application/json")])

    def test_100_continue(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            connection.send(self.expecting(cases.CLIENT))
            interim = connection.interim_or_head(wire.deadline_in())
            self.assertEqual((interim.status, list(interim.fields)), (100, []))
            connection.send(b"{}")
            self.assertEqual(connection.reply("POST").status, 200)
        self.assertEqual(service.requests[0].body, b"{}")
        self.assertEqual(service.requests[0].field("Expect"), None)

    def test_no_100_where_nobody_wants_the_body(self):
        gate, service = self.pair()
        for target, length, status in (("/nothing", 2, 404), (cases.CLIENT + "/p", 2, 405),
                                       (cases.CLIENT, 1 << 40, 413)):
            with self.subTest(target), gate.connect() as connection:
                connection.send(self.expecting(target, length))
                reply = connection.reply("POST")
                self.assertEqual((reply.status, reply.interim), (status, []))
                self.assertEqual(connection.end(), "fin")
        self.assertEqual(service.requests, [])

    def test_other_expectations_are_417(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            connection.send(self.expecting(cases.CLIENT, 2, "200-ok"))
            self.assert_error(connection.reply("POST"), 417, "EXPECTATION_FAILED")


class Heads(cases.Case):
    GET = b"GET " + cases.CLIENT.encode() + b" HTTP/1.1\r\nHost: x\r\n"
    POST = b"POST " + cases.CLIENT.encode() + b" HTTP/1.1\r\nHost: x\r\n"
    REFUSED = [
        ("bare LF", b"GET / HTTP/1.1\nHost: x\n\n", 400),
        ("bare CR", GET + b"X: a\rb\r\n\r\n", 400),
        ("space before colon", GET + b"X : a\r\n\r\n", 400),
        ("space before first field", b"GET / HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n", 400),
        ("obs-fold", GET + b"X: a\r\n b\r\n\r\n", 400),
        ("empty name", GET + b": a\r\n\r\n", 400),
        ("NUL in value", GET + b"X: a\0b\r\n\r\n", 400),
        ("both framings", POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
        ("two lengths", POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        ("equal lengths", POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("list of lengths", POST + b"Content-Length: 2, 2\r\n\r\n{}", 400),
        ("sign", POST + b"Content-Length: +2\r\n\r\n{}", 400),
        ("overflow", POST + b"Content-Length: 99999999999999999999\r\n\r\n{}", 400),
        ("Content-Length :", POST + b"Content-Length : 2\r\n\r\n{}", 400),
        ("other coding", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding identity", POST + b"Transfer-Encoding: identity\r\n\r\n", 400),
        ("chunked twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding in 1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", GET + b"Host: x\r\n\r\n", 400),
        ("bad Host", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("version 2", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("TRACE", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("CONNECT", b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("unknown method", b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("long line", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ("large head", GET + b"X: " + b"a" * 40000 + b"\r\n\r\n", 431),
        ("many fields", GET + b"X: a\r\n" * 150 + b"\r\n", 431),
        ("two spaces", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ]

    def test_refused_heads(self):
        gate, service = self.pair()
        smuggled = wire.request_bytes("GET", cases.CLIENT + "/smuggled")
        for name, head, status in self.REFUSED:
            with self.subTest(name), gate.connect() as connection:
                connection.send(head + smuggled)
                reply = connection.reply()
                self.assertEqual((reply.status, reply.end), (status, "clean"))
                self.assertEqual(reply.json()["ok"], False)
                self.assertEqual(connection.end(), "fin")
        self.assertEqual(service.requests, [])

    def test_one_empty_line_before_a_request_is_skipped(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            connection.send(b"\r\n" + wire.request_bytes("GET", cases.CLIENT))
            self.assertEqual(connection.reply().status, 200)

    def test_bad_chunks(self):
        gate, service = self.pair()
        for name, body in (("no hex", b"zz\r\n"), ("sign", b"+2\r\n{}\r\n0\r\n\r\n"),
                           ("0x", b"0x2\r\n{}\r\n0\r\n\r\n"), ("space", b" 2\r\n{}\r\n0\r\n\r\n"),
                           ("no CRLF", b"2\r\n{}0\r\n\r\n"), ("bare LF", b"2\n{}\r\n0\r\n\r\n"),
                           ("huge", b"fffffffffffffffff\r\n"),
                           ("endless line", b"2;" + b"a" * 5000)):
            with self.subTest(name), gate.connect() as connection:
                connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                    ("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]) + body)
                self.assert_error(connection.reply("POST"), 400, "BAD_REQUEST")
                self.assertEqual(connection.end(), "fin")
        self.assertEqual(service.requests, [])

    def test_chunk_extensions_and_trailers_are_legal(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                ("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")])
                + b'2;a=b;c="d"\r\n{}\r\n0;z\r\nX-T: 1\r\n\r\n')
            self.assertEqual(connection.reply("POST").status, 200)
        self.assertEqual(service.requests[0].body, b"{}")

    def test_slow_head_is_408(self):
        gate, _ = self.pair(settings={"timeouts.request_head": "300ms"})
        with gate.connect() as connection:
            connection.send(self.GET)
            self.assert_error(connection.reply(), 408, "REQUEST_TIMEOUT")
            self.assertEqual(connection.end(), "fin")

    def test_stalled_body_is_408(self):
        gate, service = self.pair(settings={"timeouts.request_body": "300ms"})
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, b"{}")[:-1])
            self.assert_error(connection.reply("POST"), 408, "REQUEST_TIMEOUT")
        self.assertEqual(service.requests, [])

    def test_idle_connection_is_closed(self):
        gate, _ = self.pair(settings={"timeouts.keep_alive": "300ms"})
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
            self.assertEqual(connection.end(), "fin")

    def test_websocket_is_501(self):
        gate, service = self.pair()
        reply = gate.once("GET", cases.CLIENT,
                          fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")])
        self.assert_error(reply, 501, "NOT_IMPLEMENTED")
        self.assertEqual(service.requests, [])

    def test_an_early_error_survives_the_rest_of_the_body(self):
        """The client keeps sending after the error; a reset must not destroy it."""
        gate, _ = self.pair()
        body = b"x" * 600_000
        for _ in range(20):
            with gate.connect() as connection:
                connection.send(wire.request_bytes("POST", "/nothing", body))
                self.assert_error(connection.reply("POST"), 404, "ROUTE_NOT_FOUND")
