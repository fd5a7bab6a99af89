"""System calls that fail now and then."""
import os
import pathlib
import re
import signal
import subprocess
import unittest

import cases
import gateway
import program
import reliability
import test_n_surroundings
import wire

RELEASE = "release" in os.environ.get("BUILD", "release")
COMMAND = "`make test SUITES=faults`"

# What strace makes of a system call, and what must come of it: "serves" or "71".
INJECTED = [
    ("accept4", "error=EMFILE:when=2+3", "serves"),
    ("accept4", "error=ENOMEM:when=2+3", "serves"),
    ("accept4", "error=ECONNABORTED:when=2+3", "serves"),
    ("accept4", "error=EINTR:when=2+3", "serves"),
    ("epoll_ctl", "error=ENOMEM:when=1", "either"),
    ("epoll_create1", "error=EMFILE:when=1+", "either"),
    ("eventfd2", "error=EMFILE:when=1+", "71"),
    ("socket", "error=ENOBUFS:when=1+", "69"),
    ("sendto", "error=ENOBUFS:when=1+3", "serves"),
    ("sendto", "error=ECONNRESET:when=1+3", "serves"),
    ("recvfrom", "error=EINTR:when=1+2", "serves"),
    ("recvfrom", "error=ECONNRESET:when=2+5", "serves"),
    ("writev", "error=EINTR:when=1+2", "serves"),
    ("writev", "error=ECONNRESET:when=2+4", "serves"),
    ("recvfrom", "error=EINTR:when=1+3", "serves"),
    ("recvfrom", "error=ECONNRESET:when=1+4", "serves"),
    ("getsockname", "error=ENOBUFS:when=3+3", "either"),
    ("ioctl", "error=EINVAL:when=1+2", "serves"),
    ("clone3", "error=EAGAIN:when=1+", "71"),     # a sanitizer may have a thread of its own
    ("clone3", "error=EAGAIN:when=2", "71"),
    ("mmap", "error=ENOMEM:when=80+", "either"),
]


def can_trace():
    try:
        return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False,
                              capture_output=True).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(can_trace(), "strace can't trace here")
class Calls(cases.Case):
    """System calls that fail now and then."""

    REQUESTS = 12

    def ask(self, gate):
        """Requests as they go: served, an error that says so, or a connection that ends."""
        served = 0
        for n in range(self.REQUESTS):
            try:
                reply = gate.once("POST" if n % 3 == 0 else "GET", "/a")
            except (wire.NoReply, ConnectionResetError, BrokenPipeError):
                continue
            if reply.end == "clean":
                self.assertIn(reply.status, (200, 502, 503), reply)
                served += reply.status == 200 and reply.body == b'{"ok":true}'
        return served

    def one(self, call, fault, wanted):
        folder = self.folder / re.sub(r"\W", "_", call + fault)
        folder.mkdir()
        command = ["strace", "-f", "-qq", "-o", str(folder / "trace"), "-e", f"trace={call}",
                   "-e", f"inject={call}:{fault}"]
        command += test_n_surroundings.configuration(folder, self.service.url)
        made = Traced(command, folder)
        self.addCleanup(made.kill)
        if made.ready:
            self.assertIn(wanted, ("serves", "either"), made.lines)
            self.assertGreater(self.ask(made), self.REQUESTS // 4, made.lines[-20:])
            status, wanted_status = made.stop(), (0,)
        else:
            self.assertNotEqual(wanted, "serves", made.lines)
            status = made.wait_end()
            wanted_status = (int(wanted),) if wanted.isdigit() else (69, 71, 78, 127)
            self.assertTrue(made.lines, "it said nothing")
        self.assertIn(status, wanted_status, made.lines[-20:])
        trace = (folder / "trace").read_text(errors="replace")
        self.assertEqual(made.sanitizer_report(), [])
        return trace.count("(INJECTED)")

    def test_calls_fail(self):
        self.service = self.upstream()
        rows = INJECTED if RELEASE else INJECTED[::3]
        injected = 0
        for row in rows:
            try:
                count = self.one(*row)
            except AssertionError as fault:
                raise AssertionError(f"{row}: {fault}") from fault
            self.assertGreater(count, 0, f"{row}: nothing was injected")
            injected += count
        if RELEASE:
            reliability.record("system_calls", [
                (f"system calls made to fail, {len(rows)} ways: crashes, hangs, wrong replies",
                 f"{injected}: 0", COMMAND)])


class Traced(program.Program):
    """A gateway under strace."""

    def __init__(self, command, folder):
        env = program.environment()
        env["ASAN_OPTIONS"] += ":detect_leaks=0"  # can't look while traced
        super().__init__(command, folder, env)
        with self.news:
            assert self.news.wait_for(lambda: self.closed == 2 or any(
                " ready " in line for line in self.lines), wire.PATIENCE), self.lines
        self.ready = self.closed < 2
        if self.ready:
            self.client = self.wait_line(gateway.LISTENING % "client").group(1)

    def once(self, method, target):
        with wire.Connection(self.client) as connection:
            return connection.request(method, target)

    def stop(self):
        """strace passes no signal on: its child is told."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        return self.wait_end()

    def kill(self):
        if self.running:
            self.child.kill()
            self.wait_end()


if __name__ == "__main__":
    unittest.main()
