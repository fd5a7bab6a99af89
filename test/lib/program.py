"""program.py - a program under test: started, listened to, stopped, judged

Waits are on lines and on the process's end, each with a deadline.
"""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build/release"))
# Within this a bystander is served and a refusal is told; a sanitizer makes all slower.
SOON = 5 if BUILD.name == "release" else 60
# Signals that a program goes on after.
HARMLESS = (signal.SIGHUP, signal.SIGUSR1)
SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def build_path(variable, name):
    """The absolute path of a built program: $VARIABLE, else NAME in the build's folder."""
    return str((ROOT / os.environ.get(variable, str(BUILD / name))).resolve())


def environment(extra=None):
    """What programs run in: nothing of ours leaks into their settings."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("DPGW")}
    env.setdefault("ASAN_OPTIONS", "halt_on_error=1:exitcode=99:detect_leaks=1")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "halt_on_error=1:exitcode=99")
    env.update(extra or {})
    return env


class Program:
    """
    COMMAND running, its standard output and error collected line by line; it
    inherits the DESCRIPTORS.
    """

    def __init__(self, command, cwd=None, env=None, descriptors=()):
        self.lines = []
        self.closed = 0          # streams that have ended
        self.stopping = False    # a signal that ends it was sent
        self.news = threading.Condition()
        self.child = subprocess.Popen(command, cwd=cwd, env=environment(env),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, pass_fds=descriptors)
        self.pid = self.child.pid
        self.readers = [threading.Thread(target=self._read, args=(stream,), daemon=True)
                        for stream in (self.child.stdout, self.child.stderr)]
        for reader in self.readers:
            reader.start()

    def _read(self, stream):
        for line in stream:
            with self.news:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.closed += 1
            self.news.notify_all()

    def wait_line(self, pattern, seconds=None):
        """The first match of PATTERN in a line; the program must not end before it."""
        def found():
            for line in self.lines:
                if match := re.search(pattern, line):
                    return match
            return self.closed == 2

        with self.news:
            match = self.news.wait_for(found, wire.PATIENCE if seconds is None else seconds)
        if not match or match is True:
            raise AssertionError(f"no line like {pattern!r}; printed: {self.lines}")
        return match

    def wait_end(self, seconds=None):
        """The exit status; negative for a signal."""
        status = self.child.wait(wire.PATIENCE if seconds is None else seconds)
        for reader in self.readers:
            reader.join(wire.PATIENCE)
        self.child.stdout.close()
        self.child.stderr.close()
        return status

    def signal(self, number):
        self.stopping |= number not in HARMLESS
        self.child.send_signal(number)

    def freeze(self):
        """Stops every thread; returns when they stand."""
        self.child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self):
        self.child.send_signal(signal.SIGCONT)

    @property
    def running(self):
        return self.child.poll() is None

    def stop(self):
        """
        SIGTERM, unless a signal was sent before, and the exit status; a
        program that does not end is killed and an error.
        """
        if self.running and not self.stopping:
            self.signal(signal.SIGTERM)
        try:
            return self.wait_end()
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.wait_end()
            raise AssertionError(f"no end after SIGTERM; printed: {self.lines[-20:]}") from None

    def memory_peak(self):
        """The most memory that was ever resident (VmHWM), in bytes."""
        return self._memory("VmHWM")

    def forget_memory_peak(self):
        """From now on memory_peak() tells of what comes."""
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def memory(self):
        """The memory resident now (VmRSS), in bytes."""
        return self._memory("VmRSS")

    def _memory(self, name):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) * 1024

    def cpu_seconds(self):
        """User and system time of all its threads so far, to the nanosecond."""
        return time.clock_gettime(~self.pid << 3 | 2)  # the clock of clock_getcpuclockid(3)

    def descriptors(self):
        """How many descriptors are open now."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def sanitizer_report(self):
        return [line for line in self.lines if SANITIZER.search(line)]


class Service(Program):
    """The demo Workspaces service, on a free port unless LISTEN says which."""

    def __init__(self, *arguments, listen="127.0.0.1:0"):
        super().__init__([build_path("SERVICE", "workspaces-service"), "--listen", listen,
                          *arguments])
        self.address = self.wait_line(r"listening address=(\S+)").group(1)
        self.url = f"http://{self.address}"


def example_service(pause="1ms", *more):
    """The demo service with the example's ids and clock, and MORE arguments."""
    return Service("--ids", str(ROOT / "test/service/example.ids"), "--now",
                   "2026-03-02T12:00:00Z", "--pause", pause, *more)


def run(*arguments, stdin=b"", cwd=ROOT, env=None, seconds=None):
    """Runs the gateway's binary to its end: (status, stdout, stderr) with texts."""
    done = subprocess.run([build_path("DPGW", "dpgw"), *arguments], input=stdin, cwd=cwd,
                          env=environment(env), capture_output=True, check=False,
                          timeout=wire.PATIENCE if seconds is None else seconds)
    error = done.stderr.decode("utf-8", "replace")
    if SANITIZER.search(error):
        raise AssertionError(error)
    return done.returncode, done.stdout.decode("utf-8", "replace"), error
