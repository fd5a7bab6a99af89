"""Names of the service that no rule knows: counted, listed, logged once, and never with a value."""
import json
import re

import cases
import program
import upstream
import wire
import yaml12

from test_y_admin import Asked

ROUTE = "/api/v1/accounts/{accountId}/data-products"
PRODUCT = ROUTE + "/{dataProductId}"
JSON = ("Content-Type", "application/json")
LOGGED = re.compile(r" (?:info|warn) drift ")
SECRET = "the-workspace-of-nobody"


def document(*names):
    """A reply with NAMES as keys, each with a value that nobody may see again."""
    return wire.reply_bytes(200, json.dumps({name: SECRET for name in names}).encode())


class Drift(Asked):
    def listed(self, gate, count):
        """{(kind, name): entry} of the drift list once it has COUNT entries."""
        reply = self.until(gate, "/drift", lambda reply: len(reply.json()) >= count)
        entries = reply.json()
        self.assertEqual(len(entries), count, entries)
        return {(e["kind"], e["name"]): e for e in entries}

    def check_secret(self, gate):
        """No value has left for a page or the log."""
        for path in ("/drift", "/drift.yaml", "/metrics"):
            self.assertNotIn(SECRET.encode(), self.ask(gate, path).body)
        gate.finish()
        self.assertNotIn(SECRET, "\n".join(gate.lines))

    def test_keys_are_listed_with_route_path_and_count(self):
        body = {"workspaceRole": SECRET, "workspaceId": 1, "slackWorkspaceId": 2,
                "workspaces": [{"workspaceRole": [{"workspaceOwner": SECRET}]},
                               {"rows": [{"workspaceColumn": SECRET}]}],
                "note": "workspaceNothing"}
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, json.dumps(body).encode())))
        for _ in range(3):
            gate.once("GET", cases.CLIENT)
        gate.once("GET", cases.CLIENT + "/p1")
        self.until(gate, "/drift", lambda reply: sum(e["count"] for e in reply.json()) == 12)
        entries = self.ask(gate, "/drift").json()
        self.assertEqual([(e["route"], e["name"], e["path"], e["count"]) for e in entries], [
            (ROUTE, "workspaceOwner", "$.dataProducts[*].workspaceRole[*].workspaceOwner", 3),
            (ROUTE, "workspaceRole", "$.workspaceRole", 6),
            (PRODUCT, "workspaceOwner", "$.dataProducts[*].workspaceRole[*].workspaceOwner", 1),
            (PRODUCT, "workspaceRole", "$.workspaceRole", 2)])
        self.assertEqual({e["suggestion"] for e in entries},
                         {"dataProductOwner", "dataProductRole"})
        self.assertEqual({e["kind"] for e in entries}, {"key"})
        got = self.metrics(gate, requests=4)
        self.assertEqual(got["dpgw_drift_names"], 4)
        self.assertEqual(got[f'dpgw_leaks_total{{route="{ROUTE}"}}'], 9)
        self.assertEqual(got[f'dpgw_leaks_total{{route="{PRODUCT}"}}'], 3)
        self.check_secret(gate)
        lines = [line for line in gate.lines if LOGGED.search(line)]
        self.assertEqual(len(lines), 4, lines)
        self.assertEqual(sum(f"http.route={ROUTE} " in line for line in lines), 2)

    def test_headers_and_places(self):
        head = (b"HTTP/1.1 201 Created\r\nX-Workspace-Id: " + SECRET.encode() +
                b"\r\nX-Workspace-Owner: " + SECRET.encode() +
                b"\r\nLocation: /v2/workspace-archive/42?workspaceSort=" + SECRET.encode() +
                b"\r\nContent-Length: 0\r\n\r\n")
        gate, _ = self.pair(upstream.always(head))
        reply = gate.once("POST", cases.CLIENT, b"{}", [JSON])
        self.assertIsNotNone(reply.field("X-Data-Product-Id"))
        found = self.listed(gate, 3)
        self.assertEqual(found["header", "X-Workspace-Owner"]["suggestion"], "X-Data-Product-Owner")
        self.assertEqual(found["path", "workspace-archive"]["path"], "Location")
        self.assertEqual(found["query", "workspaceSort"]["suggestion"], "dataProductSort")
        self.check_secret(gate)

    def test_events_are_told_while_the_stream_goes_on(self):
        def stream(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n")
            event = b'data: {"delta":{"workspaceHint":1}}\n\n'
            connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            connection.wait_for_end()

        gate, _ = self.pair(stream)
        with gate.connect() as client:
            client.request("POST", cases.CLIENT + "/p1/chat/stream", b"{}", [JSON], reply=False)
            found = self.listed(gate, 1)
            self.assertEqual(found["key", "workspaceHint"]["path"], "$.delta.workspaceHint")

    def test_what_is_watched_says_the_mapping(self):
        plain = cases.CLIENT
        gate, _ = self.pair(upstream.always(document("workspaceRole", "spaceRole")), mapping=(
            f'version: 1\nroutes: [{{client: "{plain}", upstream: "{plain}", methods: [GET]}}]\n'))
        gate.once("GET", plain)
        got = self.metrics(gate, requests=1)
        self.assertEqual(got["dpgw_drift_names"], 0)
        self.assertEqual(self.ask(gate, "/drift").json(), [])
        text = self.ask(gate, "/drift.yaml")
        self.assertEqual(text.field("Content-Type"), "application/yaml")
        self.assertIsNone(yaml12.load(text.body.decode()))

    def test_a_reload_forgets_what_has_a_rule_now(self):
        plain = cases.CLIENT
        mapping = (f'version: 1\nroutes: [{{client: "{plain}", upstream: "{plain}", methods: [GET]}}]\n'
                   'watch: {names: ["*space*"]%s}\n%s')
        gate, _ = self.pair(upstream.always(document("spaceA", "spaceB", "spaceC")),
                            mapping=mapping % ("", ""))
        gate.once("GET", plain)
        self.listed(gate, 3)
        file = self.folder / "mapping.yaml"
        file.write_text(mapping % (", ignore: [spaceB]", "fields: {productC: spaceC}\n"))
        self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
        self.assertEqual(list(self.listed(gate, 1)), [("key", "spaceA")])
        gate.once("GET", plain)
        self.until(gate, "/drift", lambda reply: reply.json()[0]["count"] == 2)
        self.assertEqual(list(self.listed(gate, 1)), [("key", "spaceA")])

    def test_the_list_and_the_log_are_bounded(self):
        names = [f"workspaceMadeUp{i}" for i in range(5000)]
        gate, _ = self.pair(upstream.always(document(*names)))
        gate.expect_line("drift list is full")
        reply = gate.once("GET", cases.CLIENT)
        self.assertEqual(len(reply.json()), 5000)
        self.metrics(gate, requests=1)
        self.assertEqual(len(self.ask(gate, "/drift").json()), 1000)
        gate.once("GET", cases.CLIENT)
        got = self.metrics(gate, requests=2)
        self.assertEqual(got["dpgw_drift_names"], 1000)
        self.assertEqual(got[f'dpgw_leaks_total{{route="{ROUTE}"}}'], 10000)
        text = self.ask(gate, "/drift.yaml").body.decode()
        self.assertIn("8000 more were met and left out", text)
        self.assertEqual(len(yaml12.load(text)["watch"]["ignore"]), 1000)
        gate.finish()
        lines = [line for line in gate.lines if LOGGED.search(line)]
        self.assertEqual(len(lines), 1001, lines[-3:])
        self.assertEqual(sum("drift list is full" in line for line in lines), 1)

    def test_strange_names_do_no_harm(self):
        names = ['workspace"\n- x: #', "workspace\x1b[31m", "workspace\u2028", "no workspace", "w" * 240 +
                 "space\n", "workspace: {a", "123workspace", "workspace'\\"]
        gate, _ = self.pair(upstream.always(document(*names)), mapping=(
            f'version: 1\nroutes: [{{client: "{cases.CLIENT}", upstream: "{cases.CLIENT}", methods: [GET]}}]\n'
            'watch: {names: ["*space*"]}\n'))
        gate.once("GET", cases.CLIENT)
        self.assertEqual({name for _, name in self.listed(gate, len(names))}, set(names))
        text = self.ask(gate, "/drift.yaml").body.decode()
        self.assertEqual(set(yaml12.load(text)["watch"]["ignore"]), set(names))
        self.assertNotRegex(text, r"[^\n -~\u0080-\uffff]")
        self.check_secret(gate)
        self.assertNotIn("\x1b", "".join(gate.lines))


class Command(Asked):
    def drift(self, *arguments):
        return program.run("drift", *arguments)

    def test_it_prints_what_can_be_pasted(self):
        gate, _ = self.pair(upstream.always(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Workspace-Owner: 1\r\n"
            b'Link: </workspace-docs>; rel="help"\r\nContent-Length: 44\r\n\r\n'
            b'{"workspaceRole":1,"a":{"slackworkspace":2}}'))
        gate.once("GET", cases.CLIENT)
        url = f"http://{gate.admin}"
        self.until(gate, "/drift", lambda reply: len(reply.json()) >= 4)
        status, out, error = self.drift("--admin", url)
        self.assertEqual((status, error), (0, ""))
        self.assertIn("  # dataProductRole: workspaceRole\n", out)
        self.assertIn(f"  #     1 x {ROUTE} $.workspaceRole\n", out)
        self.assertIn("  # ?: slackworkspace\n", out)
        self.assertIn("  # X-Data-Product-Owner: X-Workspace-Owner\n", out)
        pasted = yaml12.load(out)
        self.assertEqual(sorted(pasted), ["fields", "headers", "routes", "watch"])
        self.assertEqual(pasted["watch"]["ignore"],
                         ["X-Workspace-Owner", "slackworkspace", "workspace-docs", "workspaceRole"])
        status, out, _ = self.drift("--admin", url + "/", "--format", "json")
        self.assertEqual((status, {e["kind"] for e in json.loads(out)}),
                         (0, {"key", "header", "path"}))

    def test_exit_codes(self):
        self.assertEqual(self.drift("--help")[0], 0)
        for wrong in (["--admin"], ["--admin", "here"], ["--admin", "ftp://x"], ["x"],
                      ["--format", "xml"], ["--admin", "http://"], ["--admin", "http://a b"]):
            with self.subTest(arguments=wrong):
                self.assertEqual(self.drift(*wrong)[0], 64)
        service = self.upstream(upstream.always(wire.reply_bytes(404, b"")))
        status, out, error = self.drift("--admin", service.url)
        self.assertEqual((status, out), (69, ""))
        self.assertIn("answered 404", error)
        nobody = upstream.NoListener()
        self.addCleanup(nobody.close)
        status, out, error = self.drift("--admin", nobody.url)
        self.assertEqual((status, out), (69, ""))
        self.assertIn("no connection", error)
