"""judge.py - what the gateway's own grammar makes of bytes, through judge.c"""
import os
import subprocess

import program

JUDGE = str(program.ROOT / program.BUILD / "heads/judge")


def from_hex(word):
    return b"" if word == "-" else bytes.fromhex(word)


def fields_of(word):
    return [] if word == "-" else [tuple(bytes.fromhex(part) for part in line.split(":"))
                                   for line in word.split(",")]


class Request:
    """A request that was accepted: head, content, and the bytes it took."""

    def __init__(self, line):
        (self.method, self.target, self.version, size, self.connection, fields, content,
         trailers) = line.split(" ")[1:]
        self.size = int(size)
        self.fields, self.trailers = fields_of(fields), fields_of(trailers)
        self.content = from_hex(content)


class Verdict:
    """What became of one case: its requests, how it ended, and the status if it was refused."""

    def __init__(self, lines):
        self.lines = lines
        self.requests = [Request(line) for line in lines[:-1]]
        self.end, _, rest = lines[-1].partition(" ")
        self.status = int(rest[:3]) if self.end == "refused" else None

    def matches(self, row):
        """True if this is what ROW of the table says."""
        return ((len(self.requests), self.end) == (row.requests, row.end)
                and (not row.statuses or self.status in row.statuses))

    def __repr__(self):
        return repr([line[:200] for line in self.lines])


def run(cases, judge=None):
    """The verdict's lines for each of CASES, (data, first piece, further pieces)."""
    stream = b"".join(b"%d %d %d\n%s" % (len(data), first, step, data)
                      for data, first, step in cases)
    done = subprocess.run([judge or JUDGE], input=stream, stdout=subprocess.PIPE, check=True,
                          timeout=600, env=program.environment(dict(os.environ)))
    answers = done.stdout.decode("latin-1").split("\n\n")[:-1]
    assert len(answers) == len(cases), (len(answers), len(cases))
    return [answer.lstrip("\n").split("\n") for answer in answers]


def whole(datas, judge=None):
    """The verdict for each of DATAS, arriving in one piece."""
    return [Verdict(lines) for lines in run([(d, len(d), 1) for d in datas], judge)]


# Inputs up to this long are cut in two at every byte.
EVERY = 400


def cuts(data):
    """(first, step) of the ways in which DATA is cut: single bytes, halves, and odd pieces."""
    size = len(data)
    yield from ((step, step) for step in (1, 2, 3, 7, 1448))
    ends = range(1, size) if size <= EVERY else (1, 2, 3, *range(size - 24, size))
    yield from ((first, size) for first in ends)


def cut_faults(datas):
    """Of DATAS, (data, cut, lines whole, lines cut) where a cut changes the verdict."""
    wholes = run([(d, len(d), 1) for d in datas])
    cases = [(d, first, step, lines) for d, lines in zip(datas, wholes, strict=True)
             for first, step in cuts(d)]
    found = run([case[:3] for case in cases])
    return [(data, (first, step), lines, cut)
            for (data, first, step, lines), cut in zip(cases, found, strict=True)
            if [line.split(" ")[:2] if line.startswith("refused") else line for line in lines]
            != [line.split(" ")[:2] if line.startswith("refused") else line for line in cut]]
