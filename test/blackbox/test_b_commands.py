"""check, translate, explain: what they print and how they end."""
import json
import os
import re
import select
import subprocess
import time

import cases
import dialects
import gateway
import mappings
import program
import terminal
import wire

COMPLAINT = re.compile(r"^(\S+):(\d+):(\d+): error: (.+)$")


class Commands(cases.Case):
    def config(self, mapping=mappings.EVERYTHING, settings=None, extra=""):
        """A configuration in the case's folder; returns its path."""
        (self.folder / "mapping.yaml").write_text(mapping)
        values = dict(gateway.SETTINGS, mapping="mapping.yaml")
        values["upstream.url"] = "http://127.0.0.1:9000"
        values.update(settings or {})
        file = self.folder / "gateway.yaml"
        file.write_text(gateway.settings_yaml(values) + extra)
        return str(file)

    def run_with(self, *arguments, stdin=b"", config=None):
        command, *rest = arguments
        return program.run(command, "-c", config or self.config(), *rest, stdin=stdin)

    # --- check ------------------------------------------------------------

    def test_shipped_configuration_is_good(self):
        status, _, error = program.run("check", "-c", "config/gateway.yaml")
        self.assertEqual((status, error.count("error:")), (0, 0), error)

    def test_check_of_a_good_one(self):
        status, _, error = self.run_with("check")
        self.assertEqual(status, 0, error)

    def check_complains(self, mapping, *wanted, extra="", settings=None):
        """`check` refuses MAPPING with exactly complaints like WANTED, in any order."""
        status, _, error = self.run_with("check", config=self.config(mapping, settings, extra))
        self.assertEqual(status, 1, error)
        lines = error.splitlines()
        found = [COMPLAINT.match(line).group(4) for line in lines if COMPLAINT.match(line)]
        for pattern in wanted:
            self.assertTrue(any(re.search(pattern, text) for text in found), (pattern, error))
        self.assertEqual(len(found), len(wanted), error)
        carets = [line for line in lines if re.match(r"^\s*\|\s*\^~*$", line)]
        self.assertEqual(len(carets), len(wanted), error)
        return error

    def test_five_mistakes_are_five_complaints(self):
        mapping = mappings.EVERYTHING.replace(
            "words:", "wordz:").replace(
            "methods:  [GET, POST]\n", "methods:  [GET, PSOT]\n", 1).replace(
            "dataProductType:       workspaceType", "dataProductType:       workspaceId").replace(
            "collisions: {request: reject", "collisions: {request: refuse")
        error = self.check_complains(
            mapping, r'wordz.*|unknown', r"PSOT", r'"workspaceId".*"dataProductId"', r"refuse",
            r"workers", settings={"workers": "many"})
        self.assertIn("did you mean", error)

    def test_place_and_source_line_of_a_complaint(self):
        mapping = mappings.EVERYTHING.replace(
            "dataProductType:       workspaceType", "productId: workspaceId")
        line = mapping.splitlines().index("  productId: workspaceId") + 1
        error = self.check_complains(mapping, "workspaceId")
        self.assertRegex(error, rf"(?m)^\S*mapping\.yaml:{line}:3: error: ")
        self.assertRegex(error, rf"(?m)^\s*{line} \|   productId: workspaceId$")

    def test_duplicate_key(self):
        self.check_complains(mappings.EVERYTHING + "version: 1\n", r"(?i)duplicate|twice|already")

    def test_wrong_type(self):
        self.check_complains(mappings.EVERYTHING.replace('opaque: ["$..rows"]', "opaque: 7"),
                             "opaque|list")

    def test_alias(self):
        mapping = mappings.EVERYTHING.replace('opaque: ["$..rows"]', "opaque: &a []").replace(
            "names_in: [sort, fields, include]", "names_in: *a")
        status, _, error = self.run_with("check", config=self.config(mapping))
        self.assertEqual(status, 1)
        self.assertRegex(error, r"mapping\.yaml:\d+:\d+: error: .*(alias|anchor)")

    def test_too_deep(self):
        status, _, error = self.run_with(
            "check", config=self.config(mappings.EVERYTHING + "x: " + "[" * 5000 + "]" * 5000))
        self.assertEqual(status, 1)
        self.assertRegex(error, r"error: .*(deep|nest)")

    def test_not_utf8(self):
        config = self.config()
        file = self.folder / "mapping.yaml"
        file.write_bytes(file.read_bytes() + b"# \xff\xfe\n")
        status, _, error = self.run_with("check", config=config)
        self.assertEqual(status, 1)
        self.assertRegex(error, r"error: .*UTF-8")

    def test_second_document(self):
        status, _, error = self.run_with("check",
                                         config=self.config(mappings.EVERYTHING + "---\na: 1\n"))
        self.assertEqual(status, 1)
        self.assertRegex(error, r"error: .*document")

    def test_two_names_onto_one(self):
        self.check_complains(
            mappings.EVERYTHING.replace("dataProducts:          workspaces",
                                        "dataProducts:          workspace"),
            r'"workspace".*"dataProduct"')

    def test_route_that_no_path_reaches(self):
        mapping = mappings.EVERYTHING.replace("passthrough:\n", """\
  - client:   "/api/v1/accounts/{other}/data-products"
    upstream: "/other/{other}"
    methods:  [GET]
passthrough:
""")
        self.check_complains(mapping, r"same set of paths")

    def test_syntax_error(self):
        status, _, error = self.run_with("check", config=self.config("version: 1\nfields: {a: b\n"))
        self.assertEqual(status, 1)
        self.assertRegex(error, r"mapping\.yaml:\d+:\d+: error: ")

    def test_json_complaints(self):
        config = self.config(mappings.EVERYTHING.replace("words:", "wordz:"))
        status, out, error = self.run_with("check", "--format", "json", config=config)
        self.assertEqual(status, 1)
        found = [json.loads(line) for line in (error + out).splitlines() if line.startswith("{")]
        if not found:
            found = json.loads(error or out)
        self.assertEqual(set(found[0]) - {"hint"},
                         {"file", "line", "column", "severity", "code", "message"})

    # --- translate --------------------------------------------------------

    def test_translate_both_ways(self):
        client, service = dialects.both(
            '{ "<dataProductId|workspaceId>" : 1.0, "x":["<dataProduct|dataProduct>"]}\n')
        status, out, error = self.run_with("translate", "--request", "-", stdin=client)
        self.assertEqual((status, out.encode()), (0, service), error)
        status, out, error = self.run_with("translate", "--response", "-", stdin=service)
        self.assertEqual((status, out.encode()), (0, client), error)

    def test_translate_a_file_with_a_routes_rules(self):
        file = self.folder / "body.json"
        file.write_text('{"definition":{"workspaceId":1},"workspaceId":2}')
        status, out, error = self.run_with(
            "translate", "--response", "--route",
            "GET /api/v1/accounts/a/data-products/b/semantic-models/c", str(file))
        self.assertEqual((status, out), (0, '{"definition":{"workspaceId":1},"dataProductId":2}'),
                         error)

    def test_translate_refuses_with_65(self):
        status, _, error = self.run_with("translate", "--request", "-", stdin=b'{"a":1,\n "b":}')
        self.assertEqual(status, 65)
        for number in ("13", "2", "6"):
            self.assertRegex(error, rf"\b{number}\b")

    def test_a_refusal_for_scripts(self):
        body = b'{"dataProductId":1,\n "workspaceId":2}'
        status, _, error = self.run_with("translate", "--request", "--format", "json", stdin=body)
        self.assertEqual((status, json.loads(error)), (65, {
            "offset": 21, "line": 2, "column": 2, "code": "CONFLICTING_FIELDS",
            "message": "two members would have one name", "name": "dataProductId",
            "first": {"offset": 1, "line": 1, "column": 2}}))
        for side, code in (("--request", "INVALID_JSON"), ("--response", "UPSTREAM_INVALID")):
            status, _, error = self.run_with("translate", side, "--format=json", stdin=b'{"a":1,}')
            told = json.loads(error)
            self.assertEqual((status, told["offset"], told["code"]), (65, 7, code))
        self.assertEqual(self.run_with("translate", "--request", "--format", "xml")[0], 64)

    def test_a_file_that_is_not_there_or_cannot_be_written(self):
        for command in (["translate", "--request", "missing.json"],
                        ["explain", "POST", "/api/v1/accounts/a/data-products",
                         "--body", "missing.json"]):
            status, _, error = program.run(*command)
            self.assertEqual(status, 66, error)
            self.assertIn("cannot open missing.json: No such file", error)
        for command in (["translate", "--request", "config/mapping.schema.json"],
                        ["explain", "GET", "/api/v1/accounts/a/data-products"],
                        ["explain", "--format", "json", "GET",
                         "/api/v1/accounts/a/data-products"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program.build_path("DPGW", "dpgw"), *command],
                                      cwd=program.ROOT, env=program.environment(), stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, b"cannot write: " in done.stderr), (74, True))

    def large_body(self):
        """A file of more than 8 MiB."""
        file = self.folder / "large.json"
        file.write_bytes(b"[" + b'{"workspaceId":"ws-1","rows":[1,2,3]},' * 230_000 + b"1]")
        return str(file)

    def test_progress_on_a_terminal(self):
        command = ["translate", "--response", self.large_body()]
        status, shown, out = terminal.run(*command, streams=["stderr"])
        self.assertEqual(status, 0, shown)
        drawn = shown.split("\r\x1b[K")
        self.assertEqual((drawn[0], drawn[-1]), ("", ""), shown)  # it is taken away at the end
        self.assertGreater(len(drawn), 2)
        for line in drawn[1:-1]:
            self.assertRegex(line, r"^[ \d]{3}%  [\d.]+ of 8\.3 MiB  [\d.]+ MiB/s(  \d+:\d\d left)?$")
        status, piped, error = program.run(*command)
        self.assertEqual((status, error), (0, ""))
        self.assertEqual(out, piped.encode())

    def test_no_progress_into_the_output(self):
        command = ["translate", "--response", self.large_body()]
        _, shown, error = terminal.run(*command, streams=["stdout"])
        self.assertEqual((error, shown.count("\x1b")), (b"", 0))
        _, shown, _ = terminal.run(*command)  # one terminal for both
        self.assertNotIn("\x1b", shown)

    def test_no_progress_of_what_is_soon_done(self):
        file = self.folder / "small.json"
        file.write_text("{}")
        self.assertEqual(terminal.run("translate", "--request", str(file), streams=["stderr"]),
                         (0, "", b"{}"))

    def test_progress_of_a_slow_pipe(self):
        child, screen = terminal.start("translate", "--request", streams=["stderr"],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        deadline = wire.deadline_in()
        while not select.select([screen], [], [], 0.01)[0]:
            self.assertLess(time.monotonic(), deadline, "nothing was drawn")
            os.write(child.stdin.fileno(), b" " * 4096)
        child.stdin.write(b"{}")
        child.stdin.close()
        shown = terminal.read_all(screen)
        os.close(screen)
        self.assertEqual(child.wait(wire.PATIENCE), 0, shown)
        self.assertRegex(shown, r"^(\r\x1b\[K[\d.]+ MiB  [\d.]+ MiB/s)+\r\x1b\[K$")

    def test_a_complaint_stands_on_a_line_of_its_own(self):
        file = self.folder / "broken.json"
        file.write_bytes(b"[" + b"1," * (5 << 20) + b"]")
        status, shown, _ = terminal.run("translate", "--request", str(file), streams=["stderr"])
        self.assertEqual(status, 65)
        self.assertRegex(shown.split("\r\x1b[K")[-1], r"^\S*broken\.json:1:\d+: error: ")

    # --- explain ----------------------------------------------------------

    def test_explain_the_example(self):
        status, out, error = program.run(
            "explain", "POST",
            "/api/v1/accounts/a/data-products/p%2Fq/chat/stream?dataProductId=7")
        self.assertEqual(status, 0, error)
        self.assertIn("/api/v1/accounts/a/workspaces/p%2Fq/chat/stream?workspaceId=7", out)
        for client, service in dialects.NAMES:
            self.assertRegex(out, rf"\b{client}\b.*\b{service}\b")

    def test_explain_no_route(self):
        status, _, _ = self.run_with("explain", "GET", "/api/v1/accounts/a/nothing")
        self.assertEqual(status, 1)

    def explain_json(self, *arguments, stdin=b"", mapping=mappings.EVERYTHING):
        """(status, the object or None, standard error)."""
        config = self.config(mapping)
        status, out, error = self.run_with("explain", "--format", "json", *arguments, stdin=stdin,
                                           config=config)
        return status, json.loads(out) if out else None, error

    def test_explain_for_scripts_says_what_the_lines_say(self):
        request = ["POST", "/api/v1/accounts/a/data-products/p%2Fq/chat/stream?dataProductId=7"]
        _, lines, _ = program.run("explain", *request)
        status, out, error = program.run("explain", "--format", "json", *request)
        self.assertEqual((status, error, out.count("\n")), (0, "", 1))
        told = json.loads(out)
        self.assertEqual(told["upstream"], {
            "service": "upstream",
            "method": "POST",
            "url": "http://127.0.0.1:9000/api/v1/accounts/a/workspaces/p%2Fq/chat/stream"
                   "?workspaceId=7"})
        self.assertEqual(set(told), {"route", "upstream", "fields", "opaque", "values", "words",
                                     "query", "headers", "collisions", "limits", "timeouts",
                                     "renames"})
        rules = [told["route"], *told["fields"], *told["opaque"], *told["values"]]
        self.assertEqual([f"{rule['file']}:{rule['line']}" for rule in rules],
                         re.findall(r"\S+\.yaml:\d+", lines))
        self.assertEqual([(pair["client"], pair["upstream"]) for pair in told["fields"]],
                         re.findall(r"(\w+) <-> (\w+)  config/mapping", lines))
        self.assertEqual(", ".join(f"{w['client']} <-> {w['upstream']}" for w in told["words"]),
                         re.search(r"(?m)^words +(.*)$", lines).group(1))
        self.assertEqual((told["collisions"], told["limits"]["body_other"], told["renames"]),
                         ({"request": "reject", "response": "keep"}, None, []))

    def test_explain_a_body_for_scripts(self):
        mapping = (program.ROOT / "config/mapping.yaml").read_text()
        body = b'{"dataProductId":1,\n "error":{"code":"DATA_PRODUCT_NOT_FOUND"}}'
        status, told, error = self.explain_json(
            "--body", "-", "POST", "/api/v1/accounts/a/data-products/7/chat", stdin=body,
            mapping=mapping)
        self.assertEqual(status, 0, error)
        lines = mapping.splitlines()
        rename, value = told["renames"]
        self.assertEqual(rename["place"], {"offset": 1, "line": 1, "column": 2})
        self.assertEqual((rename["kind"], rename["from"], rename["to"]),
                         ("rename", "dataProductId", "workspaceId"))
        self.assertIn("dataProductId:", lines[rename["rule"]["line"] - 1])
        self.assertEqual((value["kind"], value["by"], value["place"]["line"]), ("value", "map", 2))
        self.assertIn("$.error.code", lines[value["rule"]["line"] - 1])

    def test_explain_a_refused_body_for_scripts(self):
        status, told, error = self.explain_json(
            "--body", "-", "POST", "/api/v1/accounts/a/data-products", stdin=b'{"a":1,}')
        self.assertEqual((status, told), (65, None))
        self.assertEqual(json.loads(error)["code"], "INVALID_JSON")

    def test_explain_colours_labels_on_a_terminal_only(self):
        command = ["explain", "GET", "/api/v1/accounts/a/data-products/7"]
        _, plain, _ = program.run(*command)
        _, shown, _ = terminal.run(*command)
        self.assertIn("\x1b[1mroute", shown)
        self.assertEqual(re.sub(r"\x1b\[\d*m", "", shown), plain)
        self.assertEqual(terminal.run(*command, env={"NO_COLOR": "1"})[1], plain)
        _, shown, _ = terminal.run(*command, "--format", "json")
        self.assertEqual(json.loads(shown)["upstream"]["method"], "GET")

    # --- help and colour --------------------------------------------------

    def test_each_command_has_help_with_an_example(self):
        _, usage, _ = program.run("--help")
        commands = re.findall(r"^  (\w+)  ", usage, re.M)
        self.assertGreaterEqual(len(commands), 9, usage)
        for command in commands:
            with self.subTest(command):
                status, out, error = program.run(command, "--help")
                self.assertEqual((status, error), (0, ""))
                self.assertRegex(out, rf"^usage: dpgw {command}\b")
                self.assertRegex(out, rf"(?m)^example:\s.*\bdpgw {command}\b")

    def test_colour_on_a_terminal_only(self):
        bad = "test/config/five-mistakes.gateway.yaml"
        mapping = "config/mapping.yaml"
        for command in (["check", "-c", bad], ["translate", "--request", "-c", bad],
                        ["explain", "GET", "/x", "-c", bad],
                        ["diff", mapping, "test/config/five-mistakes.rules.yaml"]):
            for env, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
                with self.subTest(f"{command} {env}"):
                    _, shown, _ = terminal.run(*command, env=env)
                    self.assertIn("error: ", re.sub(r"\x1b\[[\d;]*m", "", shown))
                    self.assertEqual("\x1b[" in shown, coloured, shown)
            _, out, error = program.run(*command)
            self.assertNotIn("\x1b", out + error)

    # --- usage ------------------------------------------------------------

    def test_wrong_usage_is_64(self):
        for arguments in ([], ["frobnicate"], ["explain", "GET"], ["translate"],
                          ["check", "--frobnicate"], ["serve", "extra"]):
            with self.subTest(arguments):
                status, _, error = program.run(*arguments)
                self.assertEqual(status, 64, error)
                self.assertNotEqual(error, "")

    def test_unusable_mapping_is_78(self):
        config = self.config("version: 1\nfieldz: {}\n")
        for arguments in (["translate", "--request", "-"], ["explain", "GET", "/x"]):
            with self.subTest(arguments):
                status, _, error = self.run_with(*arguments, stdin=b"{}", config=config)
                self.assertEqual(status, 78, error)
