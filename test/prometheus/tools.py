"""tools.py - promtool and Prometheus itself, as they are unpacked below build/tools"""
import json
import subprocess
import unittest
import urllib.parse

import program
import wire

BINARIES = program.ROOT / "build/tools/prometheus/usr/bin"
RULES = program.ROOT / "config/prometheus/dpgw.rules.yaml"
needed = unittest.skipUnless((BINARIES / "promtool").exists(), "prometheus is not unpacked")


def promtool(*arguments, stdin=b"", cwd=None):
    """(exit status, all that it printed)"""
    done = subprocess.run([BINARIES / "promtool", *arguments], input=stdin, cwd=cwd, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=wire.PATIENCE)
    return done.returncode, done.stdout.decode()


class Prometheus(program.Program):
    """Prometheus on a free port, which scrapes TARGET each second and watches the alerts."""

    def __init__(self, folder, target):
        config = folder / "prometheus.yaml"
        config.write_text(json.dumps({      # JSON is YAML
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "dpgw", "static_configs": [{"targets": [target]}]}],
        }))
        super().__init__([str(BINARIES / "prometheus"), f"--config.file={config}",
                          f"--storage.tsdb.path={folder / 'tsdb'}",
                          "--web.listen-address=127.0.0.1:0"], cwd=folder)
        self.address = self.wait_line(r'msg="Listening on" address=(\S+)').group(1)
        self.wait_line("Server is ready to receive web requests")

    def ask(self, path, **query):
        with wire.Connection(self.address) as connection:
            reply = connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        answer = reply.json()
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    def query(self, text):
        """The series that TEXT gives now."""
        return self.ask("query", query=text)["result"]
