"""readers.py - two parsers that others wrote, and in what they may differ from the gateway

h11 is Python, http_parser (through httptools) is C and reads as Node once did.
Each reads a request that the gateway accepted, out of the same bytes, and has
to find the same method, target, fields, content, and end.  Where it may refuse
instead, a row of DIFFERENCES says by which rule; it never may read otherwise.
"""
import re

import h11
import httptools

# A parser that refuses is a difference too.
REFUSED = "refused"


class Reading:
    """What a parser made of the first request in some bytes."""

    def __init__(self, method, target, fields, content, size):
        self.method, self.target, self.content, self.size = method, target, content, size
        # White space around a value is no part of it, and h11 writes codings in lower case.
        self.fields = [(name, value.strip(b" \t").lower() if name.lower() == b"transfer-encoding"
                        else value.strip(b" \t")) for name, value in fields]

    def __eq__(self, other):
        return isinstance(other, Reading) and vars(self) == vars(other)

    def __repr__(self):
        return f"<{self.method} {self.target} {self.fields} {self.content[:80]!r} {self.size}>"


def gateway(request):
    """The gateway's own reading, from judge.Request."""
    return Reading(request.method.encode(), request.target.encode("latin-1"), request.fields,
                   request.content, request.size)


def by_h11(data):
    """h11's reading of the first request in DATA; it knows no empty line before it."""
    skipped = 2 if data.startswith(b"\r\n") else 0
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    head, content = None, b""
    try:
        connection.receive_data(data[skipped:])
        while type(event := connection.next_event()) is not h11.EndOfMessage:
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                content += bytes(event.data)
            else:
                return f"{REFUSED}: incomplete"
    except h11.RemoteProtocolError as why:
        return f"{REFUSED}: {why}"
    return Reading(head.method, head.target, head.headers.raw_items(), content,
                   len(data) - len(connection.trailing_data[0]))


class Collector:
    """What http_parser calls while it reads."""

    def __init__(self):
        self.target, self.fields, self.content = b"", [], b""
        self.in_head, self.complete = True, False

    def on_url(self, url):
        self.target += url

    def on_header(self, name, value):
        if self.in_head:
            self.fields.append((name, value or b""))

    def on_headers_complete(self):
        self.in_head = False

    def on_body(self, body):
        self.content += body

    def on_message_complete(self):
        self.complete = True


def by_http_parser(data):
    """http_parser's reading of the first request in DATA, which it gets byte by byte."""
    seen = Collector()
    parser = httptools.HttpRequestParser(seen)
    try:
        for size in range(1, len(data) + 1):
            parser.feed_data(data[size - 1:size])
            if seen.complete:
                return Reading(parser.get_method(), seen.target, seen.fields, seen.content, size)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as why:
        return f"{REFUSED}: {type(why).__name__} {why}"
    return f"{REFUSED}: incomplete"


PARSERS = {"h11": by_h11, "http_parser": by_http_parser}

# (parser, what it says, what the request holds, why the gateway is right)
DIFFERENCES = [
    ("h11", "illegal chunk header", rb"\r\n0{20}",
     "RFC 9112, 7.1: zeros may lead a chunk size; h11 takes 20 digits"),
    ("h11", "illegal chunk header", rb"\r\n[0-9A-Fa-f]+[ \t]+;",
     "RFC 9112, 7.1.1: white space may stand before an extension"),
    ("http_parser", "invalid character in chunk size", rb"\r\n[0-9A-Fa-f]+[ \t]*\t[ \t]*;",
     "the same; http_parser knows no tab there"),
    ("http_parser", "invalid transfer-encoding", rb"(?i)\r\ntransfer-encoding:[ \t]*chunked[ \t]",
     "RFC 9110, 5.5: white space behind a value is no part of it"),
    ("http_parser", "content-length", rb"(?i)\r\ncontent-length:[ \t]*[0-9]+ *\t[ \t]*\r",
     "nor is a tab; http_parser takes spaces alone behind a length"),
    ("http_parser", "HttpParserUpgrade", rb"(?i)\r\nconnection:[^\r]*upgrade",
     "RFC 9110, 7.8: an Upgrade may be ignored; http_parser stops reading there"),
    ("h11", "Content-Length", rb"(?is)\r\n0+[ \t]*(;[^\r]*)?\r\n.*content-length:",
     "RFC 9110, 6.5.1: a Content-Length among the trailers frames nothing and is dropped"),
    ("http_parser", "content-length", rb"(?is)\r\n0+[ \t]*(;[^\r]*)?\r\n.*content-length:",
     "the same for http_parser"),
    ("h11", "Transfer-Encoding", rb"(?is)\r\n0+[ \t]*(;[^\r]*)?\r\n.*transfer-encoding:",
     "RFC 9110, 6.5.1: so is a Transfer-Encoding"),
    ("http_parser", "invalid transfer-encoding", rb"(?i)\r\ntransfer-encoding[^:\s]",
     "RFC 9110, 5.1: a longer name is another field; http_parser goes by how it begins"),
]


def permitted(parser, reading, data):
    """The reason why PARSER may refuse the request DATA as READING says, or None."""
    for name, says, holds, why in DIFFERENCES:
        if name == parser and str(reading).startswith(REFUSED) and says in reading \
                and re.search(holds, data):
            return why
    return None


class Comparison:
    """Requests that were accepted, compared, and what came of it."""

    def __init__(self):
        self.count = 0          # requests that were accepted
        self.alike = 0          # requests that both parsers read as the gateway did
        self.permitted = set()  # reasons that were needed
        self.faults = []        # (parser, data, ours, theirs)

    def add(self, data, verdict):
        """Compares every request that VERDICT found in DATA."""
        at = 0
        for request in verdict.requests:
            self._compare(data[at:], request)
            at += request.size

    def _compare(self, data, request):
        ours, alike = gateway(request), True
        self.count += 1
        for parser, read in PARSERS.items():
            theirs = read(data)
            if theirs == ours:
                continue
            alike = False
            if why := permitted(parser, theirs, data[:request.size]):
                self.permitted.add(why)
            else:
                self.faults.append((parser, data[:300], ours, theirs))
        self.alike += alike
