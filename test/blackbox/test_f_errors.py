"""Errors: the service's are translated with their status, the gateway's own have its shape."""
import threading

import cases
import dialects
import mappings
import upstream
import wire


class ServiceErrors(cases.Case):
    def test_error_bodies_are_translated_with_their_status(self):
        replies = {}
        service = self.upstream(upstream.always(lambda r: replies[r.target[-3:]]))
        gate = self.gateway(service, mapping=mappings.EVERYTHING)
        client, sent = dialects.both(
            '{"ok":false,"error":{"code":"<DATA_PRODUCT_NOT_FOUND|WORKSPACE_NOT_FOUND>","message":"@",'
            '"details":{"<dataProductId|workspaceId>":"x"}}}')
        sent = sent.replace(b"@", b"Workspace x (my workspace_1) not found in workspaces: workspaceId")
        client = client.replace(
            b"@", b"Data product x (my workspace_1) not found in data products: dataProductId")
        for status in (400, 401, 403, 404, 409, 412, 422, 429, 500, 502, 503, 504):
            with self.subTest(status):
                replies[str(status)] = wire.reply_bytes(status, sent, [("Retry-After", "7")])
                reply = gate.once("GET", f"{cases.CLIENT}?s={status}")
                self.assertEqual((reply.status, reply.body, reply.end), (status, client, "clean"))
                self.assertEqual(reply.field("Retry-After"), "7")

    def test_error_that_is_no_json_keeps_its_status(self):
        """A JSON type with a broken body: the status stays, the body is ours."""
        gate, _ = self.pair(upstream.always(wire.reply_bytes(503, b"<html>workspace</html>")))
        gate.tolerate("UPSTREAM_INVALID")
        self.assert_error(gate.once("GET", cases.CLIENT), 503, "UPSTREAM_INVALID")

    def test_html_error_passes(self):
        html = b"<html>bad gateway</html>"
        gate, _ = self.pair(upstream.always(
            wire.reply_bytes(502, html, [("Content-Type", "text/html")])))
        reply = gate.once("GET", cases.CLIENT)
        self.assertEqual((reply.status, reply.body), (502, html))


class InvalidRequests(cases.Case):
    # body, offset, line, column
    INVALID = [
        (b'{"a":1,\n "b":}', 13, 2, 6),
        (b'{"dataProductId":', 17, 1, 18),
        (b'{"a":1}"abc', 7, 1, 8),
        (b'{"a":1}{}', 7, 1, 8),
        (b'{"a":tru}', 5, 1, 6),
        (b'[1,]', 3, 1, 4),
        (b'{"a" 1}', 5, 1, 6),
        (b'[01]', None, 1, None),
        (b'["a\nb"]', None, None, None),
        (b'["\\x"]', None, 1, None),
        (b'["\\u12g4"]', None, 1, None),
        (b'[\x0c1]', 1, 1, 2),
        (b'["\xc0\xaf"]', None, 1, None),
        (b'["\xed\xa0\x80"]', None, 1, None),
        (b'["\xff"]', None, 1, None),
        (b'\xef\xbb\xbf{}', 0, 1, 1),
        (b'[' * 300 + b']' * 300, None, 1, None),
        (b'[' + b'1' * 2000 + b']', None, 1, None),
        (b'nul', None, 1, None),
        (b'{"a":1', 6, 1, 7),
        (b'["abc', 5, 1, 6),
    ]

    def test_small_invalid_json_costs_the_service_nothing(self):
        gate, service = self.pair()
        for body, offset, line, column in self.INVALID:
            for framing in ("length", "chunked"):
                with self.subTest(body=body[:40], framing=framing):
                    fields = [("Content-Type", "application/json")]
                    sent = body
                    if framing == "chunked":
                        fields.append(("Transfer-Encoding", "chunked"))
                        sent = wire.chunked(body, 3)
                    reply = gate.once("POST", cases.CLIENT, sent, fields)
                    error = self.assert_error(reply, 400, "INVALID_JSON")
                    details = error["details"]
                    for name, wanted in (("offset", offset), ("line", line), ("column", column)):
                        self.assertIsInstance(details[name], int)
                        if wanted is not None:
                            self.assertEqual(details[name], wanted, name)
        self.assertEqual(service.requests, [])

    def test_connection_is_kept_after_a_refused_body(self):
        gate, _ = self.pair()
        with gate.connect() as connection:
            for _ in range(3):
                reply = connection.request("POST", cases.CLIENT, b"{")
                self.assert_error(reply, 400, "INVALID_JSON")
            self.assertEqual(connection.request("POST", cases.CLIENT, b"{}").status, 200)

    def send_in_two(self, connection, service, request):
        """Sends REQUEST; its last bytes only when the service has heard of it."""
        connection.send(request[:-1000])
        service.wait(lambda: service.requests, "the request at the service")
        connection.send(request[-1000:])

    def test_large_invalid_json_never_completes_upstream(self):
        for framing in ("length", "chunked"):
            with self.subTest(framing):
                gate, service = self.pair()
                body = b'{"dataProductId":[' + b'"x",' * 100_000 + b"}"
                fields = [("Content-Type", "application/json")]
                if framing == "chunked":
                    fields.append(("Transfer-Encoding", "chunked"))
                with gate.connect() as connection:
                    self.send_in_two(connection, service, wire.request_bytes(
                        "POST", cases.CLIENT, wire.chunked(body) if framing == "chunked" else body,
                        fields))
                    self.assert_error(connection.reply("POST"), 400, "INVALID_JSON")
                service.wait(lambda: all(c.over.is_set() for c in service.connections),
                             "the connection's end")
                self.assertEqual(len(service.requests), 1)
                self.assertIn(service.requests[0].end, ("truncated", "reset"))
                self.assertTrue(b'{"workspaceId":['.startswith(service.requests[0].body[:16]))

    def test_conflicting_fields(self):
        gate, service = self.pair()
        for body in (b'{"dataProductId":1,"workspaceId":2}', b'{"workspaceId":2,"dataProductId":1}',
                     b'{"a":[{"workspace":2,"b":{},"dataProduct":1}]}'):
            with self.subTest(body):
                error = self.assert_error(gate.once("POST", cases.CLIENT, body), 400,
                                          "CONFLICTING_FIELDS")
                self.assertIn("dataProduct", str(error))
        for body in (b'{"workspaceId":1}', b'[{"workspaceId":1},{"dataProductId":2}]',
                     b'{"workspaceId":{"dataProductId":2}}'):
            with self.subTest(body):
                self.assertEqual(gate.once("POST", cases.CLIENT, body).status, 200)
        self.assertEqual(len(service.requests), 3)
        self.assertEqual(service.requests[0].body, b'{"workspaceId":1}')

    def test_late_conflict_aborts_the_upstream_request(self):
        gate, service = self.pair()
        body = b'{"dataProductId":1,"a":[' + b'"x",' * 100_000 + b'1],"workspaceId":2}'
        with gate.connect() as connection:
            self.send_in_two(connection, service, wire.request_bytes(
                "POST", cases.CLIENT, body, [("Content-Type", "application/json")]))
            self.assert_error(connection.reply("POST"), 400, "CONFLICTING_FIELDS")
        service.wait(lambda: service.requests[0].end is not None, "the request's end")
        self.assertIn(service.requests[0].end, ("truncated", "reset"))

    def test_too_large(self):
        gate, service = self.pair(settings={"limits.body_json": "1MiB"})
        declared = wire.request_bytes("POST", cases.CLIENT, None, [
            ("Content-Length", "1048577"), ("Content-Type", "application/json")])
        with gate.connect() as connection:
            connection.send(declared)
            self.assert_error(connection.reply("POST"), 413, "BODY_TOO_LARGE")
        self.assertEqual(service.requests, [])
        big = b'["' + b"x" * (2 << 20) + b'"]'
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                ("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]))
            connection.send(wire.chunked(big, 10_000))
            self.assert_error(connection.reply("POST"), 413, "BODY_TOO_LARGE")
        with gate.connect() as connection:
            reply = connection.request("POST", cases.CLIENT, big,
                                       [("Content-Type", "application/octet-stream")])
            self.assertEqual(reply.status, 200)

    def test_a_routes_own_limit(self):
        gate, service = self.pair(mapping=mappings.EVERYTHING)
        reply = gate.once("POST", cases.CLIENT + "/p/small", b'["' + b"x" * 2000 + b'"]')
        self.assert_error(reply, 413, "BODY_TOO_LARGE")
        self.assertEqual(gate.once("POST", cases.CLIENT + "/p/small", b"[1]").status, 200)
        self.assertEqual(len(service.requests), 1)

    def test_unknown_coding_of_a_translated_body(self):
        gate, service = self.pair()
        reply = gate.once("POST", cases.CLIENT, b"xx", [
            ("Content-Encoding", "frob"), ("Content-Type", "application/json")])
        self.assert_error(reply, 415, "UNSUPPORTED_CODING")
        self.assertEqual(service.requests, [])


class UpstreamDown(cases.Case):
    def test_nobody_listens(self):
        nobody = upstream.NoListener()
        self.addCleanup(nobody.close)
        gate = self.gateway(nobody)
        gate.tolerate("UPSTREAM_UNREACHABLE|upstream")
        with gate.connect() as connection:
            for _ in range(3):
                reply = connection.request("GET", cases.CLIENT)
                self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
                reply = connection.request("POST", cases.CLIENT, b"{}")
                self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")

    def test_slow_head_is_504(self):
        def script(connection):
            connection.request()
            connection.wait_for_end()

        gate, service = self.pair(script, settings={"timeouts.upstream_first_byte": "300ms"})
        gate.tolerate("UPSTREAM_SLOW|UPSTREAM_TIMEOUT|upstream")
        self.assert_error(gate.once("GET", cases.CLIENT), 504, "UPSTREAM_TIMEOUT")
        self.assertEqual(len(service.requests), 1)

    def test_silence_within_a_reply_truncates_it(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: 100000\r\n\r\nbegin")
            connection.wait_for_end()

        gate, _ = self.pair(script, settings={"timeouts.upstream_between_bytes": "300ms"})
        gate.tolerate("UPSTREAM_SLOW|UPSTREAM_TIMEOUT|upstream")
        reply = gate.once("GET", cases.CLIENT)
        self.assertEqual((reply.status, reply.body), (200, b"begin"))
        self.assertNotEqual(reply.end, "clean")

    def test_a_slow_client_is_not_the_upstreams_silence(self):
        """While the client does not read, the upstream's clock stands still."""
        read_on = threading.Event()
        body = b"x" * (48 << 20)

        def script(connection):
            connection.request()
            connection.send(wire.reply_bytes(200, body, [("Content-Type", "text/plain")]))

        gate, _ = self.pair(script, settings={"timeouts.upstream_between_bytes": "500ms"})
        with gate.connect(receive_buffer=65536) as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            reply = connection.head()
            read_on.wait(2)
            connection.read_body(reply, seconds=120)
            self.assertEqual((len(reply.body), reply.end), (len(body), "clean"))
