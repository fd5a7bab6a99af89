"""docker/compose.yaml: read by Compose v1 itself, and by the rules that v2 documents."""
import re
import subprocess
import unittest

import program
import yaml

FILE = program.ROOT / "docker/compose.yaml"
PROMTOOL = program.ROOT / "build/tools/prometheus/usr/bin/promtool"


def compose(file, *arguments):
    return subprocess.run(["docker-compose", "-f", str(file), *arguments], cwd=program.ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = FILE.read_text()
        cls.services = yaml.safe_load(cls.text)["services"]

    def test_v1_takes_it(self):
        done = compose(FILE, "config", "-q")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_v1_refuses_a_mistake(self):
        wrong = program.ROOT / "build/image/wrong.yaml"
        wrong.parent.mkdir(parents=True, exist_ok=True)
        wrong.write_text(self.text.replace("read_only: true", "readonly: true"))
        self.assertNotEqual(compose(wrong, "config", "-q").returncode, 0)

    def test_v2_takes_it(self):
        """v2 warns of `version`, and v1 knows no `name`: neither is there."""
        self.assertEqual(list(yaml.safe_load(self.text)), ["services"])

    def test_the_gateway_takes_its_variables(self):
        variables = self.services["gateway"]["environment"]
        status, out, error = program.run("check", "--print", "-c", "config/gateway.yaml",
                                         env=variables)
        self.assertEqual((status, error), (0, ""))
        for name, value in variables.items():
            key = name.removeprefix("DPGW_").replace("__", ".").lower()
            self.assertRegex(out, rf"(?m)^{re.escape(key)} +{re.escape(value)} +\${name}$")

    def test_it_has_time_to_drain(self):
        self.assertGreater(int(self.services["gateway"]["stop_grace_period"].rstrip("s")), 30)

    def test_prometheus_takes_its_file(self):
        done = subprocess.run([PROMTOOL, "check", "config", "--syntax-only",
                               "docker/prometheus.yaml"], cwd=program.ROOT, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        mounted = [v.split(":")[1] for v in self.services["prometheus"]["volumes"]]
        self.assertIn("/etc/prometheus/dpgw.rules.yaml", mounted)
