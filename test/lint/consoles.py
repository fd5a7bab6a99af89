"""consoles.py - what README shows the program print, it prints

In a block marked `console` each line that begins with `$ ` is a command; what
stands below it, up to the next one, is its output, both streams together.
Lines after `...` alone are not compared.
"""
import os
import re
import subprocess

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.S | re.M)


def sessions(text):
    """(line, command, output) of each command in the console blocks of TEXT."""
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1)) + 1
        for part in re.split(r"^(?=\$ )", block.group(1), flags=re.M):
            if part.startswith("$ "):
                command, output = part[2:].split("\n", 1)
                yield line, command, output
            line += part.count("\n")


def same(shown, printed):
    """True if PRINTED is what README has SHOWN, up to a line of dots."""
    if shown.endswith("...\n"):
        return printed.startswith(shown.removesuffix("...\n"))
    return shown == printed


def judge(root, path, text, program):
    """Complaints about the console blocks in TEXT, run in ROOT with PROGRAM's folder on PATH."""
    folder = os.path.dirname(os.path.abspath(program))
    env = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], NO_COLOR="1")
    for line, command, shown in sessions(text):
        done = subprocess.run(["bash", "-c", command], cwd=root, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        if not same(shown, done.stdout):
            yield path, line, f"`{command}` prints something else:\n{done.stdout}"
