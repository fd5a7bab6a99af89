"""table.py - the rows of heads.txt and chunks.txt, read; how a row is written is told there"""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
VERDICT = re.compile(r"^(accept(?: (\d+))?|last|wait|then \d{3}|\d{3}(?:/\d{3})*)\s+(.*)$")
RANGES = re.compile(r"^(.*) \[([0-9a-f -]+)\]$")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
MACRO = re.compile(r"<([^<>]+?)(?:\*(\d+))?>")
NAMED = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
CHUNKED = b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


class Row:
    """One case: its bytes, and what they must become."""

    def __init__(self, rule, verdict, name, data):
        self.rule, self.verdict, self.name, self.data = rule, verdict, name, data
        self.content = self.trailers = None  # of a chunked body
        self.statuses = {int(s) for s in re.findall(r"\b\d{3}\b", verdict)}
        # How many requests come out of it, and how it ends.
        count = VERDICT.match(verdict + " x").group(2)
        self.requests = int(count or (verdict == "accept"))
        self.requests += verdict == "last" or verdict.startswith("then")
        self.end = ("refused" if self.statuses else
                    {"last": "closed", "wait": "incomplete"}.get(verdict, "end"))

    @property
    def refused(self):
        """True if no request at all comes out of it, but a status."""
        return bool(self.statuses) and self.requests == 0

    def __repr__(self):
        return f"{self.name} [{self.rule}]"


def unescape(text):
    """TEXT with its escapes undone, as bytes."""
    return ESCAPE.sub(lambda m: NAMED[m.group(1)] if len(m.group(1)) == 1
                      else chr(int(m.group(1)[1:], 16)), text)


def expand(text, lets):
    """TEXT with its macros written out, innermost first."""
    def write(match):
        name, count = match.groups()
        return name * int(count) if count else lets[name]

    while (wider := MACRO.sub(write, text)) != text:
        text = wider
    return text


def numbers(ranges):
    for part in ranges.split():
        first, _, last = part.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def rows_of(line, rule, lets):
    """The rows that LINE stands for."""
    verdict, _, rest = VERDICT.match(line).groups()
    name, _, data = rest.partition(" | ") if " | " in rest else rest.partition(" |")
    if not (ranges := RANGES.match(name)):
        yield Row(rule, verdict, name, expand(data, lets))
        return
    for byte in numbers(ranges.group(2)):
        # Written as an escape, so that it is no part of the notation itself.
        text = expand(data.replace("<b>", f"\\x{byte:02x}"), lets)
        yield Row(rule, verdict, f"{ranges.group(1)}, {byte:#04x}", text)


def read(file):
    """The rows of FILE, their data still text with escapes."""
    rule, lets = None, {}
    for line in (HERE / file).read_text().splitlines():
        if line.startswith("["):
            rule = line.strip("[]")
        elif line.startswith("let "):
            name, _, text = line[4:].partition(" = ")
            lets[name] = expand(text, lets)
        elif line and not line.startswith("#"):
            yield from rows_of(line, rule, lets)


def heads():
    """Every row of heads.txt."""
    rows = list(read("heads.txt"))
    for row in rows:
        row.data = unescape(row.data).encode("latin-1")
    return rows


def chunks():
    """Every row of chunks.txt, its bytes behind a head."""
    rows = list(read("chunks.txt"))
    for row in rows:
        data, content, trailers = (row.data + " |" * 2).split(" |")[:3]
        row.data = CHUNKED + unescape(data).encode("latin-1")
        row.content = unescape(content.removeprefix(" ")).encode("latin-1")
        row.trailers = [tuple(part.strip() for part in unescape(t).split(":", 1))
                        for t in trailers.split(",") if t.strip()]
    return rows
