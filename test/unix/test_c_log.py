"""The log: priorities for the journal, a file, and its rotation under load."""
import re
import signal
import threading
import time
import unittest

import cases
import wire

# Standard error is what $JOURNAL_STREAM names; or it is something else.
JOURNAL = ["sh", "-c", 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2); export JOURNAL_STREAM; '
           'exec "$@"', "sh"]
PRIORITY = {"error": "<3>", "warn": "<4>", "info": "<6>", "debug": "<7>"}
LINE = re.compile(r"^(<\d>)?\d{4}-\d\d-\d\dT\S+Z (error|warn|info|debug) ")
REQUESTS, ROTATIONS, CLIENTS = 400, 20, 4


def until(holds):
    """Waits until HOLDS() is true."""
    deadline = time.monotonic() + wire.PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("that never held")
        time.sleep(0.005)


class Priorities(cases.Case):
    def lines(self, settings=None, **options):
        gate = self.gateway(self.upstream(), settings, **options)
        gate.tolerated.append("running as root")
        self.assertEqual(gate.once("GET", "/none").status, 404)
        gate.signal(signal.SIGTERM)
        gate.wait_end()
        return gate.lines

    def test_the_journal_gets_priorities(self):
        levels = set()
        for line in self.lines({"log.level": "debug"}, under=JOURNAL):
            match = LINE.match(line)
            self.assertEqual(match.group(1), PRIORITY[match.group(2)], line)
            levels.add(match.group(2))
        self.assertIn("info", levels)

    def test_json_lines_get_them_too(self):
        for line in self.lines({"log.format": "json"}, under=JOURNAL):
            self.assertRegex(line, r'^<[3467]>\{"time":.*\}$')

    def test_others_do_not(self):
        for env in ({}, {"JOURNAL_STREAM": "1:2"}, {"JOURNAL_STREAM": ""}):
            for line in self.lines(env=env):
                self.assertIsNone(LINE.match(line).group(1), line)

    def test_a_file_does_not(self):
        file = self.folder / "dpgw.log"
        self.gateway(self.upstream(), {"log.file": str(file)}, under=JOURNAL, boot=False)
        until(lambda: file.exists() and " ready " in file.read_text())
        self.assertNotIn("<", file.read_text())


class File(cases.Case):
    """A gateway that logs to a file."""

    def logging(self, settings=None):
        self.file = self.folder / "dpgw.log"
        gate = self.gateway(self.upstream(), {"log.file": "dpgw.log", **(settings or {})},
                            boot=False)
        until(lambda: self.file.exists() and " ready " in self.file.read_text())
        self.gate = gate
        gate.client = re.search(r"address=(\S+) role=client", self.file.read_text()).group(1)
        return gate

    def test_a_file_beside_the_settings(self):
        gate = self.logging()
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)
        self.assertEqual(gate.once("GET", "/none").status, 404)
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait_end(), 0)
        said = self.file.read_text().splitlines()
        self.assertRegex(said[-1], r" info stopped$")
        self.assertTrue(any("status_code=404" in line or "status=404" in line for line in said))
        self.assertFalse(any(" ready " in line for line in gate.lines))

    def test_a_file_that_cannot_be_opened(self):
        gate = self.gateway(self.upstream(), {"log.file": "none/dpgw.log"}, boot=False)
        gate.expect_line(r'log file not opened file=\S*none/dpgw.log '
                         r'reason="No such file or directory"')
        gate.expected_status = 73
        gate.wait_end()

    def test_one_that_cannot_be_opened_anew_leaves_the_old(self):
        gate = self.logging()
        moved = self.file.with_suffix(".1")
        self.file.rename(moved)
        self.file.mkdir()
        gate.signal(signal.SIGUSR1)
        until(lambda: "log file not opened" in moved.read_text())
        self.assertEqual(gate.once("GET", "/none").status, 404)
        until(lambda: "404" in moved.read_text())

    def test_without_a_file_nothing_happens(self):
        gate = self.gateway(self.upstream())
        gate.signal(signal.SIGUSR1)
        self.assertEqual(gate.once("GET", "/none").status, 404)

    def load(self, number, paths):
        """One client's requests, each known by an id of its own."""
        with self.gate.connect() as connection:
            for n in range(REQUESTS // CLIENTS):
                name = f"rotated-{number}-{n}"
                reply = connection.request("GET", cases.CLIENT, fields=[("X-Request-Id", name)])
                paths.append((name, reply.status))

    def test_rotated_under_load_no_line_is_lost_or_torn(self):
        gate, done = self.logging(), []
        clients = [threading.Thread(target=self.load, args=(n, done)) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        files = [self.file]
        for turn in range(ROTATIONS):
            until(lambda: len(done) >= REQUESTS * turn // ROTATIONS
                       or not any(c.is_alive() for c in clients))
            files.append(self.folder / f"dpgw.log.{turn}")
            self.file.rename(files[-1])
            gate.signal(signal.SIGUSR1)
            until(lambda: self.file.exists() and "log file opened" in self.file.read_text())
        for client in clients:
            client.join()
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait_end(), 0)
        self.assertEqual([s for _, s in done], [200] * REQUESTS)
        lines = [line for file in files for line in file.read_text().split("\n")[:-1]]
        for file in files:
            self.assertTrue(file.read_text().endswith("\n"), file)
        for line in lines:
            self.assertRegex(line, LINE)
        said = [m for line in lines for m in re.findall(r"rotated-\d+-\d+", line)]
        self.assertEqual(sorted(said), sorted(name for name, _ in done))
        self.assertEqual(len([1 for file in files if file.stat().st_size == 0]), 0)


if __name__ == "__main__":
    unittest.main()
