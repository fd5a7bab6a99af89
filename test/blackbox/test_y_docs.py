"""What the gateway itself shows: /docs and the description of the API, as files say."""
import gzip
import hashlib
import json
import re

import cases
import program
import wire
import yaml12
from test_y_admin import Asked

DESCRIPTION = 'openapi: 3.1.0\ninfo: {title: "%s", version: "1"}\npaths: {}\n'
PAGE = {"index.html": b"<!doctype html><title>page</title>", "page.css": b"p { color: red }",
        "page.js": b"'use strict'\n" * 200}
REDOC = b"function redoc () { return 1 }\n" * 5000
TYPES = {"/openapi.yaml": "application/yaml", "/openapi.json": "application/json",
         "/docs": "text/html; charset=utf-8", "/docs/": "text/html; charset=utf-8",
         "/docs/page.css": "text/css; charset=utf-8",
         "/docs/page.js": "text/javascript; charset=utf-8",
         "/docs/redoc.standalone.js": "text/javascript; charset=utf-8"}
NO_PAGE = r"no-page|/docs is not served"
# Every kind of scalar that the core schema knows, and some that only older YAML does.
SCALARS = """
- [~, null, Null, NULL, true, True, TRUE, false, False, FALSE, yes, no, on, off, y, n]
- [0, -0, 7, +7, -12, 007, 0x1F, 0o17, 1_000, 0b11, 12:30:45, 123456789012345678901234567890]
- [1.5, -1.50, +1.5, .5, 2., 2.e3, 1e5, 1E-5, 1.7976931348623157e308, 1.2.3, 1e, e5]
- [2026-03-02, "2026-03-02", 'true', "1", "", '', "null", "\\u00e9\\t\\x07", é, 😀]
- {200: ok, true: t, null: n, 1.5: f, "a b": c, ? d : e}
- |
  kept
    lines "with" \\ quotes
- >-
  folded
  lines
"""


class Served(Asked):
    """A gateway that shows what is in a folder of the test's own."""

    def put(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def put_page(self):
        for name, content in PAGE.items():
            self.put(f"docs/{name}", content)
        self.put("docs/redoc.standalone.js.gz", gzip.compress(REDOC))

    def start(self, page=True, description=DESCRIPTION % "first", settings=None, **options):
        self.put("openapi/data-products.yaml", description)
        self.put("openapi/combined.yaml", DESCRIPTION % "both")
        if page:
            self.put_page()
        gate, self.upstream_ = self.pair(None, {"docs.serve": True, "docs.directory": ".",
                                                **(settings or {})}, **options)
        if not page:
            gate.expect_line(NO_PAGE)
        return gate

    def title(self, gate):
        return gate.once("GET", "/openapi.json").json()["info"]["title"]

    def rewrite(self, gate, **changes):
        """The settings' file with other values below `docs:`."""
        text = gate.config.read_text()
        for key, value in changes.items():
            text, count = re.subn(rf"(?m)^  {key}: .*$", f"  {key}: {value}", text)
            self.assertEqual(count, 1)
        gate.config.write_text(text)


class Replies(Served):
    def test_each_path_has_its_type_and_bytes(self):
        gate = self.start()
        yaml = (DESCRIPTION % "first").encode()
        bodies = {"/openapi.yaml": yaml, "/openapi.json": None, "/docs": PAGE["index.html"],
                  "/docs/": PAGE["index.html"], "/docs/page.css": PAGE["page.css"],
                  "/docs/page.js": PAGE["page.js"], "/docs/redoc.standalone.js": REDOC}
        with gate.connect() as connection:
            for path, body in bodies.items():
                reply = connection.request("GET", path)
                self.assertEqual(reply.status, 200, path)
                self.assertEqual(reply.field("Content-Type"), TYPES[path])
                self.assertEqual(reply.field("X-Content-Type-Options"), "nosniff")
                self.assertEqual(reply.field("Cache-Control"), "no-cache")
                self.assertEqual(reply.field("Vary"), "Accept-Encoding")
                self.assertEqual(reply.field("Content-Length"), str(len(reply.body)))
                self.assertIsNone(reply.field("Content-Encoding"))
                self.assertEqual(reply.field("Content-Security-Policy") is not None,
                                 path in ("/docs", "/docs/"))
                if body is not None:
                    self.assertEqual(reply.body, body, path)
            self.assertEqual(connection.request("GET", "/openapi.json").json(),
                             yaml12.load(yaml))
        self.assertEqual(self.upstream_.requests, [])

    def test_who_takes_gzip_gets_it(self):
        gate = self.start()
        for path in ("/docs/redoc.standalone.js", "/docs/page.js"):
            plain = gate.once("GET", path)
            coded = gate.once("GET", path, fields=[("Accept-Encoding", "br;q=1, gzip;q=0.1")])
            self.assertEqual(coded.field("Content-Encoding"), "gzip")
            self.assertEqual(coded.field("Content-Type"), plain.field("Content-Type"))
            self.assertEqual(gzip.decompress(coded.body), plain.body)
            self.assertLess(len(coded.body), len(plain.body) / 5)
            self.assertNotEqual(coded.field("ETag"), plain.field("ETag"))
            for refused in ("gzip;q=0", "br", "identity", "*;q=0"):
                reply = gate.once("GET", path, fields=[("Accept-Encoding", refused)])
                self.assertIsNone(reply.field("Content-Encoding"), refused)
                self.assertEqual(reply.body, plain.body)

    def test_what_is_known_is_not_sent_again(self):
        gate = self.start()
        with gate.connect() as connection:
            for path in TYPES:
                for accept in ("identity", "gzip"):
                    fields = [("Accept-Encoding", accept)]
                    tag = connection.request("GET", path, fields=fields).field("ETag")
                    self.assertRegex(tag, r'^"[0-9a-f]{16}"$')
                    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                        reply = connection.request("GET", path, fields=[
                            *fields, ("If-None-Match", known)])
                        self.assertEqual((reply.status, reply.body), (304, b""), known)
                        self.assertEqual(reply.field("ETag"), tag)
                    for unknown in ('"other"', "other", tag[:-2] + 'x"'):
                        reply = connection.request("GET", path, fields=[
                            *fields, ("If-None-Match", unknown)])
                        self.assertEqual(reply.status, 200, unknown)

    def test_a_head_has_no_body(self):
        gate = self.start()
        with gate.connect() as connection:
            for path in TYPES:
                whole = connection.request("GET", path)
                head = connection.request("HEAD", path)
                self.assertEqual((head.status, head.body), (200, b""))
                for name in ("Content-Length", "Content-Type", "ETag"):
                    self.assertEqual(head.field(name), whole.field(name), path)

    def test_other_methods_are_refused(self):
        gate = self.start()
        for path in TYPES:
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                reply = gate.once(method, path, b"{}" if method == "POST" else None)
                self.assert_error(reply, 405, "METHOD_NOT_ALLOWED")
                self.assertEqual(reply.field("Allow"), "GET, HEAD")

    def test_a_body_that_nobody_asked_for_is_passed_over(self):
        gate = self.start()
        with gate.connect() as connection:
            reply = connection.request("GET", "/docs", b"x" * 100000)
            self.assertEqual((reply.status, reply.body), (200, PAGE["index.html"]))
            self.assertTrue(connection.end())
        self.assertEqual(gate.once("GET", "/docs").status, 200)

    def test_the_page_may_load_nothing_from_elsewhere(self):
        policy = self.start().once("GET", "/docs").field("Content-Security-Policy")
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        self.assertEqual(rules["default-src"], "'none'")
        self.assertEqual(rules["script-src"], "'self'")
        for rule, sources in rules.items():
            for source in sources.split():
                self.assertRegex(source, r"^('none'|'self'|'sha256-[\w+/=]+'|data:|blob:)$", rule)

    def test_a_slow_reader_gets_all_of_it(self):
        words = "".join(f"# {hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(50000))
        gate = self.start(description=DESCRIPTION % "large" + words)
        with gate.connect(receive_buffer=4096) as slow:
            slow.request("GET", "/openapi.yaml", reply=False)
            self.assertEqual(gate.once("GET", "/openapi.json").status, 200)
            reply = slow.reply()
            self.assertEqual(reply.body.decode(), DESCRIPTION % "large" + words)

    def test_counts_and_log_name_the_path(self):
        gate = self.start()
        gate.once("GET", "/docs")
        gate.once("POST", "/openapi.json")
        for route, status in (("/docs", 200), ("/openapi.json", 405)):
            gate.wait_line(rf"exchange .*http\.route={route} .*status_code={status}")
            counted = re.compile(rf'dpgw_requests_total{{route="{route}",.*status="{status}"}} 1')
            self.until(gate, "/metrics", lambda reply, row=counted: row.search(reply.body.decode()))

    def test_it_is_shown_with_no_service_behind(self):
        self.put("openapi/data-products.yaml", DESCRIPTION % "alone")
        gate = self.gateway("http://127.0.0.1:1", {"docs.serve": True, "docs.directory": "."})
        gate.expect_line(NO_PAGE)
        self.assertEqual(self.title(gate), "alone")


class Json(Served):
    """/openapi.json is what a YAML 1.2 loader makes of /openapi.yaml."""

    def same(self, text):
        gate = self.start(page=False, description=text)
        self.assertEqual(gate.once("GET", "/openapi.yaml").body.decode(), text)
        found = gate.once("GET", "/openapi.json").body
        wanted = yaml12.load(text)
        self.assertEqual(json.loads(found), wanted)
        # 1 and 1.0, and true, are equal in Python.
        self.assertEqual(json.dumps(json.loads(found)), json.dumps(wanted))

    def test_every_kind_of_scalar(self):
        self.same("openapi: 3.1.0\nall:" + SCALARS.replace("\n", "\n  ").rstrip() + "\n")

    def test_the_descriptions_that_are_here(self):
        files = sorted((program.ROOT / "openapi").glob("*.yaml"))
        for file in files:
            text = file.read_text()
            if "\nopenapi:" in f"\n{text}":
                with self.subTest(file.name):
                    self.same(text)

    def test_a_large_one(self):
        text = "openapi: 3.1.0\npaths:\n" + "".join(
            f'  "/things/{n}": {{get: {{operationId: "get{n}", responses: {{200: {{description: '
            f'"thing {n}"}}}}}}}}\n' for n in range(20000))
        self.assertGreater(len(text), 1 << 20)
        self.same(text)


class Switch(Served):
    def test_it_is_off_by_default(self):
        gate, _ = self.pair()
        for path in TYPES:
            self.assert_error(gate.once("GET", path), 404, "ROUTE_NOT_FOUND")

    def test_other_paths_are_no_concern_of_it(self):
        gate = self.start()
        for path in ("/docs/x", "/docsx", "/openapi", "/openapi.yml", "/Docs", "/doc%73"):
            self.assert_error(gate.once("GET", path), 404, "ROUTE_NOT_FOUND")
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_the_other_document(self):
        gate = self.start(settings={"docs.document": "combined"})
        self.assertEqual(self.title(gate), "both")

    def test_explain_says_who_answers(self):
        gate = self.start()
        told = lambda *words: program.run("explain", "-c", gate.config, *words)  # noqa: E731
        status, out, error = told("GET", "/docs?x")
        self.assertEqual((status, error), (0, ""))
        self.assertEqual(out, "route       /docs\nanswer      by the gateway itself (docs.serve)\n")
        status, out, _ = told("--format", "json", "HEAD", "/openapi.json")
        self.assertEqual((status, json.loads(out)), (0, {
            "route": "/openapi.json", "answered_by": "gateway", "setting": "docs.serve"}))
        status, out, error = told("POST", "/docs")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("405, /docs takes GET, HEAD only", error)
        self.assertEqual(told("GET", "/docs/x")[0], 1)
        self.rewrite(gate, serve="false")
        status, _, error = told("GET", "/docs")
        self.assertEqual(status, 1)
        self.assertIn("404, no route serves /docs", error)

    def test_without_its_files_there_is_no_page(self):
        gate = self.start(page=False)
        self.assert_error(gate.once("GET", "/docs"), 404, "ROUTE_NOT_FOUND")
        self.assertEqual(self.title(gate), "first")
        gate.wait_line(r"docs-assets")

    def test_without_a_description_it_does_not_start(self):
        gate = self.gateway("http://127.0.0.1:1", {"docs.serve": True, "docs.directory": "."},
                            boot=False)
        gate.expect_line(r"data-products\.yaml: No such file")
        gate.expected_status = 78
        gate.wait_end()

    def test_a_reload_switches_it(self):
        gate = self.start()
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", "/docs").status, 200)
            self.rewrite(gate, serve="false")
            self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
            self.assertEqual(connection.request("GET", "/docs").status, 404)
            self.rewrite(gate, serve="true")
            self.put("openapi/data-products.yaml", DESCRIPTION % "second")
            self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
            self.assertEqual(connection.request("GET", "/docs").status, 200)
        self.assertEqual(self.title(gate), "second")

    def test_a_bad_description_changes_nothing(self):
        gate = self.start()
        self.put("openapi/data-products.yaml", "openapi: [\n")
        refused = self.ask(gate, "/-/reload", "POST")
        self.assertNotEqual(refused.status, 200)
        self.assertIn("openapi/data-products.yaml", refused.body.decode())
        gate.expect_line("configuration complaint")
        gate.expect_line("reload refused")
        self.assertEqual(self.title(gate), "first")

    def test_a_changed_file_is_read_at_once(self):
        gate = self.start(page=False, settings={"reload": "auto"})
        self.put("openapi/data-products.yaml", DESCRIPTION % "second")
        gate.wait_line(r"reloaded .*file changed")
        self.assertEqual(self.title(gate), "second")
        self.put_page()
        with gate.news:
            self.assertTrue(gate.news.wait_for(
                lambda: gate.once("GET", "/docs").status == 200, wire.PATIENCE))

    def test_a_reply_under_way_ends_as_it_began(self):
        large = DESCRIPTION % "large" + "# and so on\n" * 300000
        gate = self.start(description=large)
        with gate.connect(receive_buffer=4096) as slow:
            slow.request("GET", "/openapi.yaml", reply=False)
            slow.see(b"HTTP/1.1 200")
            self.put("openapi/data-products.yaml", DESCRIPTION % "second")
            self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
            self.assertEqual(self.title(gate), "second")
            self.assertEqual(slow.reply().body.decode(), large)
