"""openapi: what is derived of a description, and what it says of one that is not as it must be."""
import json
import re

import cases
import program

GOLDEN = program.ROOT / "test/golden/openapi"


def without_errors(text):
    """TEXT, lines of YAML, without the gateway's own errors, which are another test's."""
    return re.sub(r'(?m)^( +)("\d+": \{\$ref: "#/components/responses/)?GatewayError\w*(?:"\}|:)\r?\n'
                  r"(?:\1 +.*\n)*", "", text)


class Openapi(cases.Case):
    def command(self, *arguments, mapping=GOLDEN / "mapping.yaml", **options):
        return program.run("openapi", *arguments, "-c", "config/gateway.yaml", "--set",
                           f"mapping={mapping}", **options)

    def derived(self, source, *arguments, **options):
        """What is derived of SOURCE, the text of a description."""
        status, printed, complaints = self.command("derive", "-", *arguments,
                                                   stdin=source.encode(), **options)
        self.assertEqual((status, complaints), (0, ""), printed)
        return printed

    def refused(self, source, *arguments, **options):
        """The complaints about SOURCE."""
        status, printed, complaints = self.command("derive", "-", *arguments,
                                                   stdin=source.encode(), **options)
        self.assertEqual((status, printed), (1, ""), complaints)
        return complaints

    def golden(self, name):
        return (GOLDEN / name).read_bytes().decode()

    # --- whole files ----------------------------------------------------------

    def test_lines_with_comments_quotes_and_blocks(self):
        self.assertEqual(without_errors(self.derived(self.golden("lines/source.yaml"))),
                         self.golden("lines/data-products.yaml"))

    def test_carriage_returns_stay(self):
        source = self.golden("lines/source.yaml").replace("\n", "\r\n")
        expected = self.golden("lines/data-products.yaml").replace("\n", "\r\n")
        self.assertEqual(without_errors(self.derived(source)), expected)

    def test_a_byte_order_mark_moves_nothing(self):
        derived = self.derived("\ufeff" + self.golden("lines/source.yaml"))
        self.assertEqual(without_errors(derived), "\ufeff" + self.golden("lines/data-products.yaml"))

    def test_the_same_again(self):
        source = self.golden("lines/source.yaml")
        self.assertEqual(self.derived(source), self.derived(source))

    def test_json_stays_json(self):
        source = json.loads(self.golden("brackets/source.json"))
        expected = json.loads(self.golden("brackets/data-products.json"))
        for indent in (None, 2):
            with self.subTest(indent=indent):
                made = json.loads(self.derived(json.dumps(source, indent=indent)))
                own = made.pop("components")
                self.assertEqual(sorted(own), ["responses", "schemas"])
                for path in made["paths"].values():
                    for operation in path.values():
                        for status in [s for s, r in operation["responses"].items()
                                       if "GatewayError" in json.dumps(r)]:
                            del operation["responses"][status]
                self.assertEqual(made, expected)

    def test_both_in_one(self):
        source = json.loads(self.golden("brackets/source.json"))
        source["paths"]["/v1/workspaces"]["get"]["operationId"] = "list"
        source["paths"]["/v1/workspaces"]["get"]["responses"]["400"] = \
            {"$ref": "#/components/responses/Bad"}
        source["components"] = {"responses": {"Bad": {"description": "no workspace"}}}
        for indent in (None, 1):
            made = json.loads(self.derived(json.dumps(source, indent=indent), "--combined"))
            for path, item in source["paths"].items():
                self.assertEqual(made["paths"][path], item)
            mirrored = made["paths"]["/v1/data-products"]
            self.assertEqual(sorted(mirrored), ["get", "put"])
            self.assertEqual(mirrored["get"]["operationId"], "listDataProducts")
            self.assertEqual(mirrored["get"]["responses"]["400"],
                             {"$ref": "#/components/responses/DataProductsBad"})
            self.assertEqual(made["components"]["responses"]["Bad"],
                             source["components"]["responses"]["Bad"])
            self.assertEqual(made["components"]["responses"]["DataProductsBad"],
                             {"description": "no data product"})
            self.assertEqual([(g["name"], g["tags"]) for g in made["x-tagGroups"]],
                             [("Data Products", ["Data products"]),
                              ("Workspaces", ["Other", "Workspaces", "Others"])])

    def test_both_in_one_among_lines(self):
        source = self.golden("lines/source.yaml")
        made = without_errors(self.derived(source, "--combined")).splitlines()
        missing = [line for line in source.splitlines() if line not in made]
        self.assertEqual(missing, [])
        self.assertEqual(made.count("      operationId: listWorkspaces"), 1)
        self.assertEqual(made.count("      operationId: listDataProducts"), 1)
        self.assertEqual(sum("/chat-threads:" in line for line in made), 1)

    def test_the_committed_descriptions_are_fresh(self):
        for name, *option in (("data-products",), ("combined", "--combined")):
            status, printed, _ = program.run("openapi", "derive", "openapi/workspaces.yaml", "-c",
                                             "config/gateway.yaml", *option)
            self.assertEqual(status, 0)
            self.assertEqual(printed, (program.ROOT / f"openapi/{name}.yaml").read_text(),
                             "stale: make openapi writes it anew")

    def test_the_errors_are_those_of_the_code(self):
        table = re.compile(r"\| `([A-Z_]+)` \| (\d{3}) \| ([^|]*?)(?: \||$)")
        told = {(code, status) for code, status, _ in
                table.findall((program.ROOT / "openapi/data-products.yaml").read_text())}
        readme = (program.ROOT / "README.md").read_text()
        errors = readme.partition("<!-- errors: begin -->")[2].partition("<!-- errors: end -->")[0]
        self.assertEqual(told, {(code, status) for code, status, _ in table.findall(errors)})
        self.assertGreater(len(told), 15)

    def test_output_to_a_file(self):
        made = self.folder / "made.yaml"
        status, printed, complaints = self.command(
            "derive", "-o", str(made), str(GOLDEN / "lines/source.yaml"))
        self.assertEqual((status, printed, complaints), (0, "", ""))
        self.assertEqual(without_errors(made.read_text()), self.golden("lines/data-products.yaml"))
        status, _, complaints = self.command("derive", "-o", "/nowhere/at/all",
                                             str(GOLDEN / "lines/source.yaml"))
        self.assertEqual(status, 74)
        self.assertIn("/nowhere/at/all", complaints)

    # --- complaints -----------------------------------------------------------

    TOP = "openapi: 3.1.0\npaths:\n  /v1/workspaces:\n    get:\n"

    def test_a_description_that_is_none(self):
        self.assertIn("error: this is no OpenAPI 3 description", self.refused("swagger: 2.0\n"))
        self.assertIn("-:1:10: error: this is no OpenAPI 3", self.refused("openapi: 2.0.0\n"))
        self.assertIn("aliases (*a) are not accepted", self.refused("openapi: 3.1.0\nx: *a\n"))
        self.assertIn("anchors (&a) are not accepted", self.refused("openapi: 3.1.0\nx: &a 1\n"))
        self.assertIn('key "a" is already there', self.refused("openapi: 3.1.0\na: 1\na: 2\n"))
        self.assertIn("not valid YAML", self.refused("openapi: [\n"))

    def test_nothing_mirrored(self):
        self.assertIn("-:2:1: error: no route mirrors any operation",
                      self.refused("openapi: 3.1.0\npaths:\n  /other: {get: {}}\n"))

    def test_references_that_lead_nowhere(self):
        response = "      responses: {'200': {$ref: '%s'}}\n"
        self.assertIn("-:5:33: error: nothing stands at \"#/components/responses/X\"",
                      self.refused(self.TOP + response % "#/components/responses/X"))
        self.assertIn("is not in this file",
                      self.refused(self.TOP + response % "other.yaml#/X"))

    def test_a_schema_that_would_have_to_read_two_ways(self):
        source = self.TOP + """\
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}}
  /v1/workspaces/{workspaceId}/chat:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}
      responses: {}
components:
  schemas:
    S: {properties: {sourceWorkspaceId: {type: string}}}
"""
        self.assertIn('"sourceWorkspaceId" would have to read "sourceWorkspaceId" for one operation'
                      ' and "sourceDataProductId" for another', self.refused(source))

    def test_what_a_text_contains_is_walked_too(self):
        made = self.derived(self.TOP + """\
      responses: {'200': {content: {text/event-stream: {schema: {$ref: '#/components/schemas/E'}}}}}
components:
  schemas:
    E: {type: string, contentSchema: {$ref: '#/components/schemas/One'}}
    One: {type: object, properties: {workspaceId: {type: string}}}
""")
        self.assertIn("    One: {type: object, properties: {dataProductId: {type: string}}}\n", made)

    def test_names_that_meet(self):
        source = self.TOP + "      responses: {}\n      summary: x\n" \
            "components: {securitySchemes: {}}\nsecurity: []\n"
        self.derived(source)
        both = self.TOP + """\
      responses:
        '200': {$ref: '#/components/responses/Workspace'}
        '201': {$ref: '#/components/responses/DataProduct'}
components: {responses: {Workspace: {}, DataProduct: {}}}
"""
        self.assertIn('key "DataProduct" is already there', self.refused(both))

    def test_complaints_as_json(self):
        line = self.refused("openapi: 3.1.0\npaths: {}\n", "--format", "json").splitlines()[0]
        told = json.loads(line)
        self.assertEqual((told["line"], told["code"]), (2, "nothing-mirrored"))

    def test_wrong_usage_and_bad_configuration(self):
        for words in ((), ("derive",), ("mirror", "x"), ("derive", "a", "b"), ("derive", "--x")):
            self.assertEqual(program.run("openapi", *words)[0], 64, words)
        self.assertEqual(self.command("derive", "-", mapping="/nowhere")[0], 78)
        self.assertEqual(self.command("derive", "/nowhere.yaml")[0], 1)

    # --- check and parity -----------------------------------------------------

    def judged(self, command, source, *arguments, **options):
        """(status, what COMMAND printed, its complaints) about SOURCE."""
        return self.command(command, "-", *arguments, stdin=source.encode(), **options)

    def mapping_with(self, text, replaced="", by=""):
        made = self.folder / "mapping.yaml"
        made.write_text(self.golden("mapping.yaml").replace(replaced, by) + text)
        return made

    def test_committed_descriptions_pass(self):
        for words in (("check", "openapi/data-products.yaml"), ("parity", "openapi/workspaces.yaml")):
            status, printed, complaints = program.run("openapi", *words, "-c", "config/gateway.yaml")
            self.assertEqual((status, complaints), (0, ""), printed)
            self.assertIn("let through" if words[0] == "check" else "mirrored", printed)

    def test_check_finds_names_wherever_they_stand(self):
        for line, place in (("workspaceId: 1", "3:1"), ("a: a workspace", "3:6"),
                            ("é: éa (Workspaces)", "3:8"), ("a: 1 # workspace", "3:8"),
                            ('a: "\\u0057orkspace"', "3:4"), ("a: my-workspace", "3:7"),
                            ("a: |\n  x\n  workspace", "5:3")):
            status, printed, complaints = self.judged("check", f"openapi: 3.1.0\nb: 1\n{line}\n")
            self.assertEqual((status, complaints.split(" ")[0]), (1, f"-:{place}:"), complaints)
            self.assertIn("1 watched names", printed)

    def test_check_lets_through_what_is_allowed(self):
        source = "openapi: 3.1.0\nslackWorkspaceId: 1\nx: {definition: {workspaceId: [workspace]}}\n"
        self.assertEqual(self.judged("check", source)[0], 1)
        for at in ("$..definition", "$.x.*", "$.x"):
            allowed = self.mapping_with(f'openapi: {{allow: ["{at}"]}}\n')
            status, printed, complaints = self.judged("check", source, mapping=allowed)
            self.assertEqual((status, complaints), (0, ""))
            self.assertIn("2 let through", printed)
        elsewhere = self.mapping_with('openapi: {allow: ["$.y", "$.x.definition.other"]}\n')
        self.assertEqual(self.judged("check", source, mapping=elsewhere)[0], 1)

    def test_check_follows_references(self):
        source = "openapi: 3.1.0\na: {$ref: '#/b/c~1d/1'}\nb: {c/d: [1, 2]}\n"
        self.assertEqual(self.judged("check", source)[0], 0)
        status, _, complaints = self.judged("check", source.replace("c~1d/1", "c~1d/2"))
        self.assertEqual(status, 1)
        self.assertIn('-:2:11: error: nothing stands at "#/b/c~1d/2"', complaints)

    PARITY = """\
openapi: 3.1.0
paths:
  /v1/workspaces: {get: {}, post: {}}
  /v1/workspaces/{workspaceId}: {get: {}}
  /v1/workspaces/{workspaceId}/chat: {post: {}}
  /v1/workspaces/{workspaceId}/files/{name}: {post: {}}
"""

    def test_parity(self):
        self.assertEqual(self.judged("parity", self.PARITY)[::2], (0, ""))

    def test_parity_wants_a_route_or_a_reason(self):
        source = self.PARITY + "  /v1/workspaces/{id}/chat-threads:\n    get: {}\n"
        status, _, complaints = self.judged("parity", source)
        self.assertEqual(status, 1)
        self.assertIn("-:8:5: error: no route mirrors GET /v1/workspaces/{id}/chat-threads", complaints)
        reason = 'unmirrored: [{path: "/v1/workspaces/{x}/chat-threads/**", reason: later%s}]\n'
        status, printed, complaints = self.judged("parity", source,
                                                  mapping=self.mapping_with(reason % ""))
        self.assertEqual((status, complaints), (0, ""))
        self.assertIn("1 unmirrored", printed)
        other = self.mapping_with(reason % ", methods: [POST]")
        self.assertEqual(self.judged("parity", source, mapping=other)[0], 1)

    def test_parity_beside_what_is_mirrored(self):
        source = self.PARITY + "  /v1/bills: {get: {}}\n"
        self.assertIn("clients can't reach GET /v1/bills", self.judged("parity", source)[2])
        passed = self.mapping_with("", "passthrough:\n", "passthrough:\n  - path: /v1/bills\n")
        status, printed, _ = self.judged("parity", source, mapping=passed)
        self.assertEqual(status, 0)
        self.assertIn("1 passed through", printed)

    def test_parity_wants_an_operation_for_each_method(self):
        status, _, complaints = self.judged("parity", self.PARITY.replace(", post: {}}", "}", 1))
        self.assertEqual(status, 1)
        self.assertIn("mapping.yaml:3:", complaints)
        self.assertIn("PUT /v1/data-products leads to no operation", complaints)

    def test_parity_has_no_needless_reasons(self):
        needless = self.mapping_with('unmirrored: [{path: "/v1/workspaces", reason: none}]\n')
        status, _, complaints = self.judged("parity", self.PARITY, mapping=needless)
        self.assertEqual(status, 1)
        self.assertIn("is mirrored, or there is none", complaints)

    def test_remarks_that_are_wrong(self):
        for text, complaint in (('unmirrored: [{path: "/x"}]', '"reason"'),
                                ('unmirrored: [{path: "x", reason: y}]', "error"),
                                ('unmirrored: [{path: "/x", reason: y, methods: [BREW]}]', "method"),
                                ('openapi: {allow: ["$[0]"]}', "error"),
                                ("openapi: {alow: []}", "allow")):
            status, _, complaints = self.judged("parity", self.PARITY,
                                                mapping=self.mapping_with(text + "\n"))
            self.assertEqual(status, 78, text)
            self.assertIn(complaint, complaints)

    def test_remarks_are_no_change_to_clients(self):
        more = self.mapping_with('unmirrored: [{path: "/x", reason: y}]\nopenapi: {allow: ["$.x"]}\n')
        self.assertEqual(program.run("diff", str(GOLDEN / "mapping.yaml"), str(more)), (0, "", ""))
