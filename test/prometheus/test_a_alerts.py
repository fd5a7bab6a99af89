"""The alerts: promtool takes the files, and each alert has a test that catches it broken."""
import pathlib
import re
import shutil
import tempfile
import unittest

import tools
import yaml

FOLDER = tools.RULES.parent


@tools.needed
class Alerts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dpgw-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rules = yaml.safe_load(tools.RULES.read_text())
        self.alerts = [rule for group in self.rules["groups"] for rule in group["rules"]]

    def test_promtool_takes_the_files(self):
        for what, file in (("rules", "dpgw.rules.yaml"), ("config", "prometheus.yaml")):
            status, output = tools.promtool("check", what, file, cwd=FOLDER)
            self.assertEqual(status, 0, output)
            self.assertIn("SUCCESS", output)
        broken = self.folder / "broken.yaml"
        broken.write_text(tools.RULES.read_text().replace("rate(", "rte(", 1))
        self.assertNotEqual(tools.promtool("check", "rules", broken)[0], 0)

    def test_the_tests_of_the_rules_pass(self):
        status, output = tools.promtool("test", "rules", "dpgw.rules.test.yaml", cwd=FOLDER)
        self.assertEqual(status, 0, output)

    def test_each_says_how_bad_it_is_and_what_to_do(self):
        for alert in self.alerts:
            with self.subTest(alert=alert["alert"]):
                self.assertIn(alert["labels"]["severity"], ("info", "warning", "critical"))
                self.assertEqual(sorted(alert["annotations"]), ["action", "summary"])
                self.assertTrue(all(text.endswith(".") for text in alert["annotations"].values()))

    def failures(self, expression):
        """The names of the tests that fail once every alert has EXPRESSION."""
        for alert in self.alerts:
            alert["expr"] = expression
            alert.pop("for", None)
        (self.folder / "dpgw.rules.yaml").write_text(yaml.safe_dump(self.rules))
        shutil.copy(FOLDER / "dpgw.rules.test.yaml", self.folder)
        status, output = tools.promtool("test", "rules", "dpgw.rules.test.yaml", cwd=self.folder)
        self.assertNotEqual(status, 0)
        return set(re.findall(r"name: (.*),$", output, re.M))

    def test_an_alert_that_never_fires_is_caught(self):
        self.assertEqual(self.failures("vector(0) > 1"),
                         {f"{alert['alert']} fires" for alert in self.alerts})

    def test_an_alert_that_always_fires_is_caught(self):
        wanted = {f"{alert['alert']} is silent" for alert in self.alerts}
        self.assertEqual(self.failures("vector(1)") & wanted, wanted)
