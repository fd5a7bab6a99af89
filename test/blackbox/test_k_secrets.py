"""Secrets: bodies, credentials and query values never reach a log or a gateway's own error.

Each request of these cases and each reply of the service holds planted words in
every place that a client or the service can fill.  Every outcome that an
exchange can have is made to happen with them, at log.level debug, and all that
the gateway printed or made up itself is searched for them.
"""
import gzip
import re
import signal
import sys

import cases
import mappings
import program
import reliability
import wire

sys.path.append(str(program.ROOT / "test/faults"))
import starve  # noqa: E402

# Distinct in each place, so that a leak tells where it came from.
PLANTED = re.compile(r"(?i)planted[\w.-]*")
OUTCOME = re.compile(r"\boutcome\W+([A-Z_]+)\b")
ROW = re.compile(r"^\s*X\(([A-Z_]+),\s*\d{3},", re.M)
TABLE = program.ROOT / "gateway/exchange/outcome.h"
ASSETS = cases.CLIENT + "/1/unstructured-assets/planted-path"
SHORT = {f"timeouts.{name}": "400ms" for name in ("request_head", "request_body",
                                                  "upstream_first_byte")}
planted = set()


def secret(place):
    """The word that is planted in PLACE."""
    planted.add(place)
    return f"planted-{place}"


def leaks(texts):
    """The planted words in TEXTS, each with what is around it."""
    return [text[max(0, m.start() - 60):m.end() + 20]
            for text in texts for m in PLANTED.finditer(text)]


def fields(*more):
    """Header fields that hold a secret each, and MORE."""
    return [("Authorization", "Bearer " + secret("authorization")),
            ("Cookie", "session=" + secret("cookie")),
            ("Proxy-Authorization", "Basic " + secret("proxy-authorization")),
            ("X-Api-Key", secret("x-api-key")), ("X-Unknown", secret("unknown-field")),
            (secret("field-name"), "1"), ("User-Agent", secret("user-agent")),
            ("Referer", "http://x/?" + secret("referer")),
            ("X-Request-Id", secret("request-id") + " of no sane form"),
            ("traceparent", secret("traceparent")), ("Host", secret("host") + ".test"),
            ("Connection", "close"), *more]


def target(path=cases.CLIENT):
    return f"{path}?token={secret('query')}&{secret('query-name')}=1&sort={secret('sort')}"


def request(method="GET", path=cases.CLIENT, body=None, *more):
    return wire.request_bytes(method, target(path), body, fields(*more))


def post(kind, body, *more, path=cases.CLIENT):
    return request("POST", path, body, ("Content-Type", kind), *more)


def json_body(place="json"):
    return (b'{"accessToken":"%s","%s":1,"dataProductId":"%s"}'
            % tuple(secret(f"{place}-{what}").encode() for what in ("value", "key", "id")))


def chunked_post(body, extension=True):
    """A request in chunks, with a chunk extension and a trailer."""
    more = b";a=" + secret("chunk-extension").encode() if extension else b""
    head = request("POST", cases.CLIENT, None, ("Content-Type", "application/json"),
                   ("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum"))
    return (head + b"%x%s\r\n%s\r\n0\r\nX-Sum: %s\r\n\r\n"
            % (len(body), more, body, secret("trailer").encode()))


def multipart(broken=False):
    part = ('--cut\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
            % (secret("part-name"), secret("filename"), secret("part")))
    return (part + ("--cut" + secret("boundary") if broken else "--cut--\r\n")).encode()


# What is served: one body of each kind, up and down.
GOOD = [
    request(), request("HEAD"), request("OPTIONS"),
    post("application/json", json_body()), chunked_post(json_body("chunk")),
    post("application/x-ndjson", json_body("record") + b"\n" + json_body("record") + b"\n"),
    post("application/json-seq", b"\x1e" + json_body("sequence") + b"\n"),
    post("application/x-www-form-urlencoded",
         f"dataProductId={secret('form')}&{secret('form-name')}=1".encode(), path=ASSETS),
    post("multipart/form-data; boundary=cut", multipart(), path=ASSETS),
    post("application/octet-stream", secret("raw").encode(), path=ASSETS),
    post("application/json", gzip.compress(json_body("gzip")), ("Content-Encoding", "gzip")),
    request("GET", cases.CLIENT + "/1/semantic-models/event-stream"),
    request("GET", cases.CLIENT + "/1/semantic-models/fails"),
    request("GET", cases.SERVICE + "/planted-passthrough"),
]

BIG = b'{"a":"' + secret("large").encode() * 200 + b'"}'
FOUR = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
BAD_HEADS = [
    b"GET /?%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (secret("query").encode(), line)
    for line in (b"%s : 1", b" %s: 1", b"X: %s\n", b"X: %s\r\n folded", b"X: %s\x00", b"X%s",
                 b"Host: %s", b"Content-Length: %s", b"Transfer-Encoding: %s",
                 b"Content-Length: 1\r\nContent-Length: 2%s")
    for line in [line.replace(b"%s", secret("bad-head").encode())]
] + [b"GET http://%s@x/ HTTP/1.1\r\nHost: x\r\n\r\n" % secret("userinfo").encode(),
     b"GET /\x80%s HTTP/1.1\r\nHost: x\r\n\r\n" % secret("bad-target").encode(),
     secret("no-request").encode() + b"\r\n\r\n"]

# What each outcome can be had by; the service is asked to play its part by the path.
FAILURES = {
    "BAD_REQUEST": BAD_HEADS + [
        post("multipart/form-data; boundary=cut", multipart(broken=True), path=ASSETS),
        post("multipart/form-data; boundary=" + secret("no-boundary") * 9, multipart(),
             path=ASSETS)],
    "BAD_PATH": [request("GET", cases.CLIENT + "/..%2f" + secret("bad-path"))],
    "BAD_HEADER_PAIR": [request("GET", cases.CLIENT, None,
                                ("X-Data-Product-Id", secret("pair-1")),
                                ("X-Workspace-Id", secret("pair-2")))],
    "BAD_BODY_FRAMING": [chunked_post(json_body()).replace(b"\r\n0\r\n", b"\r\nplanted-size\r\n"),
                         chunked_post(json_body()).replace(b"X-Sum:", b"X-Sum :")],
    "BAD_BODY_CODING": [post("application/json", secret("no-gzip").encode(),
                             ("Content-Encoding", "gzip"))],
    "INVALID_JSON": [
        post("application/json", json_body()[:-1] + b',"%s" x' % secret("fault").encode()),
        post("application/json", b'"' + secret("top").encode() + b"\x01"),
        post("application/json", secret("no-json").encode()),
        post("application/json", BIG[:-2] + b'\\x"}'),
        post("application/x-ndjson", json_body() + b"\n" + secret("no-record").encode() + b"\n"),
        chunked_post(json_body()[:-1]),
        post("application/json", gzip.compress(json_body()[:-1]), ("Content-Encoding", "gzip"))],
    "CONFLICTING_FIELDS": [
        post("application/json", b'{"dataProductId":"%s","workspaceId":"%s"}'
             % (secret("first").encode(), secret("second").encode())),
        post("application/x-www-form-urlencoded", b"dataProductId=planted-a&workspaceId=planted-b",
             path=ASSETS),
        wire.request_bytes("GET", cases.CLIENT + "?dataProductId=planted-c&workspaceId=planted-d",
                           None, fields())],
    "NO_ROUTE": [request("GET", "/" + secret("no-route")),
                 request("POST", "/" + secret("no-route"), json_body())],
    "NO_METHOD": [request("DELETE", cases.CLIENT, json_body())],
    "BODY_TOO_LARGE": [post("application/json", BIG, path=cases.CLIENT + "/1/small")],
    "URI_TOO_LONG": [request("GET", cases.CLIENT + "?" + secret("long") * 1000)],
    "UNSUPPORTED_CODING": [post("application/json", json_body(),
                                ("Content-Encoding", secret("coding")))],
    "EXPECTATION_FAILED": [post("application/json", json_body(), ("Expect", secret("expect")))],
    "HEADERS_TOO_LARGE": [request("GET", cases.CLIENT, None, ("X-Large", secret("large") * 7000)),
                          request("GET", cases.CLIENT, None, *[("X", secret("many"))] * 120)],
    "NOT_IMPLEMENTED": [b"PLANTED-METHOD / HTTP/1.1\r\nHost: x\r\n\r\n",
                        request("GET", cases.CLIENT, None, ("Upgrade", "websocket"))],
    "VERSION_NOT_SUPPORTED": [b"GET /?%s HTTP/2.1\r\nHost: x\r\n\r\n" % secret("v").encode()],
    "UPSTREAM_INVALID": [request("GET", f"{cases.CLIENT}/1/semantic-models/{what}")
                         for what in ("bad-status", "bad-field", "two-lengths", "bad-chunk",
                                      "bad-json", "bad-coding", "bad-gzip", "ends-early")],
    "UPSTREAM_UNREACHABLE": [request("POST", cases.CLIENT + "/1/semantic-models/gone",
                                     json_body(), ("Content-Type", "application/json"))],
    "INTERNAL": [request("GET", cases.CLIENT + "/1/semantic-models/huge-head")],
}
# These need a moment or a state of their own: test methods below.
APART = {"OK", "BROWNOUT", "CLIENT_GONE", "REQUEST_SLOW", "UPSTREAM_SLOW", "OVERLOADED", "DRAINING",
         "EXHAUSTED"}
ALLOCATIONS = 30  # of a request, those that fail in turn


def replies():
    """{what a path ends with: what the service sends for it}."""
    down = [("Set-Cookie", "s=" + secret("set-cookie") + "; Path=/w"),
            ("WWW-Authenticate", "Basic realm=" + secret("realm")), ("X-Up", secret("reply-field")),
            ("ETag", f'"{secret("etag")}"'),
            ("Location", f"{cases.SERVICE}/1?t={secret('location')}"),
            ("Link", f"<{cases.SERVICE}/1?t={secret('link')}>; rel=next")]
    body = json_body("reply")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: " + secret("up").encode()

    def reply(status, content, *more, **options):
        return wire.reply_bytes(status, content, down + list(more), **options)

    return {
        "": reply(200, body, reason=secret("reason")),
        "planted-passthrough": reply(200, body),
        "fails": reply(500, b'{"ok":false,"error":{"message":"%s"}}' % secret("error").encode()),
        "event-stream": reply(200, b"data: %s\n\n: %s\n\nid: %s\ndata: %s\n\n" % (
            body, secret("comment").encode(), secret("event-id").encode(),
            secret("no-json").encode()), ("Content-Type", "text/event-stream"), framing="chunked"),
        "bad-status": b"HTTP/1.1 " + secret("status").encode() + b"\r\n\r\n",
        "bad-field": head + b"\r\n" + secret("bad-field").encode() + b" : 1\r\n\r\n",
        "two-lengths": head + b"\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + body,
        "bad-chunk": head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + secret("size").encode(),
        "bad-json": reply(200, body[:-1] + secret("bad").encode()),
        "bad-coding": reply(200, body, ("Content-Encoding", secret("reply-coding"))),
        "bad-gzip": reply(200, body, ("Content-Encoding", "gzip")),
        "ends-early": head + b"\r\nContent-Length: 500\r\n\r\n" + body,
        "gone": b"",
        "huge-head": head + b"\r\n" + b"".join(
            b"Set-Cookie: %d=%s; Path=%s/1\r\n" % (n, secret("cookies").encode() * 60,
                                                   cases.SERVICE.encode())
            for n in range(200)) + b"Content-Length: 2\r\n\r\n{}",
    }


REPLIES = replies()
PLACES = len(planted)
SOUND = ("", "planted-passthrough", "fails", "event-stream")


def play(connection):
    """The service: a reply by the path's end; "held" gets none, and a bad one is the last."""
    name = ""
    while name not in REPLIES or name in SOUND:
        asked = connection.request(seconds=3600)
        name = asked.target.partition("?")[0].rpartition("/")[2]
        if name == "held":
            connection.drain(3600)
        connection.send(REPLIES.get(name, REPLIES[""]))
    if name == "gone":
        connection.reset()


class Secrets(cases.Case):
    def setUp(self):
        super().setUp()
        self.seen = set()   # outcomes

    def gate(self, form="logfmt", env=None, mapping=mappings.EVERYTHING, **settings):
        """A gateway that says all it ever says, before a service of PLAY."""
        all_of_it = {"log.level": "debug", "log.format": form, "limits.response_head": "1MiB",
                     "limits.response_fields": 1000, **settings}
        self.service = self.upstream(play)
        made = self.gateway(self.service, all_of_it, mapping, env=env)
        made.tolerate("")
        return made

    def outcome_after(self, gate, before):
        """The outcome of the one exchange that GATE tells of after its first BEFORE lines."""
        def told():
            return [m.group(1) for line in gate.lines[before:] for m in OUTCOME.finditer(line)]

        with gate.news:
            self.assertTrue(gate.news.wait_for(told, wire.PATIENCE), gate.lines[-3:])
            self.assertEqual(len(told()), 1, gate.lines[before:])
            return told()[0]

    def try_to_fail(self, gate, outcome, data):
        """DATA ends in OUTCOME, and what is said of that holds no secret."""
        before = len(gate.lines)
        own = self.talk(gate, data)
        if not own.startswith("HTTP/1.1 200 "):  # a reply of the service's that was cut
            self.assertEqual(leaks([own]), [], (outcome, data[:300]))
        self.assertEqual(self.outcome_after(gate, before), outcome, (data[:80], data[-300:], own[-300:]))

    def talk(self, gate, data):
        """Sends DATA on a connection of its own and returns all that comes back."""
        with gate.connect() as connection:
            connection.send(data)
            return connection.drain().decode("latin-1")

    def assert_silent(self, gate, *own):
        """Neither GATE's log, nor its admin's pages, nor its OWN errors hold a secret."""
        for path in ("/healthz", "/readyz", "/metrics", "/status", "/" + secret("admin")):
            with wire.Connection(gate.admin) as admin:
                admin.send(wire.request_bytes("GET", path, None, fields()))
                own += (admin.drain().decode("latin-1"),)
        self.assertEqual(gate.stop(), 0, gate.lines[-3:])
        self.judge(gate, *own)

    def judge(self, gate, *own):
        self.assertEqual(leaks(own), [])
        self.assertGreater(len(gate.lines), 3)
        self.assertEqual(leaks(gate.lines), [])
        self.seen |= {m.group(1) for line in gate.lines for m in OUTCOME.finditer(line)}

    def test_the_check_can_fail(self):
        self.assertEqual(leaks(["a line", "x=" + secret("authorization")]),
                         ["x=planted-authorization"])
        gate = self.gate()
        self.talk(gate, GOOD[0])
        self.assertEqual(gate.stop(), 0)
        gate.lines.append(f'{gate.lines[-1]} token="{secret("query")}"')
        with self.assertRaises(AssertionError):
            self.judge(gate)
        gate.lines.pop()
        with self.assertRaises(AssertionError):
            self.judge(gate, '{"ok":false,"error":{"message":"near PLANTED-JSON-VALUE"}}')
        self.judge(gate)

    def test_every_outcome_is_made_to_happen(self):
        rows = set(ROW.findall(TABLE.read_text()))
        self.assertGreater(len(rows), 20)
        self.assertEqual(rows, set(FAILURES) | APART)

    def test_what_is_served_leaves_no_word(self):
        for form in ("logfmt", "json"):
            with self.subTest(form):
                gate = self.gate(form)
                for data in GOOD:
                    self.assertIn("planted", self.talk(gate, data).lower(), data)
                self.assert_silent(gate)
        self.assertEqual(self.seen, {"OK"})

    def test_what_fails_leaves_no_word(self):
        for form in ("logfmt", "json"):
            with self.subTest(form):
                gate = self.gate(form)
                for outcome, tries in FAILURES.items():
                    for data in tries:
                        self.try_to_fail(gate, outcome, data)
                self.assert_silent(gate)
        self.assertEqual(self.seen, set(FAILURES))
        tries = len(GOOD) + sum(map(len, FAILURES.values()))
        reliability.record("secrets", [
            ("distinct secrets planted in requests and replies, at `log.level: debug`",
             str(PLACES), "make test"),
            (f"kinds of request with them, in all {len(FAILURES) + len(APART)} outcomes",
             f"{tries + len(APART)}", "make test"),
            ("of them found in logs, admin pages or the gateway's own errors", "0", "make test")])

    def in_the_body(self, gate):
        """A connection that has sent a part of a body; the gateway is at it."""
        connection = gate.connect()
        connection.send(post("application/json", BIG, ("Expect", "100-continue"))[:-9])
        connection.until(b"100 Continue\r\n\r\n")
        return connection

    def in_wait(self, gate):
        """A connection whose request the service holds."""
        connection = gate.connect()
        self.addCleanup(connection.close)
        connection.send(post("application/json", json_body(),
                             path=cases.CLIENT + "/1/semantic-models/held"))
        self.service.wait_requests(1)
        return connection

    def test_clients_that_leave_leave_no_word(self):
        gate = self.gate()
        for leave in (self.in_the_body, self.in_wait):
            before = len(gate.lines)
            leave(gate).reset()
            self.assertEqual(self.outcome_after(gate, before), "CLIENT_GONE")
        self.assert_silent(gate)
        self.assertEqual(self.seen, {"CLIENT_GONE"})

    def test_what_is_slow_leaves_no_word(self):
        gate = self.gate(**SHORT)
        self.try_to_fail(gate, "REQUEST_SLOW", GOOD[0][:-2])
        self.try_to_fail(gate, "REQUEST_SLOW", post("application/json", BIG)[:-9])
        self.try_to_fail(gate, "UPSTREAM_SLOW",
                         request("GET", cases.CLIENT + "/1/semantic-models/held"))
        self.assert_silent(gate)
        self.assertEqual(self.seen, {"REQUEST_SLOW", "UPSTREAM_SLOW"})

    def test_allocations_that_fail_leave_no_word(self):
        starved = starve.Starve(self.folder)
        self.addCleanup(starved.close)
        gate = self.gate(env=starved.env, workers=1)
        gate.once("GET", "/nothing")
        gate.wait_line(" exchange ")   # all threads have begun; a sanitizer asks for memory then
        own = []
        for n in range(1, ALLOCATIONS):
            with gate.connect() as connection:
                connection.send(GOOD[3][:-9])
                starved.refuse(n)
                connection.send(GOOD[3][-9:])
                said = connection.drain().decode("latin-1")
            starved.stop()
            own += [] if said.startswith("HTTP/1.1 200 ") else [said]
        self.assert_silent(gate, *own)
        self.assertIn("EXHAUSTED", self.seen)

    def test_what_is_switched_off_leaves_no_word(self):
        """All but who calls, which the header that the mapping names says."""
        gate = self.gate(mapping=mappings.EVERYTHING.replace("passthrough:\n", """passthrough:
  - path: "/api/v1/accounts/{accountId}/rooms/**"
    deprecated: "2026-03-02"
    caller: X-Caller
    brownout: [{from: "2026-03-02T00:00:00Z", to: "9999-12-31T23:59:59Z"}]
"""))
        self.try_to_fail(gate, "BROWNOUT", request(
            "POST", cases.SERVICE.replace("workspaces", "rooms/1"), json_body(),
            ("Content-Type", "application/json"), ("X-Caller", "sales")))
        self.assert_silent(gate)
        self.assertEqual(self.seen, {"BROWNOUT"})
        self.assertTrue(any("caller=sales" in line for line in gate.lines))

    def test_overload_and_drain_leave_no_word(self):
        gate = self.gate(workers=1, **{"limits.exchanges": 1, "timeouts.drain": "400ms"})
        held = self.in_wait(gate)
        self.try_to_fail(gate, "OVERLOADED", GOOD[3])
        gate.signal(signal.SIGTERM)
        own = held.drain().decode("latin-1")
        self.assertIn("DRAINING", own)
        self.assertEqual(gate.stop(), 0)
        self.judge(gate, own)
        self.assertEqual(self.seen, {"OVERLOADED", "DRAINING"})


class Commands(cases.Case):
    """What the commands complain of is told without what they read."""

    def run_with(self, *arguments, url="http://127.0.0.1:1", stdin=b"", env=None):
        config = self.folder / "gateway.yaml"
        config.write_text(f"version: 1\nmapping: {program.ROOT}/config/mapping.yaml\n"
                          f"upstream: {url if url.startswith('{') else '{url: ' + url + '}'}\n")
        command, *rest = arguments
        status, out, error = program.run(command, "-c", str(config), *rest, stdin=stdin, env=env)
        self.assertNotEqual(status, 0)
        self.assertNotEqual(error + out, "")
        return out + error

    def test_a_password_of_the_upstreams_url_is_refused_and_not_shown(self):
        user = f"{secret('url-user')}:{secret('url-password')}"
        for url in (f"http://{user}@h:1", f"https://{user}@h:1", f"ftp://{user}@h",
                    f"http://{user}/?#@h", f"http://{user * 9}@h", f"http://h@{user}@h"):
            for command in (["serve"], ["check"], ["check", "--print"],
                            ["check", "--format", "json"], ["explain", "GET", "/"]):
                for way in ({"url": f'"{url}"'}, {"url": f'{{ulr: "{url}"}}'},
                            {"url": f'{{url: {{x: "{url}"}}}}'},
                            {"env": {"DPGW_UPSTREAM__URL": url}},
                            {"env": {"DPGW_ADMIN": url}}):
                    said = self.run_with(*command, **way)
                    self.assertEqual(leaks([said]), [], (command, way))
            for setting in (f"upstream.url={url}", f"upstream={url}", url):
                said = self.run_with("check", "--set", setting)
                self.assertEqual(leaks([said]), [], setting)

    def test_a_refused_body_is_not_repeated(self):
        body = json_body("command")
        for kind, text in (("application/json", body[:-1] + b"," + secret("bare").encode()),
                           ("application/json", b'{"dataProductId":"%s","workspaceId":"%s"}'
                            % (secret("left").encode(), secret("right").encode())),
                           ("application/x-ndjson", body + b"\n" + secret("line").encode()),
                           ("multipart/form-data; boundary=cut", multipart(broken=True)),
                           (secret("media-type"), body)):
            said = program.run("translate", "--request", "--type", kind, "-", stdin=text)[2]
            self.assertEqual(leaks([said]), [], kind)
            self.assertTrue(said or kind == secret("media-type"), kind)
        said = program.run("explain", "POST", cases.CLIENT, "--body", "-",
                           stdin=body[:-1] + secret("bare").encode())[2]
        self.assertNotEqual(said, "")
        self.assertEqual(leaks([said]), [])
