"""The unit files: sound, as shut as they claim, and open enough for what the gateway calls."""
import os
import re
import stat
import subprocess
import sys
import unittest

import cases
import manager
import program
import wire

CONFIG = program.ROOT / "config"
SERVICE = CONFIG / "systemd/dpgw.service"
ANALYZE = manager.tool("systemd-analyze")
EXPOSURE_MAX = 1.5
SANITIZED = "release" not in program.BUILD.name
# A good part of the suites; less of it where it is slow.  A thread that is traced already is
# stopped by nobody else, so the watchdog's case is not among them.
SCENES = {"blackbox": ["a_boot", "z_acceptance", "i_flow", "p_uploads", "test_ways_to_save"],
          "unix": ["States.test_a", "b_sockets", "c_log"]}
FEWER = {"blackbox": ["p_uploads"], "unix": ["States.test_a_reload"]}
SCENES_SECONDS = 900
# What strace writes of a process, by name alone; the gateway's own end is strace's too.
WRAPPER = """#!/bin/sh
exec strace -D -f -qq -c -U name -o "{folder}/calls.$$" "{dpgw}" "$@"
"""


def analyze(*arguments):
    """systemd-analyze: (status, what it said)."""
    command, env = ANALYZE
    done = subprocess.run([command, *arguments], env=program.environment(env), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=wire.PATIENCE)
    return done.returncode, done.stdout


def exposure(unit):
    status, said = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    if not found:
        raise AssertionError(f"no exposure level, status {status}: {said}")
    return float(found.group(1))


def group(name):
    """The calls of the GROUP called NAME, those of groups in it too."""
    _, said = analyze("syscall-filter", "--no-pager", name)
    calls = set()
    for line in said.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= group(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    if not calls:
        raise AssertionError(f"no such group of calls: {name}")
    return calls


def allowed(unit_text):
    """The system calls that the SystemCallFilter lines of a unit let through."""
    calls = set(group("@default"))
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit_text, re.M):
        named = set()
        for word in line.lstrip("~").split():
            named |= group(word) if word.startswith("@") else {word}
        calls = calls - named if line.startswith("~") else calls | named
    return calls


@unittest.skipUnless(ANALYZE, "no systemd-analyze")
class Unit(cases.Case):
    def changed(self, *pairs):
        """A copy of the unit with one text in place of another."""
        text = SERVICE.read_text()
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after)
        copy = self.folder / "dpgw.service"
        copy.write_text(text)
        return copy

    def test_it_is_hardly_exposed(self):
        self.assertLessEqual(exposure(SERVICE), EXPOSURE_MAX)

    def test_an_open_unit_is_told(self):
        open_unit = self.changed(("ProtectSystem=strict\n", ""), ("DynamicUser=yes\n", ""),
                                 ("CapabilityBoundingSet=\n", ""), ("SystemCallFilter=", "# "))
        self.assertGreater(exposure(open_unit), EXPOSURE_MAX)

    def verify(self, *pairs):
        """What systemd-analyze says of service and socket, with the built program in place."""
        built = ("/usr/local/bin/dpgw", program.build_path("DPGW", "dpgw"))
        socket = self.folder / "dpgw.socket"
        socket.write_text((CONFIG / "systemd/dpgw.socket").read_text())
        return analyze("verify", "--man=no", str(self.changed(built, *pairs)), str(socket))

    def test_nothing_is_said_about_it(self):
        self.assertEqual(self.verify(), (0, ""))

    def test_a_misspelt_line_is_told(self):
        _, said = self.verify(("NoNewPrivileges", "NoNewPrivilges"))
        self.assertIn("NoNewPrivilges", said)

    def test_logrotate_tells_the_unit_to_open_the_log(self):
        text = (CONFIG / "logrotate/dpgw").read_text()
        self.assertIn("--signal=SIGUSR1 dpgw.service", text)
        self.assertIn("LogsDirectory=dpgw\n", SERVICE.read_text())
        self.assertIn("/var/log/dpgw/*.log", text)


def can_trace():
    try:
        return subprocess.run(["strace", "-D", "-o", "/dev/null", "true"], check=False,
                              timeout=wire.PATIENCE).returncode == 0
    except FileNotFoundError:
        return False


@unittest.skipUnless(ANALYZE and can_trace(), "no systemd-analyze, or strace can't trace here")
class Calls(cases.Case):
    def traced(self):
        """{system call: processes that used it} of the gateway in the black-box scenes."""
        wrapper = self.folder / "dpgw"
        wrapper.write_text(WRAPPER.format(folder=self.folder, dpgw=program.build_path("DPGW", "dpgw")))
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        env = dict(os.environ, DPGW=str(wrapper), BUILD=str(program.BUILD))
        if SANITIZED:  # which can't look for leaks under a tracer
            env["ASAN_OPTIONS"] = program.environment()["ASAN_OPTIONS"] + ":detect_leaks=0"
        for suite, words in (FEWER if SANITIZED else SCENES).items():
            run = str(program.ROOT / "test" / suite / "run.py")
            done = subprocess.run([sys.executable, run, *words], env=env, cwd=program.ROOT,
                                  capture_output=True, text=True, check=False,
                                  timeout=SCENES_SECONDS)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-500:])
        return self.summed()

    def summed(self):
        """Adds up what each strace wrote; the last may still be writing."""
        files = list(self.folder.glob("calls.*"))
        deadline = wire.deadline_in()
        while not all("exit_group" in f.read_text() or "total" in f.read_text() for f in files):
            self.assertLess(wire.time.monotonic(), deadline)
            wire.time.sleep(0.01)
        seen = {}
        for file in files:
            for name in re.findall(r"^(\w+)$", file.read_text(), re.M):
                if name not in ("syscall", "total"):
                    seen[name] = seen.get(name, 0) + 1
        return seen

    def test_every_call_is_inside_the_filter(self):
        text, seen = SERVICE.read_text(), self.traced()
        self.assertGreater(len(seen), 40)
        for name in ("epoll_wait", "accept4", "sendmsg", "mmap", "openat"):
            self.assertIn(name, seen)
        self.assertEqual(sorted(set(seen) - allowed(text)), [])
        shut = text + "\nSystemCallFilter=~@network-io\n"
        self.assertIn("accept4", set(seen) - allowed(shut))  # a filter too narrow is seen


if __name__ == "__main__":
    unittest.main()
