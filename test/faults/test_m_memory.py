"""Memory: the N-th allocation fails, for every N of a start and of each kind of request."""
import concurrent.futures
import gzip
import itertools
import os
import re
import unittest

import brotli
import cases
import gateway
import mappings
import reliability
import starve
import upstream
import wire
import zstandard

RELEASE = "release" in os.environ.get("BUILD", "release")
# Sanitizer builds try each so manieth N, another one each kind.
STRIDE = int(os.environ.get("STRIDE", 1 if RELEASE else 5))
AT_ONCE = 6  # starts; each waits for most of its time
COMMAND = "`make test SUITES=faults`"

# The sanitizers ask libc about each thread that begins, and take no refusal.
SANITIZERS_OWN = "Sanitizer: CHECK failed: sanitizer_linux_libcdep.cpp"

SMALL = "version: 1\nroutes:\n  - {client: /a, upstream: /b, methods: [GET]}\n"
GZIP = [("Content-Encoding", "gzip")]


def typed(name):
    return [("Content-Type", name)]


def document(client, count):
    """A JSON document in one dialect or the other; translating it changes its length."""
    key = "dataProductId" if client else "workspaceId"
    return b'{"rows_":[' + b",".join(
        b'{"%s":"ws-%06d","name":"some text, \\u00e9"}' % (key.encode(), n)
        for n in range(count)) + b"]}"


def each_record(client):
    key = b"dataProductId" if client else b"workspaceId"
    return b"".join(b'{"%s":%d}\n' % (key, n) for n in range(20))


EVENTS = b'data: {"workspaceId":1}\n\nevent: x\ndata: {"workspace":\ndata: 2}\n\n'
PART = (b'--b\r\nContent-Disposition: form-data; name="dataProductId"\r\n\r\nws-1\r\n--b\r\n'
        b'Content-Disposition: form-data; name="m"; filename="f"\r\n'
        b'Content-Type: application/json\r\n\r\n{"dataProduct":1}\r\n--b--\r\n')
LIST = wire.reply_bytes(200, document(False, 50), [("ETag", '"x"'), ("Set-Cookie", "a=b")])
LONG = wire.reply_bytes(200, document(False, 2000), framing="chunked", size=9000)
ERROR = wire.reply_bytes(404, b'{"ok":false,"error":{"code":"WORKSPACE_NOT_FOUND",'
                              b'"message":"no workspace","details":{"workspaceId":"x"}}}')
TRAILERS = wire.reply_bytes(200, framing="chunked", body=b"").replace(
    b"0\r\n\r\n", b"2\r\n{}\r\n0\r\nX-T: 1\r\n\r\n").replace(
    b"\r\n\r\n", b"\r\nContent-Type: application/json\r\n\r\n", 1)
OK = cases.OK

# name: (method, path, fields, body or None, the service's reply)
KINDS = {
    "list": ("GET", "", [], None, LIST),
    "head": ("HEAD", "", [], None, LIST.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
    "long list": ("GET", "", [], None, LONG),
    "post": ("POST", "", [], document(True, 5), wire.reply_bytes(201, document(False, 5))),
    "long post": ("POST", "", [], document(True, 2000), OK),
    "gzip reply": ("GET", "", [("Accept-Encoding", "gzip")], None,
                   wire.reply_bytes(200, gzip.compress(document(False, 90)), GZIP)),
    "br reply": ("GET", "", [], None, wire.reply_bytes(
        200, brotli.compress(document(False, 90)), [("Content-Encoding", "br")])),
    "zstd reply": ("GET", "", [], None, wire.reply_bytes(
        200, zstandard.compress(document(False, 90)), [("Content-Encoding", "zstd")])),
    "gzip post": ("POST", "", GZIP, gzip.compress(document(True, 90)), OK),
    "events": ("POST", "/x/chat", [], b'{"dataProductId":1}', wire.reply_bytes(
        200, EVENTS, typed("text/event-stream"), "chunked", size=30)),
    "multipart": ("POST", "", typed("multipart/form-data; boundary=b"), PART, OK),
    "form": ("POST", "", typed("application/x-www-form-urlencoded"),
             b"dataProductId=1&sort=dataProduct&" + b"&".join(b"n%d=v" % n for n in range(40)), OK),
    "records": ("POST", "", typed("application/x-ndjson"), each_record(True), wire.reply_bytes(
        200, each_record(False), typed("application/x-ndjson"), "chunked")),
    "error": ("GET", "", [], None, ERROR),
    "raw upload": ("POST", "/x/unstructured-assets/f", typed("application/octet-stream"),
                   bytes(range(256)) * 600, OK),
    "invited": ("POST", "", [("Expect", "100-continue")], document(True, 5), OK),
    "trailers up": ("POST", "", [("Transfer-Encoding", "chunked")],
                    wire.chunked(document(True, 5), 30, [("X-T", "1")]), OK),
    "trailers": ("GET", "", [], None, TRAILERS),
    "refused body": ("POST", "", [], b'{"dataProduct":1,"dataProduct" 2}', OK),
    "no route": ("GET", "/x/nowhere", [], None, OK),
    "links": ("GET", "/x", [("Range", "bytes=0-1"), ("If-None-Match", '"a"')], None,
              wire.reply_bytes(200, b'{"links":{"self":"/api/v1/accounts/1/workspaces/2"}}',
                               [("Location", f"{cases.SERVICE}/2"),
                                ("Link", f'<{cases.SERVICE}/3>; rel="next"')])),
}


def name_of(target):
    """The kind that a request's query names."""
    return target.rpartition("kind=")[2].replace("+", " ")


def plain_body(reply):
    coded = reply.field("Content-Encoding") == "gzip"
    return gzip.decompress(reply.body) if coded else reply.body


def gist(reply):
    """What of a reply must be the same in every run."""
    own = ("x-request-id", "content-length")
    fields = sorted((n.lower(), v) for n, v in reply.fields if n.lower() not in own)
    body = re.sub(rb'"requestId":"[^"]*"', b"", plain_body(reply))
    return reply.status, fields, body, reply.end, reply.trailers


class Tally(dict):
    """How many requests ended in which way."""

    def count(self, what):
        self[what] = self.get(what, 0) + 1


class Request(cases.Case):
    tried, ended, done = {}, Tally(), []

    def setUp(self):
        super().setUp()
        self.order = starve.Starve(self.folder)
        self.addCleanup(self.order.close)
        self.service = self.upstream(upstream.always(lambda r: KINDS[name_of(r.target)][4]))
        self.gate = self.gateway(self.service, {"workers": 1}, mappings.EVERYTHING,
                                 env=self.order.env)
        self.gate.tolerate(" upstream_socket_failed ")
        self.bystander = self.gate.connect()
        self.addCleanup(self.bystander.close)

    @staticmethod
    def ask(connection, kind):
        """One request of KIND, and its reply."""
        method, path, fields, body, _ = KINDS[kind]
        target = f"{cases.CLIENT}{path}?kind={kind.replace(' ', '+')}"
        request = wire.request_bytes(method, target, body, fields)
        if ("Expect", "100-continue") in fields:
            head, blank, body = request.partition(b"\r\n\r\n")
            connection.send(head + blank)
            if connection.source.more(wire.deadline_in()) and connection.see(
                    b"\r\n\r\n").startswith(b"HTTP/1.1 100 "):
                connection.send(body)
        else:
            connection.send(request)
        return connection.reply(method)

    def attempt(self, kind):
        """How one request of KIND ended, on a connection of its own; its reply, if any."""
        with self.gate.connect() as connection:
            try:
                reply = self.ask(connection, kind)
            except (wire.NoReply, BrokenPipeError, ConnectionResetError):
                return "closed", None
        return reply.end, reply

    def judge(self, kind, end, reply, reference):
        """What became of it: as ever, an error that says so, or a cut that shows."""
        if end != "clean":
            return "cut" if reply else "closed"
        if reply.status == reference[0] and gist(reply) == reference:
            return "served"
        self.assertEqual(reply.status, 503, reply)
        self.assertEqual(reply.field("Retry-After"), "1")
        if KINDS[kind][0] != "HEAD":
            self.assert_error(reply, 503, "OVERLOADED")
        return "503"

    def sent_up(self, since):
        """What the service has got since request SINCE, as far as it must not differ."""
        return [(r.method, r.target, r.body) for r in self.service.requests[since:]
                if r.end == "clean"]

    def one(self, kind, first, count, reference, up):
        """
        One run with COUNT allocations refused from FIRST on.  False: there
        was none to refuse any more.
        """
        since = len(self.service.requests)
        self.order.refuse(first, count)
        end, reply = self.attempt(kind)
        self.order.stop()
        try:
            self.assertTrue(self.gate.running)
            self.ended.count(self.judge(kind, end, reply, reference))
            safe = KINDS[kind][0] in ("GET", "HEAD")
            arrived = self.sent_up(since)
            self.assertLessEqual(len(arrived), 2 if safe else 1)
            for one in arrived:
                self.assertEqual(one, up[0])
            with self.gate.connect() as another:
                for connection in (self.bystander, another):
                    self.assertEqual(gist(self.ask(connection, "list")), self.list)
        except AssertionError as fault:
            raise AssertionError(f"{kind}: {count} refused from allocation {first} on, "
                                 f"asked for by {self.order.who}: {fault}") from fault
        return self.order.refused > 0

    def every(self, kinds, count):
        """Every N of each of KINDS, with COUNT refused in a row."""
        self.list = gist(self.attempt("list")[1])
        for number, kind in enumerate(kinds):
            since = len(self.service.requests)
            for _ in range(2):
                end, reply = self.attempt(kind)
                self.assertEqual(end, "clean")
            reference, up = gist(reply), self.sent_up(since)
            first = 1 + number % STRIDE
            while self.one(kind, first, count, reference, up):
                self.tried[kind] = self.tried.get(kind, 0) + 1
                first += STRIDE
            self.assertGreater(first, 5, kind)

    def test_the_nth_allocation_of_a_request_fails(self):
        self.every(KINDS, 1)
        self.record()

    def test_no_memory_from_the_nth_allocation_on(self):
        """Until the request has ended: the way out needs none."""
        self.every(KINDS if RELEASE else list(KINDS)[::3], starve.FOREVER)
        self.record()

    def record(self):
        """Keeps the figures once both tests have passed."""
        self.done.append(self.id())
        if not RELEASE or len(self.done) < 2:
            return
        ways = ", ".join(f"{n} {what}" for what, n in sorted(self.ended.items()))
        reliability.record("memory_of_requests", [
            (f"allocations refused within {len(self.tried)} kinds of request: "
             "crashes, leaks or wrong replies", f"{sum(self.tried.values())}: 0", COMMAND),
            ("how these requests ended", ways, COMMAND)])


class Start(cases.Case):
    """A start, and the first request after it."""

    def start(self, order, first, whose):
        """A gateway whose FIRST allocation of a kind is refused; None if it ended of that."""
        order.refuse(first, whose=whose)
        made = gateway.Gateway(order.folder, self.service.url, {"workers": 1, "admin": None},
                               SMALL, env=order.env, boot=False)
        self.addCleanup(made.kill_if_running)
        order.gate = made
        made.tolerate(" upstream_socket_failed ")
        with made.news:
            self.assertTrue(made.news.wait_for(lambda: made.closed == 2 or any(
                " ready " in line for line in made.lines), wire.PATIENCE), made.lines)
        if made.closed == 2:
            self.judge_end(made)
            return None
        made.client = made.wait_line(gateway.LISTENING % "client").group(1)
        return made

    def judge_end(self, made):
        """It has said why: no memory."""
        status = made.wait_end()
        self.assertIn(status, (71, 78), made.lines)
        self.assertEqual(made.sanitizer_report(), [])
        self.assertRegex(made.lines[-1] if status == 71 else "\n".join(made.lines),
                         "out of memory|Cannot allocate memory|not enough memory|no memory for")

    def one(self, order, first, whose):
        """False: nothing was left to be refused."""
        made = self.start(order, first, whose)
        if not made:
            return True
        try:
            reply = made.once("GET", "/a")
            self.assertIn(reply.status, (200, 503) if order.refused else (200,))
        except (wire.NoReply, ConnectionResetError):
            self.assertTrue(order.refused)
        refused = order.refused > 0
        order.stop()
        if whose == starve.LIBEVENTS and refused:
            self.judge_end(made)
            return True
        self.assertEqual(made.once("GET", "/a").status, 200)
        made.finish()
        return refused

    def try_one(self, first, whose):
        folder = self.folder / str(first)
        folder.mkdir()
        order = starve.Starve(folder)
        try:
            return self.one(order, first, whose)
        except (AssertionError, ConnectionRefusedError) as fault:
            if isinstance(fault, ConnectionRefusedError):
                order.gate.wait_end()
            if not order.gate.running and any(SANITIZERS_OWN in line for line in order.gate.lines):
                return True
            raise AssertionError(f"allocation {first}, asked for by {order.who}: {fault}") from fault
        finally:
            order.close()

    def every(self, whose, stride=1):
        """How often an allocation of WHOSE was refused, each STRIDE-th of them."""
        self.service = self.upstream()
        tried = 0
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for batch in itertools.count():
                numbers = range(1 + batch * AT_ONCE * stride, 1 + (batch + 1) * AT_ONCE * stride,
                                stride)
                refused = list(pool.map(lambda n: self.try_one(n, whose), numbers))
                tried += sum(refused)
                if not refused[-1]:
                    return tried

    def test_the_nth_allocation_of_a_start_fails(self):
        tried = self.every(starve.OURS, 1 if RELEASE else 13)
        self.assertGreater(tried, 200 if RELEASE else 15)
        if RELEASE:
            reliability.record("memory_of_starts", [
                ("allocations refused within a start and its first request: crashes, hangs",
                 f"{tried}: 0", COMMAND)])

    def test_an_allocation_of_other_libraries_fails(self):
        self.assertGreater(self.every(starve.ANYBODYS, 131 if RELEASE else 997), 2)

    def test_libevent_never_sees_null(self):
        """Its allocator says so and ends the process, whichever allocation it is."""
        tried = self.every(starve.LIBEVENTS, 1 if RELEASE else 7)
        self.assertGreater(tried, 40 if RELEASE else 5)


if __name__ == "__main__":
    unittest.main()
