"""A request costs no more instructions than when budget.json was last written."""
import json
import pathlib
import tempfile
import unittest

import budget
import callgrind

MADE = """\
fn=(1) main
ob=(1) /bin/a
5 10
cob=(2) /lib/b.so
cfn=(2) inner
calls=1 7
5 1000
+2 5
ob=(2)
fn=(2)
* 900
"""


class Reading(unittest.TestCase):
    def test_a_function_has_what_it_executed_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "callgrind.1")
            file.write_text(MADE)
            self.assertEqual(callgrind.read(file), {("a", "main"): 15, ("b.so", "inner"): 900})


class Excess(unittest.TestCase):
    """What is told of a count."""

    WRITTEN = {"versions": {"cc": "12", "libc6": "2"},
               "instructions": {"w": {"dpgw": 1000, "libc.so.6": 9000}}}

    def excess(self, dpgw, libc, **versions):
        return budget.excess(self.WRITTEN, "w", {"dpgw": dpgw, "libc.so.6": libc},
                             {"cc": "12", "libc6": "2", **versions})

    def test_within_the_allowance_nothing(self):
        self.assertEqual(self.excess(1050, 9400), [])

    def test_more_of_all(self):
        self.assertEqual(self.excess(1000, 9600), ["all: 10600 for 10000 (+6.0 %)"])

    def test_more_of_the_program_itself(self):
        self.assertEqual(self.excess(1060, 9000), ["dpgw: 1060 for 1000 (+6.0 %)"])

    def test_other_libraries_leave_the_program_to_compare(self):
        self.assertEqual(self.excess(1060, 99000, libc6="3"), ["dpgw: 1060 for 1000 (+6.0 %)"])

    def test_another_compiler_leaves_nothing_to_compare(self):
        self.assertEqual(self.excess(9000, 9000, cc="13"), [])


class Budget(unittest.TestCase):
    """Each work by its name in budget.json."""

    @classmethod
    def setUpClass(cls):
        cls.measured = budget.Measured()

    def keep(self, work):
        if not budget.COUNTED:
            return  # a sanitizer's instructions are its own; the work was done and judged
        written = json.loads(budget.FILE.read_text())
        here = budget.versions()
        if excess := budget.excess(written, work, self.measured.by_object(work), here):
            self.fail("\n".join([f"{work} costs more than test/budget/budget.json allows:",
                                 *excess, "most went to:", *self.measured.top(work),
                                 "if it must be so: make budget"]))

    def test_get_1k(self):
        self.keep("get_1k")

    def test_get_12k(self):
        self.keep("get_12k")

    def test_post_1k_both_ways(self):
        self.keep("post_1k_both_ways")

    def test_passthrough_1k(self):
        self.keep("passthrough_1k")

    def test_the_versions_are_those_of_the_file(self):
        """Tells, and no more, where libraries are others than those the counts were made with."""
        written = json.loads(budget.FILE.read_text())["versions"]
        for name, version in budget.versions().items():
            if version != written.get(name):
                print(f"# {name} is {version} here, {written.get(name)} in budget.json: "
                      "write it anew with `make budget`")
        self.assertEqual(sorted(written), sorted(budget.versions()))
