"""make install and uninstall: what comes, what stays, what goes."""
import pathlib
import subprocess
import tempfile
import unittest

import program

PLACES = ["PREFIX=/usr", "SYSCONFDIR=/etc", "UNITDIR=/lib/systemd/system"]
WANTED = """usr/bin/dpgw usr/share/man/man1/dpgw.1 usr/share/man/man5/dpgw-gateway.5
usr/share/man/man5/dpgw-mapping.5 usr/share/bash-completion/completions/dpgw
usr/share/dpgw/gateway.schema.json usr/share/dpgw/mapping.schema.json
usr/share/dpgw/prometheus/dpgw.rules.yaml usr/share/dpgw/grafana/dpgw.json
usr/share/dpgw/logrotate/dpgw lib/systemd/system/dpgw.service lib/systemd/system/dpgw.socket
etc/dpgw/gateway.yaml etc/dpgw/mapping.yaml""".split()


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dpgw-test-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def make(self, target):
        done = subprocess.run(["make", target, f"DESTDIR={self.root}", *PLACES], cwd=program.ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])

    def there(self):
        return {str(f.relative_to(self.root)) for f in self.root.rglob("*") if not f.is_dir()}

    def test_what_comes_and_what_stays(self):
        self.make("install")
        self.assertEqual(set(WANTED) - self.there(), set())
        unit = (self.root / "lib/systemd/system/dpgw.service").read_text()
        self.assertIn("ExecStart=/usr/bin/dpgw serve -c /etc/dpgw/gateway.yaml\n", unit)
        self.assertNotIn("/usr/local", unit)
        said = subprocess.run([self.root / "usr/bin/dpgw", "check", "-c",
                               self.root / "etc/dpgw/gateway.yaml"], check=False,
                              stdout=subprocess.PIPE, text=True, env=program.environment())
        self.assertEqual(said.returncode, 0, said.stdout)
        changed = self.root / "etc/dpgw/gateway.yaml"
        changed.write_text(changed.read_text() + "# ours\n")
        self.make("install")
        self.assertTrue(changed.read_text().endswith("# ours\n"))
        self.make("uninstall")
        self.assertEqual(self.there(), {"etc/dpgw/gateway.yaml"})
