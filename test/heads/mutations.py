"""mutations.py - heads and chunked bodies with something changed, the same ones for one seed"""
import random
import re

SEED = 20240229
BYTES = [b"\r", b"\n", b"\r\n", b"\t", b" ", b":", b",", b";", b"\0", b"\x0b", b"\x0c", b"\x7f",
         b"\x80", b"\xa0", b"0", b"1", b"5", b"a", b"A", b"-", b"+", b"%", b"/", b"\\", b"?", b"#",
         b"=", b'"', b"_", b"x"]
LINES = [b"Content-Length: 5", b"Content-Length: 0", b"content-length: 05", b"Content-Length: 5, 5",
         b"Content-Length: +5", b"Content-Length : 5", b"Content-Length:5 ", b"Content-Length:",
         b"Transfer-Encoding: chunked", b"transfer-encoding:chunked", b"Transfer-Encoding: CHUNKED",
         b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, chunked",
         b"Transfer-Encoding : chunked", b"Transfer-Encoding:", b" Transfer-Encoding: chunked",
         b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:\tchunked", b"Host: h", b"Host: x",
         b"Host:", b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue",
         b"Trailer: X", b"X: a", b"X:", b"X", b"X: \xe4", b": x", b"Content_Length: 5",
         b"Connection: Content-Length", b"TE: trailers", b"GET / HTTP/1.1"]
BODIES = [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\nX: a\r\n\r\n",
          b"hello" + b"GET /evil HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /evil HTTP/1.1\r\nHost: h\r\n\r\n",
          b"1\r\na\r\n1\r\nb\r\n000\r\n\r\n"]


def change_bytes(rng, data):
    """Puts in, takes out or replaces a byte anywhere."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice([*BYTES, b""]) + data[at + rng.randrange(2):]


def change_near_end_of_line(rng, data):
    """The same, where framing is at stake: around a line's end or a colon."""
    places = [m.start() for m in re.finditer(rb"[\r\n:;]", data)] or [0]
    at = max(0, rng.choice(places) + rng.randrange(-1, 3))
    return data[:at] + rng.choice(BYTES) + data[at + rng.randrange(2):]


def change_case(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at:at + 8].swapcase() + data[at + 8:]


def add_line(rng, data):
    """Adds a field line behind any line of the head."""
    lines = data.split(b"\r\n")
    lines.insert(rng.randrange(1, len(lines) + 1), rng.choice(LINES))
    return b"\r\n".join(lines)


def change_line(rng, data):
    """Moves, doubles or drops a line."""
    lines = data.split(b"\r\n")
    line = lines[rng.randrange(len(lines))]
    if rng.randrange(2):
        lines.remove(line)
    if rng.randrange(3):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\r\n".join(lines)


def change_body(rng, data):
    return data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + rng.choice(BODIES)


def change_version(rng, data):
    return data.replace(b"HTTP/1.1", b"HTTP/1." + rng.choice([b"0", b"0", b"2", b"11"]), 1)


def join(rng, data):
    return data + b"\r\n" * rng.randrange(2) + b"GET /evil HTTP/1.1\r\nHost: h\r\n\r\n"


CHANGES = [change_bytes, change_near_end_of_line, change_case, add_line, add_line, change_line,
           change_body, change_version, join]
TEMPLATES = [b"POST /p HTTP/1.1\r\nHost: h\r\nX: a\r\n%s\r\n\r\n%s" % pair for pair in (
    (b"Content-Length: 5", b"hello"), (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked", b"1;a=\"b\"\r\na\r\n0\r\nX-T: 1\r\n\r\n"),
    (b"Content-Length: 0", b""), (b"Connection: keep-alive", b""), (b"Connection: x, close", b""))]


def mutated(sources, count):
    """COUNT inputs made from SOURCES and from templates by one to three changes each."""
    rng = random.Random(SEED)
    sources = [data for data in sources if len(data) < 1000]
    for _ in range(count):
        data = rng.choice(TEMPLATES if rng.randrange(2) else sources)
        for _ in range(rng.choice((1, 1, 2, 3))):
            data = rng.choice(CHANGES)(rng, data)
        yield data
