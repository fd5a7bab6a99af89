"""The line that each exchange leaves in the log: every name, in both formats, and nothing else."""
import json
import re
import unittest

import cases
import program
import wire

ROUTE = "/api/v1/accounts/{accountId}/data-products"
OLD = "/api/v1/accounts/{accountId}/workspaces/**"
PAIR = re.compile(r' ([a-z][\w.]*)=("(?:[^"\\]|\\.)*"|\S*)')
SECONDS = re.compile(r"^\d+\.\d{6}$")
TRACE = "0af7651916cd43dd8448eb211c80319c"
DIGEST = r"^[0-9a-f]{8}$"
# What every line holds; what only some do.
ALWAYS = ["http.request.body.size", "http.response.body.size", "http.server.request.duration",
          "dpgw.gateway.duration", "outcome", "mapping", "request_id", "trace_id"]
PARSED = ["http.request.method", "network.protocol.version"]
ROUTED = ["http.route", "url.path"]
ASKED = ["http.client.request.duration", "http.request.resend_count"]
ANSWERED = ["http.response.status_code"]
DEPRECATED = ["deprecated", "caller"]


class Documented(unittest.TestCase):
    def test_readme_names_them_all(self):
        readme = (program.ROOT / "README.md").read_text()
        table = re.search(r"<!-- log: begin -->\n(.*?)<!-- log: end -->", readme, re.S).group(1)
        names = [name for row in table.splitlines()[2:]
                 for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
        self.assertEqual(sorted(names), sorted(
            ALWAYS + PARSED + ROUTED + ASKED + ANSWERED + DEPRECATED))


class Line(cases.Case):
    def start(self, form, script=None, settings=None):
        self.form = form
        self.gate, self.service = self.pair(script, {"log.format": form, **(settings or {})})
        return self.gate

    def line(self, outcome):
        """The pairs of the line of the one exchange that ended with OUTCOME, all as text."""
        found = self.gate.wait_line(rf'\bexchange\b.*\boutcome\W+{outcome}\b').string
        if self.form == "json":
            pairs = json.loads(found, parse_float=str, parse_int=str)
            self.assertEqual((pairs.pop("level"), pairs.pop("event")), ("info", "exchange"))
            self.assertRegex(pairs.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            return pairs
        self.assertRegex(found, r"^\S+Z info exchange ")
        return {name: value.strip('"') for name, value in PAIR.findall(found)}

    def check(self, pairs, names, **values):
        self.assertEqual(sorted(pairs), sorted(names), pairs)
        for name, value in values.items():
            self.assertEqual(pairs[name.replace("__", ".")], value, pairs)
        for name in pairs:
            if name.endswith(".duration"):
                self.assertRegex(pairs[name], SECONDS, name)
        self.assertRegex(pairs["mapping"], DIGEST)
        self.assertRegex(pairs["trace_id"], "^[0-9a-f]{32}$")
        self.assertNotEqual(pairs["request_id"], "")
        whole = float(pairs["http.server.request.duration"])
        for part in ("dpgw.gateway.duration", "http.client.request.duration"):
            self.assertLessEqual(float(pairs.get(part, 0)), whole, pairs)

    def each(self):
        for form in ("logfmt", "json"):
            with self.subTest(form=form):
                yield form

    def test_an_answered_request_has_every_name(self):
        body, answer = b'{"dataProductId":1}', b'{"workspaceId":"1234"}'
        for form in self.each():
            gate = self.start(form, lambda c: [c.request(), c.send(wire.reply_bytes(200, answer))])
            reply = gate.once("POST", cases.CLIENT + "?secret=1", body, [
                ("Content-Type", "application/json"), ("X-Request-Id", "the-one"),
                ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")])
            self.check(self.line("OK"), ALWAYS + PARSED + ROUTED + ASKED + ANSWERED,
                       http__request__method="POST", http__route=ROUTE, url__path=ROUTE,
                       network__protocol__version="1.1", http__response__status_code="200",
                       http__request__body__size=str(len(body)),
                       http__response__body__size=str(len(reply.body)),
                       http__request__resend_count="0", request_id="the-one", trace_id=TRACE)
            self.assertNotIn(cases.ACCOUNT, "\n".join(gate.lines))

    def test_a_deprecated_route_is_told_with_who_calls(self):
        for form in self.each():
            gate = self.start(form)
            gate.once("GET", cases.SERVICE, fields=[("User-Agent", "old \"client\"/1.0")])
            self.check(self.line("OK"), ALWAYS + PARSED + ROUTED + ASKED + ANSWERED + DEPRECATED,
                       http__route=OLD, deprecated="true", caller="old")

    def test_a_second_try_is_told(self):
        def script(connection):
            connection.request()
            if connection.number:
                connection.send(cases.OK)
        for form in self.each():
            gate = self.start(form, script)
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
            pairs = self.line("OK")
            self.assertEqual(pairs["http.request.resend_count"], "1")

    def test_without_a_route_nothing_of_the_path_is_told(self):
        for form in self.each():
            gate = self.start(form)
            gate.once("GET", "/some/secret?secret=1", version="1.0")
            self.check(self.line("NO_ROUTE"), ALWAYS + PARSED + ANSWERED,
                       network__protocol__version="1.0", http__response__status_code="404",
                       http__request__body__size="0")
            self.assertNotIn("secret", "\n".join(gate.lines))

    def test_refused_heads_leave_a_line(self):
        refused = {
            "BAD_REQUEST": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            "URI_TOO_LONG": (b"GET /" + b"x" * 10000 + b" HTTP/1.1\r\n", "414"),
            "HEADERS_TOO_LARGE": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n", "431"),
            "NOT_IMPLEMENTED": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
            "VERSION_NOT_SUPPORTED": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        }
        for form in self.each():
            gate = self.start(form)
            for outcome, (head, status) in refused.items():
                with gate.connect() as connection:
                    connection.send(head)
                    self.assertEqual(str(connection.reply().status), status)
                self.check(self.line(outcome), ALWAYS + ANSWERED,
                           http__response__status_code=status)

    def test_a_slow_head_leaves_a_line(self):
        for form in self.each():
            gate = self.start(form, settings={"timeouts.request_head": "50ms"})
            with gate.connect() as connection:
                connection.send(b"GET / HT")
                self.assertEqual(connection.reply().status, 408)
            self.check(self.line("REQUEST_SLOW"), ALWAYS + ANSWERED,
                       http__response__status_code="408")

    def test_a_client_that_left_has_no_status(self):
        def script(connection):
            connection.request()
            connection.wait_for_end(seconds=3600)
        for form in self.each():
            gate = self.start(form, script)
            with gate.connect() as connection:
                connection.request("GET", cases.CLIENT, reply=False)
                self.service.wait_requests(1)
                connection.reset()
            self.check(self.line("CLIENT_GONE"), ALWAYS + PARSED + ROUTED + ASKED)
