"""callgrind.py - a program under valgrind that counts the instructions between two moments

Instructions are counted in user space, by the function that executed them.
They depend on the compiler and the libraries, not on the machine's load.
"""
import collections
import os
import pathlib
import re
import subprocess
import time

import wire

COST = re.compile(r"^[+*-]?\d*\s+(\d+)$")
NAMED = re.compile(r"^(ob|fn)=\((\d+)\)(?: (.*))?$")
# The C library picks its string functions by the processor: the same ones everywhere.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS"}
# epoll_wait, epoll_pwait and futex: where threads wait for something from outside.
WAITS = {"x86_64": {"232", "281", "202"}, "aarch64": {"22", "98"}}


class Counter:
    """Counts what the process PID, begun by `command`, executes; files go to FOLDER."""

    def __init__(self, folder):
        self.out = pathlib.Path(folder) / "callgrind"
        self.pid = None
        self.dumps = 0

    def command(self):
        """The command that a program is run under."""
        return ("valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={self.out}",
                f"--vgdb-prefix={self.out}-door")

    def _ask(self, *words):
        subprocess.run(["vgdb", f"--pid={self.pid}", f"--vgdb-prefix={self.out}-door", *words],
                       check=True, stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=wire.PATIENCE)

    def begin(self):
        """Counts from now on."""
        self._ask("zero")

    def end(self):
        """What was executed since: {(object, function): instructions}."""
        self._ask("dump")
        self.dumps += 1
        return read(pathlib.Path(f"{self.out}.{self.dumps}"))


def read(file):
    """The instructions of each function itself in a FILE that callgrind wrote."""
    counts = collections.Counter()
    names = {"ob": {}, "fn": {}}
    at = {"ob": "", "fn": ""}
    called = False
    for line in file.read_text().splitlines():
        if name := NAMED.match(line):
            kind, number, text = name.groups()
            if text is not None:
                names[kind][number] = text
            at[kind] = names[kind][number]
        elif cost := COST.match(line):
            if not called:  # the line after calls= is what the callee took
                counts[pathlib.Path(at["ob"]).name, at["fn"]] += int(cost.group(1))
            called = False
        else:
            called = line.startswith("calls=")
            if inner := re.match(r"^c(ob|fn)=\((\d+)\) (.*)$", line):
                names[inner.group(1)][inner.group(2)] = inner.group(3)
    return counts


def at_rest(pid):
    """Waits until every thread of PID waits for something from outside."""
    waits = WAITS[os.uname().machine]
    deadline = wire.deadline_in()
    while not all(where(task) in waits for task in pathlib.Path(f"/proc/{pid}/task").iterdir()):
        if time.monotonic() > deadline:
            raise AssertionError(f"process {pid} never comes to rest")
        os.sched_yield()


def where(task):
    """The number of the system call that the thread TASK is in, or "running"."""
    try:
        return (task / "syscall").read_text().split()[0]
    except (OSError, IndexError):
        return "gone"
