"""What a service manager hears: states, and that the gateway is alive."""
import ctypes
import os
import signal
import time
import unittest

import cases
import manager
import wire

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
SLOW = 5 if "asan" in os.environ.get("BUILD", "") or "tsan" in os.environ.get("BUILD", "") else 1
WATCHDOG_MS = 400 * SLOW


class Frozen:
    """One thread TID of a child, stopped while the others run."""

    def __init__(self, tid):
        self.tid, self.libc = tid, ctypes.CDLL(None, use_errno=True)
        self._ask(PTRACE_SEIZE)
        self._ask(PTRACE_INTERRUPT)
        os.waitpid(tid, WALL)

    def _ask(self, request):
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def thaw(self):
        self._ask(PTRACE_DETACH)


class States(cases.Case):
    def ear(self, folder=None):
        ear = manager.Ear(folder)
        self.addCleanup(ear.close)
        return ear

    def told(self, ear, settings=None, env=None):
        """A gateway that tells EAR, and what it told when it was ready."""
        gate = self.gateway(self.upstream(), settings, env={**ear.environment, **(env or {})})
        return gate, ear.wait("READY")

    def test_ready_comes_when_it_serves(self):
        for folder in (self.folder, None):
            with self.subTest("abstract" if folder is None else "a path"):
                ear = self.ear(folder)
                gate, ready = self.told(ear)
                digest = gate.wait_line(r" ready .*mapping=(\S+)").group(1)
                self.assertEqual(ready["STATUS"], f"serving, mapping {digest}")
                self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_a_start_that_fails_is_never_ready(self):
        ear = self.ear()
        taken = manager.listening()
        self.addCleanup(taken.close)
        gate = self.gateway("http://127.0.0.1:1", {"listen": "127.0.0.1:%d" % taken.getsockname()[1]},
                            env=ear.environment, boot=False)
        gate.expect_line("cannot listen")
        gate.expected_status = 69
        gate.wait_end()
        self.assertIsNone(ear.hear(0.01))

    def test_a_reload_is_told_from_its_beginning_to_its_end(self):
        ear = self.ear()
        gate, _ = self.told(ear)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        gate.signal(signal.SIGHUP)
        reloading = ear.wait("RELOADING")
        self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
        self.assertLessEqual(int(reloading["MONOTONIC_USEC"]),
                             time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        self.assertRegex(ear.hear()["STATUS"], r"^serving, mapping \w+$")

    def test_a_reload_that_is_refused_ends_too(self):
        ear = self.ear()
        gate, _ = self.told(ear)
        gate.expect_line("reload refused")
        gate.tolerate("configuration complaint")
        gate.config.write_text("version: 2\n")
        gate.signal(signal.SIGHUP)
        ear.wait("RELOADING")
        ready = ear.hear()
        self.assertEqual(ready["READY"], "1")
        self.assertIn("refused", ready["STATUS"])

    def test_a_drain_is_told_and_is_the_last(self):
        ear = self.ear()
        gate, _ = self.told(ear)
        gate.signal(signal.SIGTERM)
        self.assertEqual(ear.hear(), {"STOPPING": "1", "STATUS": "draining"})
        gate.wait_end()
        self.assertIsNone(ear.hear(0.01))

    def test_the_watchdog_is_fed_while_all_workers_answer(self):
        ear = self.ear()
        gate, _ = self.told(ear, {"core_dumps": "on"},  # may be traced then
                            {"WATCHDOG_USEC": str(WATCHDOG_MS * 1000)})
        gate.expect_line("a worker does not answer")
        gate.tolerate("drain limit")
        for _ in range(4):
            ear.wait("WATCHDOG")
        frozen = Frozen(max(int(tid) for tid in os.listdir(f"/proc/{gate.pid}/task")))
        gate.wait_line("a worker does not answer")
        while ear.hear(0.001):  # what was told before
            pass
        self.assertIsNone(ear.hear(2 * WATCHDOG_MS / 1000))
        frozen.thaw()
        ear.wait("WATCHDOG")

    def test_an_idle_worker_is_no_stuck_one(self):
        """Beats go on in a drain, where one worker ends long before the other."""
        ear, held = self.ear(), []
        gate, _ = self.told(ear, {"timeouts.drain": "60s"},
                            {"WATCHDOG_USEC": str(WATCHDOG_MS * 1000)})
        held.append(gate.connect())
        held[0].send(b"GET / HTTP/1.1\r\n")
        ear.wait("WATCHDOG")
        gate.signal(signal.SIGTERM)
        ear.wait("STOPPING")
        for _ in range(8):
            ear.wait("WATCHDOG")
        held[0].send(b"Host: a\r\n\r\n")
        self.assertEqual(held[0].reply().status, 404)
        held[0].close()

    def test_no_watchdog_for_another_process(self):
        ear = self.ear()
        _, _ = self.told(ear, env={"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
        self.assertIsNone(ear.hear(0.2))


if __name__ == "__main__":
    unittest.main()
