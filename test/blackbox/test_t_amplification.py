"""Amplification: no attack that is known costs much more than what it sends, and others are served."""
import copy
import json
import os
import resource
import subprocess
import zlib

import brotli
import zstandard

import cases
import mappings
import program
import reliability
import toll
import upstream
import wire

# Sanitizers: the same attacks, fewer of each.  A soak: more.
SHARE = 1 if toll.MEASURED else 8
TIMES = int(os.environ.get("ATTACK_TIMES", "1"))
COMMAND = os.environ.get("ATTACK_COMMAND", "make test SUITES=blackbox")
CHUNKED = [("Transfer-Encoding", "chunked")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
RECORDS = [("Content-Type", "application/x-ndjson")]
MULTIPART = [("Content-Type", "multipart/form-data; boundary=b")]
MIB = 1 << 20
# What a coded body may become before its ratio counts: as good as sent.
DECODED_FREE = MIB
YAML_DATA_BYTES, YAML_SECONDS = 128 * MIB, 10


def gzip(plain):
    coder = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return coder.compress(plain) + coder.flush()


CODERS = {"gzip": gzip, "deflate": lambda plain: zlib.compress(plain, 9),
          "br": lambda plain: brotli.compress(plain, quality=9),
          "zstd": lambda plain: zstandard.ZstdCompressor(level=9).compress(plain)}


def service(body, fields, framing="length"):
    """A service that answers with BODY and FIELDS where a resource's `own` is asked for."""
    reply = wire.reply_bytes(200, body, fields, framing)

    def choose(request):
        return reply if request.target.endswith("/own") else cases.OK
    return toll.answer(choose), len(reply)


def post(body, fields=(), path=cases.CLIENT):
    return wire.request_bytes("POST", path, body, fields)


def get(fields=(), path=cases.CLIENT):
    return wire.request_bytes("GET", path, None, fields)


def post_chunks(raw, fields=()):
    """A POST whose chunked body is RAW, as it stands."""
    return wire.request_bytes("POST", cases.CLIENT, b"", [*CHUNKED, *fields]) + raw


def by_byte(body):
    """BODY in chunks of one byte."""
    return wire.chunked(body, 1)


class Amplification(cases.Case):
    worst = {"memory": (0.0, ""), "cpu": (0.0, "")}
    tried, made = 0, []

    @classmethod
    def tearDownClass(cls):
        if not toll.MEASURED or not cls.tried:
            return
        print(f"# fixed: {toll.Ordinary.found}")
        reliability.record("amplification", [
            ("attacks tried that make much of little", cls.tried, COMMAND),
            (f"most memory held per byte sent ({cls.worst['memory'][1]})",
             f"{cls.worst['memory'][0]:.1f} bytes", COMMAND),
            (f"most CPU per byte, of that of 1 KiB posts ({cls.worst['cpu'][1]})",
             f"{cls.worst['cpu'][0]:.1f} times", COMMAND)])

    def stage(self, script=None, settings=None, mapping=mappings.EVERYTHING):
        """A gateway of its own, and the fixed costs."""
        ordinary = toll.Ordinary.costs(self)
        self.service = self.upstream(script or toll.OK)
        gate = self.gateway(self.service, {**toll.SETTINGS, **(settings or {})}, mapping)
        return gate, ordinary

    def attack(self, name, gate, ordinary):
        self.addCleanup(self.note, made := toll.Toll(name, gate, ordinary))
        return made

    @classmethod
    def note(cls, made):
        cls.tried += 1
        cls.made.append(made)
        for what in cls.worst:
            ratio = getattr(made, f"{what}_ratio", 0.0)
            cls.worst[what] = max(cls.worst[what], (ratio, made.name))

    def volleys(self, rows, script=None, times=200, mapping=mappings.EVERYTHING):
        """Each of ROWS, (name, request, status(es)[, times[, bytes behind it]]), as an attack."""
        gate, ordinary = self.stage(script, mapping=mapping)
        for name, request, status, *own in rows:
            with self.subTest(name):
                count = max(10, (own[0] if own else times) * TIMES // SHARE)
                with self.attack(name, gate, ordinary) as attack:
                    attack.volley(request, status if isinstance(status, tuple) else (status,), count,
                                  behind=own[1] if own[1:] else 0)

    def test_what_breaks_the_rule_is_caught(self):
        # An open exchange holds more than a request of 200 bytes; whoever takes that for
        # free, or a post for no work at all, must be told that the rule is broken.
        if not toll.MEASURED:
            return
        gate, ordinary = self.stage()
        for free in ({"exchange_bytes": 0}, {"byte_cpu": 1e-12}):
            costs = copy.copy(ordinary)
            vars(costs).update(free)
            held = get(path=toll.PATH) if "byte_cpu" in free else post(b"{}", path=toll.PATH + toll.HOLD)
            with self.assertRaises(AssertionError):
                with toll.Toll("what is not free", gate, costs) as attack:
                    for _ in range(100):
                        attack.send(attack.connect(), held, "byte_cpu" not in free)
                    attack.others(100)

    # --- framing -----------------------------------------------------------------------

    def test_chunk_lines(self):
        long_line = b"1;a=" + b"x" * 4000 + b"\r\n1\r\n"
        self.volleys([
            ("an endless chunk line", post_chunks(b"1;a=" + b"x" * 65536), 400, 100),
            ("an endless quoted extension", post_chunks(b'1;a="' + b"\\x" * 30000), 400, 100),
            ("long chunk lines", post_chunks(long_line * 16 + b"0\r\n\r\n"), 200, 100),
            ("a chunk of 2^63 bytes", post_chunks(b"8000000000000000\r\n"), 400),
            ("a chunk of 2^64 bytes", post_chunks(b"ffffffffffffffff\r\n"), 400),
            ("a chunk size of zeros", post_chunks(b"0" * 4090 + b"1\r\n1\r\n0\r\n\r\n"), 200),
            ("endless trailers", post_chunks(b"0\r\n" + b"a:\r\n" * 4000), 400),
            ("chunks of one byte", post_chunks(by_byte(b'["' + b"x" * 30000 + b'"]')), 200, 30),
        ])

    def test_a_huge_declared_chunk_and_a_trickle(self):
        gate, ordinary = self.stage()
        with self.attack("huge chunks, a trickle in each", gate, ordinary) as attack:
            connections = [attack.connect() for _ in range(100 // SHARE)]
            for connection in connections:
                attack.send(connection, post_chunks(b"7fffffffffffffff\r\n["), 1)
            for _ in range(20):
                for connection in connections:
                    attack.send(connection, b"1," * 250)
            attack.others(1)

    # --- heads -------------------------------------------------------------------------

    def test_floods_of_fields(self):
        tiny = [(chr(97 + i % 26), "") for i in range(98)]
        names = ",".join(f"x{i:x}" for i in range(6000))
        self.volleys([
            ("100 tiny fields", get(tiny[:98]), 200, 300),
            ("101 tiny fields", get([*tiny, *tiny[:4]]), 431, 200),
            ("cookies in 98 fields", get([("Cookie", f"a{i}=" + "b" * 200) for i in range(98)]), 200),
            ("one cookie of 31 KiB", get([("Cookie", "a=b; " * 6200)]), 200, 50),
            ("Connection with 15 000 members", get([("Connection", "a," * 15500), *tiny[:90]]), 200),
            ("Connection with names of its own", get([("Connection", names[:31000]),
                                                      *((f"x{i:x}z", "") for i in range(90))]), 200),
            ("many Connection fields", get([("Connection", "a,b,c,d"), ("b", "")] * 48), 200),
            ("Accept-Encoding of thousands", get([("Accept-Encoding", "a," * 15500)]), 200),
            ("refused codings", get([("Accept-Encoding", "gzip;q=0.0;q=0," * 2000)]), 200),
            ("If-None-Match of thousands", get([("If-None-Match", '"",' * 10000 + '"a"')]), 200),
            ("marked tags", get([("If-None-Match", ", ".join(['";dp-s1a2b3c4d"'] * 1700))]), 200),
            ("If-Match of thousands", get([("If-Match", ", ".join(['";dp-s1a2b3c4d"'] * 1700))]), 200),
            ("names in Access-Control-Request-Headers", get([
                ("Access-Control-Request-Headers", "X-Data-Product-Id," * 1700)]), 200),
            ("the mapped field 98 times", get([("X-Data-Product-Id", "")] * 98), 200),
            ("Accept of thousands", get([("Accept", "a," * 15500)]), 200),
            ("tracestate of thousands", get([("traceparent", f"00-{'a' * 32}-{'b' * 16}-01"),
                                             ("tracestate", "a=b," * 7500)]), 200),
            ("X-Forwarded-For of thousands", get([("X-Forwarded-For", "::1," * 7000)]), 200),
        ], times=100)

    def test_empty_lines_and_pipelines(self):
        nothing = b"GET / HTTP/1.1\r\nHost:a\r\n\r\n"
        gate, ordinary = self.stage()
        with self.attack("empty lines", gate, ordinary) as attack:
            for _ in range(200 // SHARE):
                connection = attack.connect()
                attack.send(connection, b"\r\n" * 4000, 1)
                self.assertEqual(connection.reply().status, 400)
                attack.close(connection)
        with self.attack("tiny requests in a pipeline", gate, ordinary) as attack:
            connections = [attack.connect() for _ in range(4)]
            for connection in connections:
                attack.send(connection, nothing * (1000 // SHARE), 1000 // SHARE)
            for connection in connections:
                for _ in range(1000 // SHARE):
                    self.assertEqual(connection.reply().status, 404)
        with self.attack("heads without an end", gate, ordinary) as attack:
            connections = [attack.connect() for _ in range(200 // SHARE)]
            for at in range(10):
                for connection in connections:
                    attack.send(connection, (nothing[:-2] if at == 0 else b"") + b"a:\r\n" * 9, at == 0)
            attack.others(1)

    def test_a_flood_behind_an_open_reply(self):
        def stream(service):
            while True:
                if service.request(seconds=3600).target.endswith("/own"):
                    service.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\n")
                    service.drain(3600)
                    return
                service.send(cases.OK)

        gate, ordinary = self.stage(stream)
        with self.attack("pipelined bytes behind an open reply", gate, ordinary) as attack:
            sent = []
            for _ in range(20):
                connection = attack.connect()
                attack.send(connection, get(path=f"{toll.PATH}/own"), 1)
                connection.until(b"data: {}")
                sent.append(connection.send_until_stuck(toll.GET * 100, 32 << 20, quiet=0.2))
                attack.received(sent[-1])
            self.assertLess(max(sent), 32 << 20)
            for connection in attack.open:
                connection.reset()     # bytes that nobody reads hide a plain end

    # --- targets -----------------------------------------------------------------------

    def test_targets(self):
        self.volleys([
            ("a path of 4 000 segments", get(path="/a" * 4000), 404),
            ("a path of empty segments", get(path="/" * 8000), 400),
            ("escapes in escapes", get(path=f"{cases.CLIENT}/%{'25' * 3900}"), 200),
            ("a path of escapes", get(path=f"{cases.CLIENT}/{'%2f' * 2600}"), 200),
            ("segments like the mapped ones", get(path="/api/v1/accounts/data-products" * 260), 404),
            ("a long deep path", get(path=f"{cases.CLIENT}/p/skills{'/a' * 3900}"), 200),
            ("a query of 8 000 parameters", get(path=f"{cases.CLIENT}?{'&' * 8000}"), 200),
            ("a query of known names", get(path=f"{cases.CLIENT}?{'dataProductId&' * 570}"), 200),
            ("a query of different known names", get(path=f"{cases.CLIENT}?" + "&".join(
                f"dataProductId[{i:x}]" for i in range(430))), 200),
            ("a list of names", get(path=f"{cases.CLIENT}?sort={'dataProductId,' * 560}"), 200),
            ("a list of nothing", get(path=f"{cases.CLIENT}?sort={',-.' * 2600}"), 200),
            ("brackets in a query", get(path=f"{cases.CLIENT}?{'[]' * 4000}=1"), 200),
            ("the target too long", get(path=f"{cases.CLIENT}/{'a' * 30000}"), 414, 50),
        ], times=150)

    # --- bodies ------------------------------------------------------------------------

    def test_json_dripped_by_the_byte(self):
        chunk = by_byte
        self.volleys([
            ("a key, a byte a chunk", post_chunks(chunk(b'{"' + b"k" * 20000 + b'":1}')), 200),
            ("an escaped key, a byte a chunk", post_chunks(chunk(
                b'{"' + b"\\u0064" * 3000 + b'":1}')), 200),
            ("a value under a rule, a byte a chunk", post_chunks(chunk(
                b'{"links":{"a":"' + b"/api/v1" * 3000 + b'"}}')), 200),
            ("numbers, a byte a chunk", post_chunks(chunk(
                b"[" + b"1" * 1023 + (b"," + b"1" * 1023) * 18 + b"]")), 200),
            ("a number too long", post_chunks(chunk(b"1" * 2000)), 400),
            ("white space, a byte a chunk", post_chunks(chunk(b" " * 20000 + b"1")), 200),
            ("records, a byte a chunk", post_chunks(chunk(b"{}\n" * 6000), RECORDS), 200),
            ("a form, a byte a chunk", post_chunks(chunk(b"dataProductId=1&" * 1200), FORM), 200),
            ("multipart, a byte a chunk", post_chunks(chunk(
                b'--b\r\nContent-Disposition: form-data; name="dataProductId"\r\n\r\n' +
                b"\r\n--" * 4000 + b"\r\n--b--"), MULTIPART), 200),
        ], times=20)

    def test_json_dripped_by_the_segment(self):
        gate, ordinary = self.stage()
        body = b'{"links":{"a":"' + b"/api/v1" * 200 + b'"},"n":' + b"1" * 600 + b"}"
        with self.attack("a body, a byte a segment", gate, ordinary) as attack:
            connection = attack.connect()
            head, _, _ = post(body).partition(b"\r\n\r\n")
            attack.send(connection, head + b"\r\n\r\n", 1)
            for byte in body:
                attack.send(connection, bytes([byte]))
                attack.received(40)      # no segment has less before its data
            self.assertEqual(connection.reply().status, 200)

    def test_nesting(self):
        def deep(depth):
            return b"[" * depth + b"]" * depth

        objects = b'{"dataProductId":' * 256 + b"1" + b"}" * 256
        self.volleys([
            ("as deep as allowed", post(deep(256)), 200, 400),
            ("objects as deep as allowed", post(objects), 200),
            ("one too deep", post(deep(257)), 400, 300),
            ("far too deep", post(b"[" * 60000), 400, 50),
            ("far too deep and long", post(b'{"a":' * 60000), 400, 20),
            ("deep, side by side", post(b"[" + (deep(255) + b",") * 120 + b"1]"), 200),
            ("deep records", post((deep(256) + b"\n") * 120, RECORDS), 200),
            ("a record too deep", post(deep(257) + b"\n", RECORDS), 400),
            ("a form name of brackets", post(b"a" + b"[]" * 30000, FORM), 200),
            ("a form name of known names", post(b"dataProductId" + b"[dataProductId]" * 4000, FORM), 200),
        ], times=40)

    def test_many_names(self):
        def hashed_alike(at):
            """A name whose 64-bit hash is that of all others: pairs of bits that cancel out."""
            blocks = b""
            for bit in range(8):
                flip = at >> bit & 1
                blocks += bytes([0x41] * 7 + [0x41 ^ 0x80 * flip])
                blocks += bytes([0x41] * 4 + [0x41 ^ 0x04 * flip, 0x41, 0x41, 0x41 ^ 0x80 * flip])
            return "".join(f"%{b:02X}" if b > 127 else chr(b) for b in blocks)

        self.volleys([
            ("different keys", post(json.dumps({f"k{i:x}": 1 for i in range(6000)}).encode()), 200),
            ("known keys", post(b"[" + b'{"dataProductId":1},' * 3000 + b"1]"), 200),
            ("known keys again and again", post(b'{"dataProductId":1' + b',"dataProductId":1' * 3000 + b"}"),
             200),
            ("keys in escapes", post(b"[" + b'{"\\u0064ataProductId":1},' * 2400 + b"1]"), 200),
            ("empty keys", post(b'{"":0' + b',"":0' * 12000 + b"}"), 200),
            ("keys of one length and ends", post(b"{" + b",".join(
                b'"d%07xuctId":1' % i for i in range(3000)) + b"}"), 200),
            *((f"{count} different known form names", post("&".join(
                f"dataProduct[{i:x}]" for i in range(count)).encode(), FORM), 200, 40)
              for count in (2100, 4100, 8190)),
            ("too many known form names", post("&".join(
                f"dataProduct[{i:x}]" for i in range(8500)).encode(), FORM), 400, 40),
            ("form names with one hash", post("&".join(
                f"dataProduct[{hashed_alike(i)}]" for i in range(256)).encode(), FORM), 200),
            ("empty parameters", post(b"&" * 60000, FORM), 200),
            ("values that are URLs", post(b'{"links":[' + b'"/",' * 14000 + b'"/"]}'), 200),
            ("values that are names", post(b"[" + b'{"field":"dataProduct"},' * 2600 + b"1]"), 200),
        ], times=30)

    def test_bodies_without_their_last_byte(self):
        names = [f"dataProduct[{i:x}]" for i in range(8190)]
        parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n\r\n' %
                         name.encode() for name in names[:4100]) + b"--b--\r\n"
        for name, request in (
                ("2 100 form names", post("&".join(names[:2100]).encode(), FORM)),
                ("4 100 form names", post("&".join(names[:4100]).encode(), FORM)),
                ("8 190 form names", post("&".join(names).encode(), FORM)),
                ("4 100 parts of a form", post(parts, MULTIPART)),
                ("a list of 60 KiB", post(b"[" + b"1," * 30000 + b"1]")),
                ("a value of 60 KiB under a rule", post(b'{"links":["' + b"/" * 60000 + b'"]}')),
                ("a value of 60 KiB in escapes", post(b'{"links":["' + b"\\u0061" * 10000 + b'"]}')),
                ("values that grow", post(b'["",{"links":["' + b'","'.join(
                    [cases.CLIENT.encode()] * 800) + b'"]}]')),
                ("250 objects of known keys", post(b'{"dataProduct":1,"dataProductId":' * 250 + b"1"
                                                   + b"}" * 250)),
                ("a record of 500 KiB", post(b"[" + b"1," * 250000 + b"1]\n", RECORDS)),
                ("a head of 30 KiB", get([(f"a{i}", "b" * 300) for i in range(95)])),
                ("a head of 95 tiny fields", get([("a", "")] * 95))):
            with self.subTest(name):
                # A gateway of its own: what another attack took and gave back would not count.
                with self.attack(f"{name}, not ended", *self.stage()) as attack:
                    # What is short is sent more often, so that what is fixed does not drown it.
                    attack.unfinished(request, 200, 20 if len(request) > 4096 else 150)

    def test_multipart_floods(self):
        def form(body):
            return b"--b\r\n" + body + b"\r\n--b--"

        part = b'Content-Disposition: form-data; name="a"\r\n\r\n'
        self.volleys([
            ("lines like a boundary", post(form(part + b"\r\n--a" * 12000), MULTIPART), 200),
            ("line ends", post(form(part + b"\r\n" * 30000), MULTIPART), 200),
            ("returns", post(form(part + b"\r" * 60000), MULTIPART), 200),
            ("empty parts", post(form(b"\r\n" + b"\r\n--b\r\n\r\n" * 7000), MULTIPART), 200),
            ("tiny fields of a part", post(form(b"a:\r\n" * 4000 + b"\r\n"), MULTIPART), 200),
            ("the head of a part without an end", post(form(b"a:\r\n" * 15000), MULTIPART), 400),
            ("folded lines", post(form(b"a:\r\n" + b" \r\n" * 5000 + b"\r\n"), MULTIPART), 200),
            ("parameters of a part", post(form(b"Content-Disposition: form-data" + b";a=b" * 4000
                                               + b"\r\n\r\n"), MULTIPART), 200),
            ("names of a part", post(form(b"Content-Disposition: form-data" + b";name=dataProduct" * 900
                                          + b"\r\n\r\n"), MULTIPART), 200),
            ("JSON parts", post(form(b"\r\n" + b"\r\n--b\r\nContent-Type: application/json\r\n\r\n1"
                                     * 1400), MULTIPART), 200),
            ("padding behind a boundary", post(form(part + b"\r\n--b" + b" " * 60000), MULTIPART), 400),
            ("parameters of Content-Type", post(b"{}", [
                ("Content-Type", "application/json" + ";a=b" * 7500)]), 200),
            ("parameters before a boundary", post(form(part), [
                ("Content-Type", "multipart/form-data" + ";a=b" * 7500 + ";boundary=b")]), 200),
            ("quoted parameters", post(form(part), [
                ("Content-Type", "multipart/form-data" + ';a="\\\\"' * 4000 + ";boundary=b")]), 200),
        ], times=30)

    # --- codings -----------------------------------------------------------------------

    def test_bombs_in_requests(self):
        spaces = b" " * (64 * MIB) + b"1"
        nested = gzip(gzip(spaces))
        self.volleys([(f"a {name} bomb", post(coder(spaces), [("Content-Encoding", name)]), 413, 20,
                       DECODED_FREE) for name, coder in CODERS.items()] + [
            ("a bomb in a bomb", post(nested, [("Content-Encoding", "gzip, gzip")]), 415, 20),
            ("just below a bomb", post(gzip(b"[" + b'{"dataProductId":1},' * 50000 + b"1]"),
                                       [("Content-Encoding", "gzip")]), 200, 20, DECODED_FREE),
            ("empty gzip members", post(gzip(b"") * 2900 + gzip(b"{}"),
                                        [("Content-Encoding", "gzip")]), (200, 400), 20)])

    def test_bombs_in_replies(self):
        spaces = b" " * (64 * MIB) + b"1"
        for name, coder in CODERS.items():
            script, size = service(coder(spaces), [("Content-Encoding", name)])
            self.volleys([(f"a {name} bomb in a reply", get(path=f"{toll.PATH}/own"), (200, 502), 20,
                           size + DECODED_FREE)], script)

    # --- what the service says -----------------------------------------------------------

    def test_floods_from_the_service(self):
        depth = b"[" * 256 + b"]" * 256
        events = [("Content-Type", "text/event-stream")]
        own = get(path=f"{toll.PATH}/own")
        for name, body, fields, status in (
                ("a Link of thousands", b"{}", [("Link", "<a>," * 15000)], 200),
                ("a Link of mapped URLs", b"{}", [("Link", ", ".join([f"<{cases.SERVICE}>"] * 800))], 200),
                ("parameters of a Link", b"{}", [("Link", "<a>" + ";a=b" * 14000)], 200),
                ("a cookie of thousands of paths", b"{}", [("Set-Cookie", "a=b" + ";Path=/" * 8000)], 200),
                ("199 cookies", b"{}", [("Set-Cookie", f"a={'b' * 200};Path={cases.SERVICE}")] * 190, 200),
                ("a Vary of thousands", b"{}", [("Vary", "X-Workspace-Id," * 4000)], 200),
                ("Connection of thousands", b"{}", [("Connection", "a," * 20000),
                                                    *((f"b{i}", "") for i in range(180))], 200),
                ("an ETag of 60 KiB", b"{}", [("ETag", '"' + "a" * 60000 + '"')], 200),
                ("too many fields", b"{}", [("a", "")] * 300, 502),
                ("deep events", (b"data: " + depth + b"\n\n") * 200, events, 200),
                ("events too deep", b"data: " + b"[" * 100000 + b"\n\n", events, 200),
                ("empty lines of events", b"\n" * 100000, events, 200),
                ("events of empty data", b"data\n" * 20000 + b"\n", events, 200),
                ("comments", b":\n" * 50000, events, 200),
                ("fields of no event", b"a\n" * 50000, events, 200),
                ("tiny events", b"data:1\n\n" * 12000, events, 200)):
            script, size = service(body, fields)
            self.volleys([(name, own, status, 30, size)], script)

    # --- configuration ---------------------------------------------------------------------

    def check(self, text):
        """`dpgw check` of a mapping of TEXT within bounds of memory and time: (status, output)."""
        (self.folder / "mapping.yaml").write_text(text)
        (self.folder / "gateway.yaml").write_text(
            'version: 1\nlisten: "127.0.0.1:0"\nadmin: "127.0.0.1:0"\n'
            'upstream: {url: "http://127.0.0.1:9"}\nmapping: mapping.yaml\n')

        def bound():
            resource.setrlimit(resource.RLIMIT_CPU, (YAML_SECONDS, YAML_SECONDS))
            if toll.MEASURED:
                resource.setrlimit(resource.RLIMIT_DATA, (YAML_DATA_BYTES, YAML_DATA_BYTES))
        done = subprocess.run([program.build_path("DPGW", "dpgw"), "check", "-c", "gateway.yaml"],
                              cwd=self.folder, env=program.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=bound,
                              timeout=wire.PATIENCE * 2, check=False)
        return done.returncode, done.stdout.decode()

    def test_yaml_that_grows(self):
        aliases = "a0: &a0 [x,x,x,x,x,x,x,x]\n" + "".join(
            f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 30))
        route = '  - {client: "/a%d/{x}", upstream: "/b%d/{x}", methods: [GET]}\n'
        for name, text, complaint in (
                ("deep lists", "x: " + "[" * 1000000, "nested more than"),
                ("deep maps", "x: " + "{a: " * 200000, "nested more than"),
                ("deep dashes", "- " * 500000, "nested more than"),
                ("deep blocks", "".join(" " * i + "a:\n" for i in range(1400)), "nested more than"),
                ("aliases of aliases", aliases, "anchors"),
                ("a huge file", "# \n" * 3000000, "larger than"),
                ("a long scalar", "x: " + "a" * 1000000, "error"),
                ("a long key", "a" * 1000000 + ": 1", "error"),
                ("many lists", "x: [" + "a," * 500000 + "a]", "more than"),
                ("many unknown keys", "".join(f"k{i}: 1\n" for i in range(40000)), "unknown"),
                ("maps as keys", "? " * 400000 + "a", "error"),
                ("many fields", "version: 1\nroutes:\n" + route % (0, 0) + "fields:\n" + "".join(
                    f"  c{i}: u{i}\n" for i in range(40000)), "ok"),
                ("many routes", "version: 1\nroutes:\n" + "".join(
                    route % (i, i) for i in range(9000)), "ok"),
                ("one name over and over", "version: 1\nfields:\n" + "  a: b\n" * 100000, "error")):
            with self.subTest(name):
                status, output = self.check(text)
                self.assertEqual(status, 0 if complaint == "ok" else 1, output[-300:])
                self.assertIn(complaint, output)
                type(self).tried += 1
