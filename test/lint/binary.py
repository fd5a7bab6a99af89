"""binary.py - the program is built hardened

Judged from what readelf prints: position independent, relocations read-only
and bound at start, no executable stack, nothing writable and executable, no
path of its own to libraries, stack protector, fortified calls; and, where the
compiler has left its switches in the debug strings, for every file of it.
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
    ("no word of how it was compiled (-g)", r"\bGNU C\d|\bclang version\b"),
]
UNWANTED = [
    ("a segment is writable and executable", r"\bLOAD(?:\s+0x[0-9a-f]+)+\s+RWE\s"),
    ("code is relocated (TEXTREL)", r"\(TEXTREL\)|\bTEXTREL\b"),
    ("it looks for libraries in a place of its own", r"\((?:RPATH|RUNPATH)\)"),
]
# What gcc is to be told for each file, as it records it.
COMPILED_BY = re.compile(r"\bGNU C\d.*")
SWITCHES = ["-fPIE", "-fstack-protector-strong", "-fstack-clash-protection"]


def readelf(path):
    return "".join(subprocess.run(["readelf", *what, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=True, text=True).stdout
                   for what in (["-hldW", "--dyn-syms"], ["-p", ".debug_str"]))


def judge(path, printed):
    """Complaints about the program PATH, of which readelf PRINTED this."""
    for complaint, pattern in WANTED:
        if not re.search(pattern, printed):
            yield path, 0, complaint
    for complaint, pattern in UNWANTED:
        if re.search(pattern, printed):
            yield path, 0, complaint
    for compiled in COMPILED_BY.findall(printed):
        for switch in SWITCHES:
            if switch not in compiled.split():
                yield path, 0, f"some of it is compiled without {switch}"
