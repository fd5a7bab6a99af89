"""A client of openapi/baseline.yaml is served by openapi/data-products.yaml too."""
import pathlib
import shutil
import subprocess
import sys

import cases
import description
import tools

HERE = pathlib.Path(__file__).resolve().parent
GET = """\
    get:
      operationId: getReadiness
      tags: [Data products]
      summary: Ask whether there is an answer
      responses:
        "204": {$ref: "#/components/responses/Removed"}
        default: {$ref: "#/components/responses/Error"}
"""


class Diff(cases.Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(description.FOLDER, self.folder / "openapi")
        self.text = (description.FOLDER / "baseline.yaml").read_text()

    def diff(self, revision, *options):
        status, out, error = tools.redocly("diff", *options, "baseline.yaml", revision,
                                           cwd=self.folder / "openapi")
        return status, out + error

    def changed(self, text, *options):
        self.assertNotEqual(text, self.text)
        (self.folder / "openapi/changed.yaml").write_text(text)
        return self.diff("changed.yaml", *options)

    def without(self, name):
        """The baseline's text without the operation NAME."""
        baseline = description.Description(description.FOLDER / "baseline.yaml")
        operation = baseline.operation(name)
        lines = self.text.splitlines(keepends=True)
        first = lines.index(f"  {operation.path}:\n")
        first = lines.index(f"    {operation.method.lower()}:\n", first)
        last = next(n for n, line in enumerate(lines[first + 1:], first + 1)
                    if not line.startswith("     "))
        return "".join(lines[:first] + lines[last:])

    def test_the_description_breaks_no_client_of_the_baseline(self):
        status, said = self.diff("data-products.yaml")
        self.assertEqual(status, 0, said)

    def test_a_dropped_operation_is_noticed(self):
        status, said = self.changed(self.without("deleteDataProduct"))
        self.assertEqual(status, 1, said)
        self.assertIn("operation-removed", said)

    def test_a_member_that_is_suddenly_required_is_noticed(self):
        before = "required: [name]\n"
        self.assertIn(before, self.text)
        status, said = self.changed(self.text.replace(before, "required: [name, description]\n"))
        self.assertEqual(status, 1, said)

    def test_an_addition_passes(self):
        added = self.text.replace("components:\n", f"  /api/v1/readiness:\n{GET}components:\n", 1)
        status, said = self.changed(added)
        self.assertEqual(status, 0, said)
        self.assertIn("0 major, 1 minor", said)

    def refresh(self, text):
        """baseline.py where data-products.yaml is TEXT: (status, what it says, the new baseline)."""
        folder = self.folder / "openapi"
        (folder / "data-products.yaml").write_text(text)
        done = subprocess.run([sys.executable, HERE / "baseline.py", folder], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout, (folder / "baseline.yaml").read_text()

    def test_a_baseline_is_refreshed_only_with_a_version_that_tells_of_the_change(self):
        version = "  version: 1.0.0\n"
        self.assertIn(version, self.text)
        added = self.text.replace("components:\n", f"  /api/v1/readiness:\n{GET}components:\n", 1)
        dropped = self.without("deleteDataProduct")
        for text, number, status, word in ((added, "1.0.0", 1, "still 1.0.0"),
                                           (added, "1.0.1", 1, "minor"),
                                           (dropped, "1.1.0", 1, "major"),
                                           (self.text, "1.0.0", 0, "already")):
            with self.subTest(f"{word} {number}"):
                new = text.replace(version, f"  version: {number}\n")
                self.assertEqual(self.refresh(new)[::2], (status, self.text))
                self.assertIn(word, self.refresh(new)[1])
        new = added.replace(version, "  version: 1.1.0\n")
        self.assertEqual(self.refresh(new)[::2], (0, new))
