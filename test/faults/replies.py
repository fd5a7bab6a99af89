"""replies.py - replies of a service, and what a client must see if one breaks off

Every Kind is written out in its parts, so what a fault at a byte means
follows from where that byte stands: before the reply, in its head, in its
body or its framing, or behind it.  Nothing here asks the gateway.
"""
import dialects
import wire

TEXT, SERVICE_TEXT = dialects.both('{"<dataProductId|workspaceId>":"p","n":[1,2]}')
PLAIN = b"plain bytes, no JSON"
JSON = b"Content-Type: application/json\r\n"
OTHER = b"Content-Type: text/plain\r\n"


class Kind:
    """One reply as the service sends it: interim heads, head, body as it is framed."""

    def __init__(self, name, status, fields, framed, content, framing, interim=(), trailers=()):
        self.name, self.status, self.framing = name, status, framing
        self.heads = interim             # each a whole 1xx head
        self.before = b"".join(interim)
        self.head = b"HTTP/1.1 %d X\r\n%s\r\n" % (status, fields)
        self.framed = framed             # the body with its framing
        self.content = content           # what the client must get of it
        self.trailers = list(trailers)
        self.bytes = self.before + self.head + framed
        self.head_end = len(self.before) + len(self.head)
        self.translated = content == TEXT

    def __repr__(self):
        return self.name

    @property
    def held(self):
        """The gateway sends nothing before all is there."""
        return self.framing == "length"

    def complete(self, at, fault):
        """Nothing of the reply is missing if FAULT comes at byte AT."""
        if self.framing == "close":
            return fault in ("fin", "half_close") and self._whole_at(at)
        return at >= len(self.bytes)

    def _whole_at(self, at):
        """A close-delimited body is whole where it ends; only of JSON it is seen if it is not."""
        return at >= self.head_end and (
            not self.translated or at in (self.head_end, len(self.bytes)))

    def content_at(self, at):
        """The most that a client may get of the content if no byte after AT came."""
        came = self.bytes[self.head_end:at]
        if self.framing == "close":
            return self.content[:len(came)] if not self.translated else self.content
        return self.content

    def interim_at(self, at):
        """The 1xx statuses that have come at byte AT and are passed on."""
        seen, passed = 0, []
        for head in self.heads:
            seen += len(head)
            if seen <= at and head.startswith(b"HTTP/1.1 103 "):
                passed.append(103)
        return passed


def with_length(content):
    return b"Content-Length: %d\r\n" % len(content)


CHUNKED = b"Transfer-Encoding: chunked\r\n"
HINTS = (b"HTTP/1.1 103 X\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 100 X\r\n\r\n")
SUM = [("X-Sum", "7")]


def kinds(method):
    """Every kind of reply to METHOD on a translated route."""
    if method == "HEAD":
        return [Kind("head", 200, JSON + with_length(SERVICE_TEXT), b"", b"", "none")]
    length = JSON + with_length(SERVICE_TEXT)
    chunks = wire.chunked(SERVICE_TEXT, 19, SUM)
    return [
        Kind("length", 200, length, SERVICE_TEXT, TEXT, "length"),
        Kind("length with interim heads", 200, length, SERVICE_TEXT, TEXT, "length", HINTS),
        Kind("chunked", 200, JSON + CHUNKED, chunks, TEXT, "chunked", trailers=SUM),
        Kind("chunked with interim heads", 201, JSON + CHUNKED, chunks, TEXT, "chunked", HINTS, SUM),
        Kind("close", 200, JSON, SERVICE_TEXT, TEXT, "close"),
        Kind("204", 204, b"X: y\r\n", b"", b"", "none"),
        Kind("304", 304, b"ETag: \"a\"\r\n", b"", b"", "none"),
        Kind("error", 404, length, SERVICE_TEXT, TEXT, "length"),
    ]


def raw_kinds(method):
    """Every kind of reply to METHOD on a route that touches no body."""
    if method == "HEAD":
        return [Kind("raw head", 200, OTHER + with_length(PLAIN), b"", b"", "none")]
    return [
        Kind("raw length", 200, OTHER + with_length(PLAIN), PLAIN, PLAIN, "length"),
        Kind("raw chunked", 200, OTHER + CHUNKED, wire.chunked(PLAIN, 7, SUM), PLAIN, "chunked",
             trailers=SUM),
        Kind("raw close", 200, OTHER, PLAIN, PLAIN, "close"),
    ]


class Verdict:
    """What must come of a reply of KIND to METHOD if FAULT strikes at byte AT."""

    def __init__(self, kind, method, at, fault):
        self.attempts = 1
        self.retries = 0
        self.code = None         # of the gateway's own error
        self.cut = False         # the client gets a part and sees that it is one
        slow = fault == "stall"
        if kind.complete(at, fault):
            self.status, self.outcome = kind.status, "OK"
        elif at == 0 and method != "POST" and not slow:
            self.status, self.outcome, self.attempts, self.retries = kind.status, "OK", 2, 1
        elif at < kind.head_end or kind.held:
            self.status = 504 if slow else 502
            self.outcome = "UPSTREAM_SLOW" if slow else (
                "UPSTREAM_INVALID" if at > 0 else "UPSTREAM_UNREACHABLE")
            self.code = "UPSTREAM_TIMEOUT" if slow else self.outcome
        else:
            self.cut, self.status = True, kind.status
            self.outcome = "UPSTREAM_SLOW" if slow else "UPSTREAM_INVALID"
