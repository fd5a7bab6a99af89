"""Limits: what is just within each passes, one more gets what is documented for it."""
import gzip
import threading
import zlib

import cases
import edges
import mappings
import upstream
import wire
from edges import CHUNKED, JSON, RAW, edge, text_of

MULTIPART = ("Content-Type", "multipart/form-data; boundary=b")
TARGETS = {"raw": cases.CLIENT + "/p/raw", "passthrough": cases.SERVICE + "/p",
           "small": cases.CLIENT + "/p/small"}


class RequestHeads(edges.Case):
    @edge("limits.request_line")
    def test_request_line(self):
        gate, service = self.limited(request_line=200)
        room = 200 - len(f"GET {cases.CLIENT}? HTTP/1.1")
        for cut in (None, 1):
            for more in (0, 1):
                target = cases.CLIENT + "?" + "q" * (room + more)
                reply = gate.once("GET", target, cut=cut)
                if more:
                    self.assert_error(reply, 414, "URI_TOO_LONG")
                else:
                    self.assert_passes(reply)
        self.assertEqual(len(service.requests), 2)

    @edge("limits.request_head")
    def test_request_head(self):
        gate, service = self.limited(request_head=512, request_line=256)
        bare = len(wire.request_bytes("GET", cases.CLIENT, fields=[("X-Pad", "")]))
        for cut in (None, 1):
            for more in (0, 1):
                reply = gate.once("GET", cases.CLIENT, cut=cut,
                                  fields=[("X-Pad", "x" * (512 - bare + more))])
                if more:
                    self.assert_error(reply, 431, "HEADERS_TOO_LARGE")
                else:
                    self.assert_passes(reply)
        self.assertEqual(len(service.requests), 2)

    @edge("limits.request_fields")
    def test_request_fields(self):
        gate, service = self.limited(request_fields=12)
        for count in (12, 13):
            reply = gate.once("GET", cases.CLIENT, fields=[("X", "1")] * (count - 1))
            if count == 12:
                self.assert_passes(reply)
            else:
                self.assert_error(reply, 431, "HEADERS_TOO_LARGE")
        self.assertEqual(len(service.requests), 1)


class RequestBodies(edges.Case):
    TRANSLATED = {
        "application/json": lambda n: text_of(n),
        "application/x-ndjson": lambda n: text_of(n - 1) + b"\n",
        "application/json-seq": lambda n: b"\x1e" + text_of(n - 2) + b"\n",
        "application/x-www-form-urlencoded": lambda n: b"a=" + b"x" * (n - 2),
    }

    def part(self, length):
        """A multipart body of LENGTH bytes."""
        head = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
        return head + b"x" * (length - len(head) - 9) + b"\r\n--b--\r\n"

    @edge("limits.body_json")
    def test_a_translated_body(self):
        gate, service = self.limited(body_json=200)
        for media, make in self.TRANSLATED.items():
            kind = ("Content-Type", media)
            for framing in ("length", "chunked", "bytes"):
                with self.subTest(f"{media} {framing}"):
                    before = len(service.requests)
                    self.assert_passes(self.post(gate, make(200), kind, framing))
                    self.assertEqual(service.requests[-1].body, make(200))
                    self.assert_error(self.post(gate, make(201), kind, framing),
                                      413, "BODY_TOO_LARGE")
                    if framing == "length" or "json-" not in media and "nd" not in media:
                        self.assertEqual(len(service.requests), before + 1)
        self.assert_passes(self.post(gate, b"x" * 2000, RAW))

    @edge("limits.body_json")
    def test_a_coded_body_counts_decoded(self):
        gate, service = self.limited(body_json=5000)
        for length in (5000, 5001):
            reply = self.post(gate, gzip.compress(text_of(length)),
                              fields=[("Content-Encoding", "gzip")])
            if length == 5000:
                self.assert_passes(reply)
            else:
                self.assert_error(reply, 413, "BODY_TOO_LARGE")
        self.assertEqual([r.body for r in service.requests], [text_of(5000)])

    @edge("limits.body_other")
    def test_any_other_body(self):
        gate, service = self.limited(body_other=300, mapping=mappings.EVERYTHING)
        bodies = [(RAW, cases.CLIENT, lambda n: b"x" * n), (MULTIPART, cases.CLIENT, self.part),
                  (JSON, TARGETS["raw"], text_of), (JSON, TARGETS["passthrough"], text_of)]
        for kind, target, make in bodies:
            for framing in ("length", "chunked", "bytes"):
                with self.subTest(f"{kind[1]} {target} {framing}"):
                    before = len(service.requests)
                    self.assert_passes(self.post(gate, make(300), kind, framing, target))
                    self.assertEqual(service.requests[before].body, make(300))
                    self.assert_error(self.post(gate, make(301), kind, framing, target),
                                      413, "BODY_TOO_LARGE")
                    if framing == "length":
                        self.assertEqual(len(service.requests), before + 1)
        self.assert_passes(self.post(gate, text_of(3000)))

    def test_a_route_of_its_own(self):
        """max_body of a route stands above both settings, be it more or less."""
        for limits in ({"body_json": 100, "body_other": 100}, {}):
            gate, service = self.limited(mapping=mappings.EVERYTHING, **limits)
            for kind, make in ((JSON, text_of), (RAW, lambda n: b"x" * n)):
                for framing in ("length", "chunked"):
                    with self.subTest(f"{kind[1]} {framing}"):
                        target = TARGETS["small"]
                        self.assert_passes(self.post(gate, make(1024), kind, framing, target))
                        self.assert_error(self.post(gate, make(1025), kind, framing, target),
                                          413, "BODY_TOO_LARGE")

    def test_what_streamed_already_never_looks_whole(self):
        ended = []

        def script(connection):
            request = connection.head()
            try:
                connection.body(request)
            except upstream.Gone:
                pass
            ended.append(request.end)

        gate, service = self.limited(script, body_json=1000, request_buffer=10)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [JSON, CHUNKED])
                            + b"3e8\r\n" + text_of(1001)[:-1])
            service.wait_requests(1)
            connection.send(b"\r\n1\r\n\"\r\n0\r\n\r\n")
            self.assert_error(connection.reply("POST"), 413, "BODY_TOO_LARGE")
        service.wait(lambda: ended, "the end of the upload")
        self.assertNotIn("clean", ended)

    @edge("limits.request_buffer")
    def test_held_whole_or_streamed(self):
        gate, service = self.limited(request_buffer=100)
        for framing in ("length", "chunked", "bytes"):
            for length, up in ((100, ("length", 100)), (101, ("chunked", None))):
                with self.subTest(f"{framing} {length}"):
                    self.assert_passes(self.post(gate, text_of(length), framing=framing))
                    request = service.requests[-1]
                    self.assertEqual((request.framing, request.length), up)
                    self.assertEqual(request.body, text_of(length))

    @edge("limits.request_buffer")
    def test_what_is_held_costs_the_service_nothing_before_its_end(self):
        gate, service = self.limited(request_buffer=100)
        with gate.connect() as connection:
            whole = wire.request_bytes("POST", cases.CLIENT, text_of(100))
            connection.send(whole[:-1])
            self.assertTrue(connection.quiet())
            self.assertEqual(service.connections, [])
            connection.send(whole[-1:])
            self.assert_passes(connection.reply("POST"))
            whole = wire.request_bytes("POST", cases.CLIENT, text_of(102))
            connection.send(whole[:-1])
            service.wait_requests(2)
            connection.send(whole[-1:])
            self.assert_passes(connection.reply("POST"))

    @edge("limits.decoded_ratio")
    def test_decoded_ratio_of_a_request(self):
        for ratio in (20, 19):
            gate, service = self.limited(decoded_ratio=ratio)
            plain, coded = inflated(20)
            reply = self.post(gate, coded, fields=[("Content-Encoding", "gzip")])
            if ratio == 20:
                self.assert_passes(reply)
                self.assertEqual(service.requests[0].body, plain)
            else:
                self.assert_error(reply, 413, "BODY_TOO_LARGE")


def inflated(ratio):
    """(plain, coded): a JSON text of more than 1 MiB in gzip that is all but RATIO times as short."""
    plain = b"[" + b" " * (3 << 19) + b"]"
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = coder.compress(plain) + coder.flush()
    end = zlib.crc32(plain).to_bytes(4, "little") + len(plain).to_bytes(4, "little")
    # A file name as long as it takes, before all that is coded.
    name = len(plain) // ratio + 64 - len(body)
    return plain, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * name + b"\0" + body + end


class Chunks(edges.Case):
    def line(self, length):
        """A chunk line of LENGTH bytes, its end included, for a chunk of 2."""
        return b"2;" + b"e" * (length - 4) + b"\r\n"

    def trailers(self, length):
        """A trailer section of LENGTH bytes, its empty line included."""
        return b"X-T: " + b"t" * (length - 9) + b"\r\n\r\n"

    def send(self, gate, body):
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [JSON, CHUNKED]) + body)
            return connection.reply("POST")

    def reply_of(self, body):
        return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n" + body)

    def try_edge(self, limit, length, make):
        replies = {}
        gate, service = self.limited(upstream.always(
            lambda r: replies.pop("next", cases.OK)), **{limit: length})
        self.assert_passes(self.send(gate, make(length)))
        self.assert_error(self.send(gate, make(length + 1)), 400, "BAD_REQUEST")
        self.assertEqual([r.body for r in service.requests], [b"{}"])
        replies["next"] = self.reply_of(make(length))
        reply = gate.once("GET", cases.CLIENT)
        self.assert_passes(reply)
        self.assertEqual(reply.body, b"{}")
        replies["next"] = self.reply_of(make(length + 1))
        self.assert_cut_or_502(gate.once("GET", cases.CLIENT))

    @edge("limits.chunk_line")
    def test_chunk_line(self):
        self.try_edge("chunk_line", 64, lambda n: self.line(n) + b"{}\r\n0\r\n\r\n")
        self.try_edge("chunk_line", 64, lambda n: b"2\r\n{}\r\n0" + self.line(n)[1:] + b"\r\n")

    @edge("limits.trailers")
    def test_trailers(self):
        self.try_edge("trailers", 100, lambda n: b"2\r\n{}\r\n0\r\n" + self.trailers(n))


class Json(edges.Case):
    def try_edge(self, limit, value, make):
        """MAKE(VALUE) passes up and down, MAKE(VALUE + 1) doesn't."""
        reply = {}
        gate, service = self.limited(
            upstream.always(lambda r: wire.reply_bytes(200, make(reply["of"]), **reply["how"])),
            mapping=mappings.EVERYTHING, **{limit: value})
        reply.update(of=value, how={})
        self.assert_passes(self.post(gate, make(value)))
        self.assertEqual(service.requests[-1].body, make(value))
        self.assert_error(self.post(gate, make(value + 1)), 400, "INVALID_JSON")
        self.assertEqual(len(service.requests), 1)
        for how in ({}, {"framing": "chunked", "size": 1}):
            reply.update(of=value, how=how)
            passed = gate.once("GET", cases.CLIENT)
            self.assert_passes(passed)
            self.assertEqual(passed.body, make(value))
            reply.update(of=value + 1)
            refused = gate.once("GET", cases.CLIENT)
            if not how:
                self.assert_error(refused, 502, "UPSTREAM_INVALID")
            self.assert_cut_or_502(refused)

    @edge("limits.json_depth")
    def test_json_depth(self):
        self.try_edge("json_depth", 7, lambda n: b"[" * n + b"]" * n)
        self.try_edge("json_depth", 7, lambda n: b'{"a":' * n + b"1" + b"}" * n)

    @edge("limits.json_number")
    def test_json_number(self):
        self.try_edge("json_number", 30, lambda n: b"[" + b"1" * n + b"]")
        self.try_edge("json_number", 30, lambda n: b"-" + b"1" * (n - 3) + b".5")

    def linked(self, path, length):
        """A document with a link below PATH of LENGTH bytes."""
        return b'{"links":{"a":"%s"}}' % (path + "/").ljust(length, "x").encode()

    @edge("limits.json_value")
    def test_json_value(self):
        """A longer value than may be held passes as it is."""
        reply = {}
        gate, service = self.limited(upstream.always(lambda r: reply["next"]),
                                     mapping=mappings.EVERYTHING, json_value=200)
        for length, renamed in ((200, True), (201, False)):
            for framing in ("length", "bytes"):
                with self.subTest(f"{length} {framing}"):
                    reply["next"] = wire.reply_bytes(200, self.linked(cases.SERVICE, length))
                    sent = self.linked(cases.CLIENT, length)
                    got = self.post(gate, sent, framing=framing)
                    self.assert_passes(got)
                    bodies = [(sent, service.requests[-1].body, b"data-products", b"workspaces"),
                              (self.linked(cases.SERVICE, length), got.body, b"workspaces",
                               b"data-products")]
                    for was, became, old, new in bodies:
                        self.assertEqual(became, was.replace(old, new) if renamed else was)


class Replies(edges.Case):
    def padded(self, length):
        """A reply whose head has LENGTH bytes, the empty line included."""
        bare = len(wire.reply_bytes(200, b"", [("X-Pad", "")]))
        return wire.reply_bytes(200, b"", [("X-Pad", "x" * (length - bare))])

    @edge("limits.response_head")
    def test_response_head(self):
        gate, _ = self.limited(upstream.answers(self.padded(400), self.padded(401), cases.OK),
                               response_head=400)
        self.assert_passes(gate.once("GET", cases.CLIENT))
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_INVALID")
        self.assert_passes(gate.once("GET", cases.CLIENT))

    @edge("limits.response_fields")
    def test_response_fields(self):
        replies = [wire.reply_bytes(200, b"", [("X", "1")] * (n - 1)) for n in (20, 21)]
        gate, _ = self.limited(upstream.answers(*replies, cases.OK), response_fields=20)
        self.assert_passes(gate.once("GET", cases.CLIENT))
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_INVALID")
        self.assert_passes(gate.once("GET", cases.CLIENT))

    @edge("limits.reply_buffer")
    def test_held_whole_or_streamed(self):
        """Held, a reply gets an exact length; beyond it is chunked, unless nothing changes it."""
        def body(length):
            return b'{"workspaceId":"' + b"x" * (length - 18) + b'"}'

        for length, kind, framing in ((100, JSON, "length"), (101, JSON, "chunked"),
                                      (100, RAW, "length"), (101, RAW, "length")):
            gate, _ = self.limited(upstream.always(wire.reply_bytes(200, body(length), [kind])),
                                   reply_buffer=100)
            reply = gate.once("GET", cases.CLIENT)
            self.assert_passes(reply)
            wanted = body(length)
            if kind is JSON:
                wanted = wanted.replace(b"workspaceId", b"dataProductId")
            self.assertEqual((reply.body, reply.framing), (wanted, framing))
            self.assertEqual(reply.length, len(wanted) if framing == "length" else None)

    @edge("limits.reply_buffer")
    def test_what_is_held_leaves_with_its_end(self):
        for length, held in ((100, True), (101, False)):
            whole, go_on = wire.reply_bytes(200, text_of(length)), threading.Event()

            def script(connection, whole=whole, go_on=go_on):
                connection.request()
                connection.send(whole[:-1])
                self.assertTrue(go_on.wait(wire.PATIENCE))
                connection.send(whole[-1:])
                connection.wait_for_end(seconds=3600)

            gate, service = self.limited(script, reply_buffer=100)
            with gate.connect() as connection:
                connection.send(wire.request_bytes("GET", cases.CLIENT))
                service.wait_requests(1)
                if held:
                    self.assertTrue(connection.quiet())
                else:
                    connection.see(b"\r\n\r\n")
                go_on.set()
                self.assertEqual(connection.reply().body, text_of(length))

    @edge("limits.decoded_ratio")
    def test_decoded_ratio_of_a_reply(self):
        for ratio in (20, 19):
            plain, coded = inflated(20)
            gate, _ = self.limited(upstream.always(
                wire.reply_bytes(200, coded, [JSON, ("Content-Encoding", "gzip")])),
                decoded_ratio=ratio)
            reply = gate.once("GET", cases.CLIENT)
            if ratio == 20:
                self.assert_passes(reply)
                self.assertEqual(reply.body, plain)
            else:
                self.assert_cut_or_502(reply)


class Streams(edges.Case):
    """An event or record that is not whole is held up to its limit; one byte more, and it flows."""
    PIECE = 256
    KINDS = [("sse_event", "text/event-stream", b"data: ", b"\n\n"),
             ("record", "application/x-ndjson", b"", b"\n")]

    def start(self, begin):
        """What is sent first: BEGIN and a text that is held to the last byte."""
        return begin + b'"' + b"x" * (self.PIECE - 1)

    def down(self, limit, media, begin, end):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n"
                            % media.encode() + self.start(begin))
            self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
            connection.send(b"y")
            self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
            connection.send(b'"' + end)

        steps = threading.Semaphore(0)
        gate, _ = self.limited(script, **{limit: self.PIECE})
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT, version="1.0"))
            connection.head()
            if begin:
                connection.until(begin)
            self.assertTrue(connection.quiet())
            steps.release()
            self.assertEqual(connection.until(b"y"), self.start(b"") + b"y")
            steps.release()
            self.assertEqual(connection.drain(), b'"' + end)

    def up(self, limit, media, begin, end):
        handed, go_on = threading.Event(), threading.Event()

        def script(connection):
            connection.head()
            handed.set()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(cases.OK)

        gate, service = self.limited(script, **{limit: self.PIECE})
        with gate.connect() as connection:
            start = self.start(begin)
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
                ("Content-Type", media), CHUNKED]) + b"%x\r\n%s\r\n" % (len(start), start))
            self.assertTrue(handed.wait(wire.PATIENCE))
            up = service.connections[0]
            if begin:
                up.until(begin + b"\r\n")
            self.assertTrue(up.quiet())
            connection.send(b"1\r\ny\r\n")
            self.assertIn(self.start(b""), up.until(b"y\r\n"))
            connection.send(wire.chunked(b'"' + end))
            up.until(b"0\r\n\r\n")
            go_on.set()
            self.assert_passes(connection.reply("POST"))

    @edge("limits.sse_event")
    def test_sse_event(self):
        self.down(*self.KINDS[0])
        self.up(*self.KINDS[0])

    @edge("limits.record")
    def test_record(self):
        self.down(*self.KINDS[1])
        self.up(*self.KINDS[1])
