"""Every description obeys the rules of openapi/redocly.yaml, without an error or a warning."""
import json
import shutil

import cases
import description
import tools

RULES = "redocly.yaml"
DOCUMENTS = {file.name for file in description.FOLDER.glob("*.yaml")} - {RULES}


class Lint(cases.Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(description.FOLDER, self.folder / "openapi")

    def lint(self, name):
        """The problems that the file NAME has."""
        status, out, error = tools.redocly("lint", name, "--format=json", "--lint-config=error",
                                           cwd=self.folder / "openapi")
        report = json.loads(out)
        totals = report["totals"]
        self.assertEqual(status != 0, totals["errors"] > 0, error)
        self.assertEqual(len(report["problems"]), totals["errors"] + totals["warnings"])
        return report["problems"]

    def test_no_description_has_an_error_or_a_warning(self):
        self.assertLess({"workspaces.yaml", "data-products.yaml", "combined.yaml",
                         "journey.arazzo.yaml"}, DOCUMENTS)
        for name in sorted(DOCUMENTS):
            with self.subTest(name):
                self.assertEqual(self.lint(name), [])

    def test_the_rules_are_ones_that_the_tool_knows(self):
        status, out, error = tools.redocly("check-config", cwd=self.folder / "openapi")
        self.assertEqual(status, 0, out + error)

    def test_mistakes_are_found(self):
        file = self.folder / "openapi/data-products.yaml"
        text = file.read_text()
        for before, after, rule in (
                ("operationId: getDataProduct\n", "operationId: listDataProducts\n",
                 "operation-operationId-unique"),
                ("schemas/ErrorAnswer\"", "schemas/NoAnswer\"", "no-unresolved-refs"),
                ("- bearerAuth: []", "- basicAuth: []", "security-defined"),
                ("                  count: 1\n", "                  count: one\n",
                 "no-invalid-media-type-examples")):
            with self.subTest(rule):
                self.assertIn(before, text)
                file.write_text(text.replace(before, after, 1))
                self.assertIn(rule, [p["ruleId"] for p in self.lint("data-products.yaml")])
