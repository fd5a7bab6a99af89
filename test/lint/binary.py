"""binary.py - the program is built hardened

Judged from what readelf prints: position independent, relocations read-only
and bound at start, no executable stack, stack protector, fortified calls.
"""
import re
import subprocess

WANTED = [
    ("not position independent (PIE)", r"Type:\s+DYN|Flags:.*\bPIE\b"),
    ("relocations are not bound at start (BIND_NOW)", r"\bBIND_NOW\b|Flags:.*\bNOW\b"),
    ("relocations stay writable (RELRO)", r"GNU_RELRO"),
    ("the stack is executable", r"GNU_STACK(?:\s+0x[0-9a-f]+)+\s+RW\s"),
    ("no stack protector", r"__stack_chk_fail"),
    ("no fortified calls", r"__\w+_chk\b(?<!__stack_chk)"),
]


def readelf(path):
    return subprocess.run(["readelf", "-hldW", "--dyn-syms", path], stdout=subprocess.PIPE,
                          check=True, text=True).stdout


def judge(path, printed):
    """Complaints about the program PATH, of which readelf PRINTED this."""
    for complaint, pattern in WANTED:
        if not re.search(pattern, printed):
            yield path, 0, complaint
