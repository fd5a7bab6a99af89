"""Content codings: decoded, translated, coded again for whom it suits, and left alone elsewhere."""
import gzip
import hashlib
import threading
import zlib

import brotli
import zstandard

import cases
import dialects
import mappings
import program
import upstream
import wire

PROVOKED = "(?i)upstream"
RELEASE = program.BUILD.name == "release"
MEMORY = 32 << 20
CODERS = {
    "gzip": lambda plain: gzip.compress(plain, 9),
    "deflate": lambda plain: zlib.compress(plain, 9),
    "br": lambda plain: brotli.compress(plain, quality=5),
    "zstd": lambda plain: zstandard.ZstdCompressor().compress(plain),
}
TYPE = ("Content-Type", "application/json")


def document(size):
    """(client's bytes, service's bytes) of a JSON document that stays large when coded."""
    pieces = list(dialects.documents(size))
    return b"".join(c for c, _ in pieces), b"".join(s for _, s in pieces)


LARGE = document(40_000)
SMALL = dialects.both('{"<dataProductId|workspaceId>":1234567890123456789,"n":[1.10,1E400,{},[]]}')


def coded_reply(name, plain, kind="application/json", status=200, **options):
    return wire.reply_bytes(status, CODERS[name](plain), [
        ("Content-Type", kind), ("Content-Encoding", name), ("ETag", '"v1"')], **options)


class Replies(cases.Case):
    def test_gzip_and_br_upstream(self):
        """Every coding, framed both ways, to clients with and without a liking for gzip."""
        for name in CODERS:
            for client, service in (SMALL, LARGE):
                for framing in ("length", "chunked", "close"):
                    gate, seen = self.pair(upstream.always(
                        coded_reply(name, service, framing=framing, size=777)))
                    for accepted in (None, "gzip", "br, gzip;q=0", "*;q=0.3"):
                        with self.subTest(f"{name} {len(client)} {framing} {accepted}"):
                            fields = [("Accept-Encoding", accepted)] if accepted else []
                            reply = gate.once("GET", cases.CLIENT, fields=fields)
                            self.check(reply, client, accepted in ("gzip", "*;q=0.3") and
                                       (framing != "length" or client is LARGE[0]))
                    self.assertEqual(seen.requests[0].field("Accept-Encoding"),
                                     "gzip, br, zstd, deflate")

    def check(self, reply, plain, coded):
        self.assertEqual((reply.status, reply.end), (200, "clean"))
        self.assertEqual(reply.field("Content-Encoding"), "gzip" if coded else None)
        self.assertEqual(gzip.decompress(reply.body) if coded else reply.body, plain)
        self.assertEqual(reply.field("Vary"), "Accept-Encoding")
        self.assertNotEqual(reply.field("ETag"), '"v1"')

    def test_errors_are_decoded_like_successes(self):
        for status in (400, 404, 409, 500):
            gate, _ = self.pair(upstream.always(coded_reply("br", SMALL[1], status=status)))
            reply = gate.once("GET", cases.CLIENT)
            self.assertEqual((reply.status, reply.body), (status, SMALL[0]))

    def test_several_members_are_one_body(self):
        half = len(LARGE[1]) // 2
        body = gzip.compress(LARGE[1][:half]) + gzip.compress(LARGE[1][half:])
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, body, [
            TYPE, ("Content-Encoding", "x-gzip")])))
        self.assertEqual(gate.once("GET", cases.CLIENT).body, LARGE[0])

    def test_head_vouches_for_no_length(self):
        def answer(request):
            whole = coded_reply("br", LARGE[1])
            return whole if request.method != "HEAD" else whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

        gate, _ = self.pair(upstream.always(answer))
        with gate.connect() as connection:
            for accepted in ("identity", "gzip"):
                fields = [("Accept-Encoding", accepted)]
                got = connection.request("GET", cases.CLIENT, fields=fields)
                told = connection.request("HEAD", cases.CLIENT, fields=fields)
                self.assertEqual(told.field("Content-Length"), None)
                for name in ("Content-Encoding", "Vary", "ETag"):
                    self.assertEqual(told.field(name), got.field(name), name)

    def test_each_event_leaves_coded_when_it_has_come(self):
        steps = threading.Semaphore(0)
        client, service = dialects.both('data: {"<dataProductId|workspaceId>":1}\n\n')

        def script(connection):
            coder = zlib.compressobj(6, zlib.DEFLATED, 31)
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(10):
                self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
                piece = coder.compress(service) + coder.flush(zlib.Z_SYNC_FLUSH)
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(wire.chunked(coder.flush()))
            connection.wait_for_end(seconds=3600)

        for accepted in ("gzip", None):
            gate, _ = self.pair(script)
            decoder = zlib.decompressobj(31) if accepted else None
            with gate.connect() as connection:
                connection.send(wire.request_bytes(
                    "POST", cases.CLIENT + "/p/chat/stream", b"{}",
                    [("Accept-Encoding", accepted)] if accepted else []))
                reply = connection.head("POST")
                self.assertEqual(reply.field("Content-Encoding"), accepted)
                for _ in range(10):
                    steps.release()
                    self.assertEqual(self.next_event(connection, decoder), client)
                connection.read_body(reply)
                self.assertEqual(reply.end, "clean")
                if decoder:
                    decoder.decompress(reply.body)
                    self.assertTrue(decoder.eof)

    @staticmethod
    def next_event(connection, decoder):
        """Reads chunks until a whole event could be read of them, and no further."""
        got, deadline = b"", wire.deadline_in()
        while not got.endswith(b"\n\n"):
            size = int(connection.source.line(deadline), 16)
            piece = b""
            while len(piece) < size:
                if not connection.source.buffer:
                    connection.source.more(deadline)
                piece += connection.source.take(size - len(piece))
            assert connection.source.line(deadline) == b""
            got += decoder.decompress(piece) if decoder else piece
        return got


class Untranslated(cases.Case):
    IMAGE = bytes(range(256)) * 40

    def ask(self, accepted, kind="image/png", name="br", target=cases.CLIENT, mapping=None):
        gate, seen = self.pair(upstream.always(coded_reply(name, self.IMAGE, kind)),
                               mapping=mapping)
        fields = [("Accept-Encoding", accepted)] if accepted else []
        return gate.once("GET", target, fields=fields), seen.requests[0]

    def test_a_br_coded_image_to_a_client_that_accepts_no_coding_arrives_decoded(self):
        for accepted in (None, "", "identity", "gzip", "br;q=0, *"):
            with self.subTest(accepted):
                reply, _ = self.ask(accepted)
                self.assertEqual((reply.body, reply.field("Content-Encoding")), (self.IMAGE, None))
                self.assertEqual(reply.field("Vary"), "Accept-Encoding")

    def test_an_accepted_coding_passes(self):
        for accepted in ("br", "gzip, br;q=0.1", "*"):
            with self.subTest(accepted):
                reply, _ = self.ask(accepted)
                self.assertEqual(reply.body, CODERS["br"](self.IMAGE))
                self.assertEqual((reply.field("Content-Encoding"), reply.framing), ("br", "length"))
                self.assertEqual(reply.field("ETag"), '"v1"')

    def test_raw_and_passthrough_routes_are_untouched(self):
        for target in (cases.CLIENT + "/p/raw", cases.SERVICE + "/p"):
            for accepted in (None, "identity", "frob;q=0.1"):
                with self.subTest(f"{target} {accepted}"):
                    reply, request = self.ask(accepted, "application/json", target=target,
                                              mapping=mappings.EVERYTHING)
                    self.assertEqual(reply.body, CODERS["br"](self.IMAGE))
                    self.assertEqual(reply.field("Content-Encoding"), "br")
                    self.assertEqual(reply.field("ETag"), '"v1"')
                    self.assertEqual(request.field("Accept-Encoding"), accepted)


class Broken(cases.Case):
    def ask(self, reply, framing):
        gate, _ = self.pair(upstream.always(reply))
        gate.tolerate(PROVOKED)
        got = gate.once("GET", cases.CLIENT)
        if got.end == "clean" and framing == "length":
            return self.assert_error(got, 502, "UPSTREAM_INVALID")
        self.assertNotEqual(got.end, "clean", got)
        return None

    def test_a_coding_cut_short_or_garbled_never_ends_cleanly(self):
        for name, code in CODERS.items():
            whole = code(SMALL[1])
            for what, body in (("cut", whole[:-2]), ("goes on", whole + b"garbage"),
                               ("none", SMALL[1]), ("other", CODERS["br" if name != "br" else "gzip"](
                                   SMALL[1] * 9))):
                for framing in ("length", "chunked", "close"):
                    with self.subTest(f"{name} {what} {framing}"):
                        self.ask(wire.reply_bytes(200, body, [TYPE, ("Content-Encoding", name)],
                                                  framing=framing), framing)

    def test_an_unknown_coding_is_502_on_a_translated_type(self):
        for coding in ("compress", "gzip, br", "frob"):
            gate, _ = self.pair(upstream.always(wire.reply_bytes(200, SMALL[1], [
                TYPE, ("Content-Encoding", coding)])))
            gate.tolerate(PROVOKED)
            reply = gate.once("GET", cases.CLIENT, fields=[("Accept-Encoding", "*")])
            self.assert_error(reply, 502, "UPSTREAM_INVALID")

    def test_a_bomb_is_502_or_cut(self):
        bomb = b"[" + b" " * (64 << 20) + b"]"
        for name, code in CODERS.items():
            with self.subTest(name):
                gate, _ = self.pair(upstream.always(wire.reply_bytes(200, code(bomb), [
                    TYPE, ("Content-Encoding", name)])))
                gate.tolerate(PROVOKED)
                with gate.connect() as connection:
                    connection.send(wire.request_bytes("GET", cases.CLIENT))
                    reply = connection.head()
                    length = []
                    connection.read_body(reply, sink=lambda piece: length.append(len(piece)))
                    self.assertTrue(reply.status == 502 or reply.end != "clean")
                    self.assertLess(sum(length), len(bomb) // 2)
                if RELEASE:
                    self.assertLess(gate.memory_peak(), MEMORY)


class Requests(cases.Case):
    def post(self, gate, body, coding, kind=TYPE[1], target=cases.CLIENT, chunk=None):
        fields = [("Content-Type", kind), ("Content-Encoding", coding)]
        if chunk is None:
            return gate.once("POST", target, body, fields)
        return gate.once("POST", target, wire.chunked(body, chunk),
                         fields + [("Transfer-Encoding", "chunked")])

    def test_coded_bodies_go_up_plain(self):
        gate, service = self.pair()
        for name, code in CODERS.items():
            for client, wanted in (SMALL, LARGE, document(300_000)):
                for chunk in (None, 999):
                    with self.subTest(f"{name} {len(client)} {chunk}"):
                        reply = self.post(gate, code(client), name, chunk=chunk)
                        self.assertEqual(reply.status, 200)
                        request = service.requests[-1]
                        self.assertEqual(request.body, wanted)
                        self.assertEqual(request.field("Content-Encoding"), None)

    def test_cut_short_or_garbled_is_400(self):
        gate, service = self.pair()
        for name, code in CODERS.items():
            whole = code(SMALL[0])
            for body in (whole[:-1], whole + b"garbage", SMALL[0]):
                for chunk in (None, 7):
                    with self.subTest(f"{name} {len(body)} {chunk}"):
                        reply = self.post(gate, body, name, chunk=chunk)
                        code = reply.json()["error"]["code"]
                        self.assert_error(reply, 400, code)
                        # Bytes without a sum or a magic number may decode to something at first.
                        self.assertIn(code, ("BAD_REQUEST", "INVALID_JSON"))
                        self.assertTrue(code == "BAD_REQUEST" or name in ("deflate", "br"))
        self.assertEqual(service.requests, [])

    def test_garbled_after_much_never_looks_whole_upstream(self):
        body = CODERS["gzip"](document(400_000)[0])
        ends = []

        def script(connection):
            request = connection.head()
            try:
                connection.body(request)
            except upstream.Gone:
                pass
            ends.append(request.end)

        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        reply = self.post(gate, body[:-9] + b"\xff" * 9, "gzip", chunk=5000)
        self.assert_error(reply, 400, "BAD_REQUEST")
        service.wait(lambda: ends or not service.requests, "the end of the upload")
        self.assertNotIn("clean", ends)

    def test_unknown_is_415_and_nobody_is_asked(self):
        gate, service = self.pair()
        for coding in ("compress", "gzip, gzip", "br, gzip"):
            self.assert_error(self.post(gate, SMALL[0], coding), 415, "UNSUPPORTED_CODING")
        self.assertEqual(service.requests, [])

    def test_too_much_after_decoding_is_413(self):
        gate, _ = self.pair()
        gate.tolerate(PROVOKED)
        bomb = b"[" + b" " * (40 << 20) + b"]"
        for name, code in CODERS.items():
            with self.subTest(name):
                self.assert_error(self.post(gate, code(bomb), name), 413, "BODY_TOO_LARGE")
        if RELEASE:
            self.assertLess(gate.memory_peak(), MEMORY)

    def test_what_is_not_translated_goes_up_coded(self):
        gate, service = self.pair(mapping=mappings.EVERYTHING)
        for target, kind in ((cases.CLIENT + "/p/unstructured-assets/x", "text/csv"),
                             (cases.CLIENT + "/p/raw", TYPE[1]), (cases.SERVICE, TYPE[1])):
            for coding in ("br", "frob"):
                body = CODERS["br"](SMALL[0])
                self.assertEqual(self.post(gate, body, coding, kind, target).status, 200)
                request = service.requests[-1]
                self.assertEqual((request.body, request.field("Content-Encoding")), (body, coding))


class Flow(cases.Case):
    """A few coded bytes stand for many: those are never held, however slow the reader."""

    def test_a_client_that_does_not_read_holds_the_decoder_up(self):
        record = dialects.both('{"<dataProductId|workspaceId>":"%s"},\n ' % ("x" * 200))
        count = 300_000
        plain = [b"[" + one * count + b"1]" for one in record]
        for name in ("gzip", "zstd"):
            sent = threading.Event()
            body = CODERS[name](plain[1])

            def script(connection, name=name, body=body, sent=sent):
                connection.request()
                connection.send(wire.reply_bytes(200, body, [TYPE, ("Content-Encoding", name)],
                                                 framing="chunked"))
                sent.set()
                connection.wait_for_end(seconds=3600)

            with self.subTest(name):
                gate, _ = self.pair(script, settings={"limits.decoded_ratio": 100_000})
                digest = hashlib.sha256()
                with gate.connect(receive_buffer=65536) as connection:
                    connection.send(wire.request_bytes("GET", cases.CLIENT))
                    reply = connection.head()
                    self.assertTrue(sent.wait(wire.PATIENCE))
                    connection.read_body(reply, seconds=120, sink=digest.update)
                self.assertEqual(reply.end, "clean")
                self.assertEqual(digest.digest(), hashlib.sha256(plain[0]).digest())
                if RELEASE:
                    self.assertLess(gate.memory_peak(), MEMORY)

    def test_a_service_that_does_not_read_holds_the_decoder_up(self):
        record = dialects.both('{"<dataProductId|workspaceId>":"%s"},\n ' % ("x" * 200))
        plain = [b"[" + one * 60_000 + b"1]" for one in record]
        go_on = threading.Event()
        digest = hashlib.sha256()

        def script(connection):
            request = connection.head()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.body(request, seconds=120, sink=digest.update)
            connection.send(cases.OK)

        gate, _ = self.pair(script, settings={"limits.decoded_ratio": 100_000},
                            receive_buffer=65536)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, CODERS["gzip"](plain[0]), [
                TYPE, ("Content-Encoding", "gzip")]))
            self.assertTrue(connection.quiet())
            go_on.set()
            self.assertEqual(connection.reply("POST", seconds=120).status, 200)
        self.assertEqual(digest.digest(), hashlib.sha256(plain[1]).digest())
        if RELEASE:
            self.assertLess(gate.memory_peak(), MEMORY)
