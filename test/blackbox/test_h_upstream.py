"""The service's side of the wire: replies that break rules, connections that break."""
import threading

import cases
import upstream
import wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PROVOKED = "(?i)upstream"


class Malformed(cases.Case):
    # A reply that RFC 9112 forbids in its head: 502, always.
    HEADS = [
        ("two lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
        ("equal lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        ("list of lengths", HEAD + b"Content-Length: 2, 2\r\n\r\n{}"),
        ("3abc", HEAD + b"Content-Length: 3abc\r\n\r\n{ }"),
        ("+3", HEAD + b"Content-Length: +3\r\n\r\n{ }"),
        ("-1", HEAD + b"Content-Length: -1\r\n\r\n{}"),
        ("empty length", HEAD + b"Content-Length:\r\n\r\n{}"),
        ("overflow", HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}"),
        ("both framings", HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 b"2\r\n{}\r\n0\r\n\r\n"),
        ("coding gzip", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("coding identity", HEAD + b"Transfer-Encoding: identity\r\n\r\n{}"),
        ("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
        ("bare LF in a field", b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\n{}"),
        ("obs-fold", HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
        ("no colon", HEAD + b"frob\r\nContent-Length: 2\r\n\r\n{}"),
        ("space before colon", HEAD + b"X : a\r\nContent-Length: 2\r\n\r\n{}"),
        ("NUL", HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
        ("no HTTP", b"220 ready\r\n\r\n"),
        ("HTTP/0.9", b'{"ok":true}'),
        ("short status", b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}"),
        ("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
        ("many 100s", b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + HEAD + b"Content-Length: 2\r\n\r\n{}"),
        ("many fields", HEAD + b"X: a\r\n" * 300 + b"Content-Length: 2\r\n\r\n{}"),
        ("large head", HEAD + b"X: " + b"a" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}"),
        ("half a status line", b"HTT"),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-"),
    ]
    # Wrong in the body: 502, or a reply that does not end cleanly.
    BODIES = [
        ("no hex", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        ("sign", HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n"),
        ("bare LF", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n"),
        ("no CRLF", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n"),
        ("no last chunk", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        ("cut chunk", HEAD + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{}"),
        ("cut length", HEAD + b"Content-Length: 20\r\n\r\n{}"),
        ("invalid JSON", HEAD + b"Content-Length: 5\r\n\r\n{\"a\":"),
        ("invalid JSON in chunks", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{]\r\n0\r\n\r\n"),
    ]

    def try_all(self, rows, accept):
        """Each of ROWS once, then a good request on the same client connection if it is kept."""
        state = {"reply": None}

        def script(connection):
            while True:
                connection.request(seconds=3600)
                if state["reply"] is None:
                    connection.send(cases.OK)
                    continue
                reply, state["reply"] = state["reply"], None
                connection.send(reply)
                connection.half_close()
                connection.wait_for_end()
                return

        gate, service = self.pair(script, settings={"timeouts.upstream_first_byte": "5s"})
        gate.tolerate(PROVOKED)
        for name, bad in rows:
            with self.subTest(name):
                state["reply"] = bad
                with gate.connect() as connection:
                    accept(connection.request("GET", cases.CLIENT, fields=[("X-Row", name)]))
                before = len(service.requests)
                self.assertEqual(gate.once("GET", cases.CLIENT).body, b'{"ok":true}')
                self.assertEqual(len(service.requests), before + 1)

    def test_forbidden_heads_are_502(self):
        def accept(reply):
            self.assertEqual(reply.status, 502, reply)
            code = reply.json()["error"]["code"]
            self.assertIn(code, ("UPSTREAM_INVALID", "UPSTREAM_UNREACHABLE"))
            self.assert_error(reply, 502, code)
        self.try_all(self.HEADS, accept)

    def test_forbidden_bodies_never_end_cleanly(self):
        def accept(reply):
            if reply.status != 502:
                self.assertEqual(reply.status, 200)
                self.assertNotEqual(reply.end, "clean", reply)
        self.try_all(self.BODIES, accept)

    def test_connection_of_a_malformed_reply_is_not_reused(self):
        replies = [HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", cases.OK]
        gate, service = self.pair(upstream.answers(*replies))
        gate.tolerate(PROVOKED)
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 502)
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
        self.assertEqual(len(service.connections), 2)

    def test_interim_replies_are_swallowed_and_103_passed_on(self):
        gate, _ = self.pair(upstream.always(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: 1\r\n\r\n"
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + cases.OK))
        reply = gate.once("GET", cases.CLIENT)
        self.assertEqual((reply.status, reply.body), (200, b'{"ok":true}'))
        self.assertEqual([s for s, _ in reply.interim], [103])
        self.assertEqual(reply.field("X"), None)


class Fields(cases.Case):
    def test_trailers_pass(self):
        body = wire.chunked(b"[" + b"1," * 20_000 + b"1]", 999, [("X-Sum", "7")])
        gate, _ = self.pair(upstream.always(
            HEAD + b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + body))
        reply = gate.once("GET", cases.CLIENT)
        self.assertEqual((reply.end, list(reply.trailers)), ("clean", [("X-Sum", "7")]))

    def test_what_translation_makes_untrue_is_removed(self):
        untrue = [("Content-MD5", "x"), ("Digest", "x"), ("Content-Digest", "x"),
                  ("Repr-Digest", "x"), ("Accept-Ranges", "bytes"), ("Deprecation", "@1"),
                  ("Sunset", "x")]
        gate, service = self.pair(upstream.always(
            wire.reply_bytes(200, b'{"workspaceId":1}', untrue)))
        reply = gate.once("POST", cases.CLIENT, b'{"dataProductId":1}', untrue[:4] + [
            ("Range", "bytes=0-1"), ("Accept-Encoding", "gzip")])
        for name, _ in untrue:
            self.assertEqual(reply.field(name), None, name)
        for name in ("Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Range"):
            self.assertEqual(service.requests[0].field(name), None, name)
        self.assertEqual(service.requests[0].field("Accept-Encoding"), "gzip, br, zstd, deflate")


class Connections(cases.Case):
    def test_upstream_connections_are_reused(self):
        gate, service = self.pair()
        with gate.connect() as connection:
            for _ in range(20):
                self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
        self.assertEqual(len(service.connections), 1)

    def poison(self, poison, method="GET", body=None, at_once=False):
        """
        What a client gets when POISON came on the idle kept connection before
        its request; AT_ONCE: the gateway sleeps and finds both when it wakes.
        """
        poisoned, go_on = threading.Event(), threading.Event()

        def script(connection):
            connection.request()
            connection.send(wire.reply_bytes(200, b'{"from":%d}' % connection.number))
            if connection.number == 0:
                self.assertTrue(go_on.wait(wire.PATIENCE))
                if poison:
                    connection.send(poison)
                else:
                    connection.half_close()
                poisoned.set()
            connection.wait_for_end(seconds=3600)

        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", cases.CLIENT).body, b'{"from":0}')
            if at_once:
                gate.freeze()
                connection.send(wire.request_bytes(method, cases.CLIENT, body))
            go_on.set()
            self.assertTrue(poisoned.wait(wire.PATIENCE))
            if at_once:
                gate.thaw()
            else:
                connection.send(wire.request_bytes(method, cases.CLIENT, body))
            reply = connection.reply(method)
        return reply, service

    def test_poisoned_connection_is_never_used(self):
        evil = wire.reply_bytes(200, b'{"from":"evil"}')
        for method, body, at_once in (("GET", None, False), ("POST", b"{}", False),
                                      ("POST", b"", False), ("GET", None, True),
                                      ("POST", b"{}", True)):
            with self.subTest(f"{method} {body} {at_once}"):
                reply, service = self.poison(evil, method, body, at_once)
                self.assertEqual((reply.status, reply.body), (200, b'{"from":1}'))
                self.assertEqual(len(service.requests), 2)

    def test_connection_closed_while_idle_is_never_used(self):
        for method, body in (("GET", None), ("POST", b"{}"), ("POST", b"")):
            with self.subTest(f"{method} {body}"):
                reply, service = self.poison(None, method, body)
                self.assertEqual((reply.status, reply.body), (200, b'{"from":1}'))
                self.assertEqual(len(service.requests), 2)

    def test_excess_bytes_after_a_reply_are_not_the_next_one(self):
        evil = wire.reply_bytes(200, b'{"from":"evil"}')
        for framing in ("length", "chunked"):
            with self.subTest(framing):
                def script(connection, framing=framing):
                    connection.request()
                    connection.send(wire.reply_bytes(200, b'{"from":%d}' % connection.number,
                                                     framing=framing) + evil)
                    connection.wait_for_end(seconds=3600)

                gate, _ = self.pair(script)
                gate.tolerate(PROVOKED)
                with gate.connect() as connection:
                    for number in range(3):
                        reply = connection.request("GET", cases.CLIENT)
                        if reply.status == 200:
                            self.assertEqual(reply.body, b'{"from":%d}' % number)

    def dying(self, method, body, how):
        """The kept connection dies when the second request has arrived on it."""
        def script(connection):
            connection.request()
            if connection.number == 0:
                connection.send(wire.reply_bytes(200, b'{"from":0}'))
                connection.request()
                if how == "reset":
                    connection.reset()
                return
            connection.send(wire.reply_bytes(200, b'{"from":1}'))
            connection.wait_for_end(seconds=3600)

        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        target = cases.CLIENT if method in ("GET", "POST") else cases.CLIENT + "/p"
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", cases.CLIENT).body, b'{"from":0}')
            reply = connection.request(method, target, body)
        return reply, [r.method for r in service.requests]

    def test_a_post_is_never_sent_twice(self):
        for method in ("POST", "PATCH"):
            for body in (b"", b'{"a":1}', b'"' + b"x" * 200_000 + b'"'):
                for how in ("fin", "reset"):
                    with self.subTest(f"{method} {len(body)} {how}"):
                        reply, seen = self.dying(method, body, how)
                        self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
                        self.assertEqual(seen, ["GET", method])

    def test_an_idempotent_request_is_sent_again(self):
        for method, body in (("GET", None), ("DELETE", None), ("DELETE", b'{"dataProductId":1}')):
            for how in ("fin", "reset"):
                with self.subTest(f"{method} {body} {how}"):
                    reply, seen = self.dying(method, body, how)
                    self.assertEqual((reply.status, reply.body), (200, b'{"from":1}'))
                    self.assertEqual(seen, ["GET", method, method])

    def test_but_not_a_body_that_streamed(self):
        reply, seen = self.dying("DELETE", b'"' + b"x" * 200_000 + b'"', "fin")
        self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual(seen, ["GET", "DELETE"])


class CutReplies(cases.Case):
    """The service goes away within its reply: the client never sees a clean end."""

    def cut(self, framing, how, version="1.1", size=300_000):
        body = b'{"workspaceId":"' + b"x" * size + b'"}'
        whole = wire.reply_bytes(200, body, framing=framing, size=9000)

        def script(connection):
            connection.request()
            connection.send(whole[:len(whole) // 2])
            if how == "reset":
                self.assertTrue(seen.wait(wire.PATIENCE))
                connection.reset()

        seen = threading.Event()
        gate, _ = self.pair(script)
        gate.tolerate(PROVOKED)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT, version=version))
            reply = connection.head()
            seen.set()
            connection.read_body(reply)
        return reply, body.replace(b"workspaceId", b"dataProductId")

    def test_cut_replies(self):
        for framing in ("length", "chunked"):
            for how in ("fin", "reset"):
                for version in ("1.1", "1.0"):
                    with self.subTest(f"{framing} {how} {version}"):
                        reply, body = self.cut(framing, how, version)
                        self.assertEqual(reply.status, 200)
                        self.assertIn(reply.end, ("truncated", "reset"))
                        if version == "1.0":
                            self.assertEqual(reply.end, "reset")
                        self.assertTrue(body.startswith(reply.body))

    def test_a_close_delimited_reply_ends_cleanly_only_if_it_is_whole_json(self):
        whole = b'{"workspaceId":"' + b"x" * 100_000 + b'"}'
        for body, clean in ((whole, True), (whole[:-1], False)):
            with self.subTest(clean):
                gate, _ = self.pair(upstream.always(wire.reply_bytes(200, body, framing="close")))
                gate.tolerate(PROVOKED)
                reply = gate.once("GET", cases.CLIENT)
                self.assertEqual(reply.end == "clean", clean)

    def test_a_short_reply_cut_before_anything_left_is_502(self):
        gate, _ = self.pair(upstream.always(
            HEAD + b"Content-Length: 20\r\nConnection: close\r\n\r\n{\"a\":1"))
        gate.tolerate(PROVOKED)
        reply = gate.once("GET", cases.CLIENT)
        self.assert_error(reply, 502, reply.json()["error"]["code"])


class EarlyAnswers(cases.Case):
    """The service answers while the client is still sending, and the client pauses."""

    def early(self, status, framing, media, keep=True):
        def script(connection):
            request = connection.head()
            connection.source.more(wire.deadline_in())
            connection.send(wire.reply_bytes(
                status, b'{"workspaceId":1}', [] if keep else [("Connection", "close")]))
            try:
                connection.body(request)
                bodies.append(request)
                connection.wait_for_end(seconds=3600)
            except upstream.Gone:
                cut.append(request)

        bodies, cut = [], []
        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        start = b'["' + b"x" * 200_000
        rest = b"y" * 200_000 + b'"]'
        fields = [("Content-Type", media)]
        if framing == "chunked":
            fields.append(("Transfer-Encoding", "chunked"))
        else:
            fields.append(("Content-Length", str(len(start) + len(rest))))
        with gate.connect() as connection:
            head = wire.request_bytes("POST", cases.CLIENT, None, fields)
            if framing == "chunked":
                connection.send(head + b"%x\r\n" % len(start) + start + b"\r\n")
            else:
                connection.send(head + start)
            reply = connection.reply("POST")
            self.assertEqual((reply.status, reply.body, reply.end),
                             (status, b'{"dataProductId":1}', "clean"))
            try:
                if framing == "chunked":
                    connection.send(b"%x\r\n" % len(rest) + rest + b"\r\n0\r\n\r\n")
                else:
                    connection.send(rest)
                self.next_request(connection)
            except (ConnectionError, wire.NoReply):
                pass
        # What the service has taken for a whole body must have been one.
        for request in bodies:
            self.assertEqual(request.body, start + rest)
        self.assertEqual(gate.once("GET", "/nothing").status, 404)
        return service

    @staticmethod
    def next_request(connection):
        """The connection works on, or has ended; nothing else."""
        connection.send(wire.request_bytes("GET", "/nothing"))
        assert connection.reply().status == 404

    def test_early_answers_arrive_whole_while_the_client_pauses(self):
        for status in (200, 302, 400, 413, 503):
            for framing in ("length", "chunked"):
                for media in ("application/json", "application/octet-stream"):
                    for keep in (True, False):
                        with self.subTest(f"{status} {framing} {media} keep={keep}"):
                            self.early(status, framing, media, keep)
