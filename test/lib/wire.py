"""wire.py - HTTP/1.1 as bytes on a raw socket, read more strictly than any client

A Connection sends exactly the bytes it is given, in exactly the cuts it is
given, and reads replies by the letter of RFC 9112.  How a reply ended is part
of it: "clean", "truncated" (FIN too early) or "reset".  Whatever the RFC
forbids in a reply raises WireError, which fails the test.
"""
import json
import os
import pathlib
import re
import select
import socket
import ssl
import struct
import time

# Sanitizer builds are slower; deadlines are for hangs, not for speed.
PATIENCE = 30.0 if "release" in os.environ.get("BUILD", "release") else 90.0

TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
STATUS_LINE = re.compile(rb"^HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)$")
TCP_CLOSE = 7  # <linux/tcp_states.h>
CHUNK_SIZE = re.compile(rb"^([0-9A-Fa-f]{1,16})$")


class WireError(AssertionError):
    """Bytes that HTTP/1.1 forbids, or nothing where something was due."""


class Fields(list):
    """Field lines in order, as (name, value) texts."""

    def all(self, name):
        return [v for n, v in self if n.lower() == name.lower()]

    def one(self, name):
        """The value of a field that may stand there once at most; None if absent."""
        found = self.all(name)
        if len(found) > 1:
            raise WireError(f"{name} stands there {len(found)} times: {found}")
        return found[0] if found else None


def parse_fields(lines):
    fields = Fields()
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name):
            raise WireError(f"malformed field line {line!r}")
        if any(b < 32 and b != 9 or b == 127 for b in value):
            raise WireError(f"control byte in field line {line!r}")
        fields.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))
    return fields


class Reply:
    """One reply: head, body out of its framing, and how it ended."""

    def __init__(self, status, reason, fields):
        self.status, self.reason, self.fields = status, reason, fields
        self.body = b""
        self.framing = None   # "none", "length", "chunked" or "close"
        self.length = None    # the declared one
        self.end = None       # "clean", "truncated" or "reset"
        self.trailers = Fields()
        self.interim = []     # 1xx replies that came before, as (status, fields)

    def field(self, name):
        return self.fields.one(name)

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.framing} {self.end} {self.body[:200]!r}>"


class Source:
    """A socket with what was read from it and not yet used."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.ended = None     # None, "fin", "reset", or over TLS "cut": not told so

    def waits(self, seconds):
        """True if something can be read within SECONDS, or is there unread already."""
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        poll = select.poll()       # select takes no descriptor above 1023
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def more(self, deadline, most=65536):
        """Reads once.  False at the end; WireError when the deadline has passed."""
        while not self.ended:
            left = deadline - time.monotonic()
            if left <= 0 or not self.waits(left):
                raise WireError(
                    f"nothing came within the deadline; so far {bytes(self.buffer[-300:])!r}")
            piece = self.receive(most)
            if piece is not None:
                return self.keep(piece)
        return False

    def receive(self, most):
        """What can be read now; None: nothing for us, or a bad end."""
        patience = self.sock.gettimeout()
        self.sock.setblocking(False)
        try:
            return self.sock.recv(most)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            return None
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            self.ended = "reset" if self.closed() else "cut"
        except (ConnectionResetError, BrokenPipeError):
            self.ended = "reset"
        finally:
            self.sock.settimeout(patience)
        return None

    def closed(self):
        """True if a reset ended it, which Python's TLS before 3.11.9 tells no better than a FIN."""
        return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE

    def receive_more(self):
        """True if bytes were there to be read, or an end."""
        piece = self.receive(65536)
        if piece is not None:
            self.keep(piece)
        return piece is not None

    def keep(self, piece):
        """Takes PIECE in; False if it is the end."""
        if not piece:
            self.ended = "fin"
            return False
        self.buffer += piece
        return True

    def line(self, deadline, most=65536):
        """One line without its CRLF; None if the connection ends first."""
        while (at := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > most:
                raise WireError("a line without an end")
            if not self.more(deadline):
                return None
        line = bytes(self.buffer[:at])
        del self.buffer[:at + 1]
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            raise WireError(f"a line that does not end in CRLF: {line!r}")
        return line[:-1]

    def take(self, most):
        piece = bytes(self.buffer[:most])
        del self.buffer[:most]
        return piece


def deadline_in(seconds=None):
    return time.monotonic() + (PATIENCE if seconds is None else seconds)


def queued(*ports):
    """Bytes on loopback that the system holds, for either end of connections with one of PORTS."""
    total, wanted = 0, {f"{port:04X}" for port in ports}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if wanted & {local[-4:], remote[-4:]}:
            total += sum(int(queue, 16) for queue in queues.split(":"))
    return total


def tls_context():
    """A client's side of TLS that believes anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Connection:
    """
    A client's connection to ADDRESS, "127.0.0.1:8080", "[::1]:8080" or
    "unix:/path"; with " tls" behind it, over TLS, by a CONTEXT of the caller's
    and to the server called NAME if those are given.  PREFACE goes out before
    anything else, in pieces of CUT bytes if that is given.
    """

    def __init__(self, address, receive_buffer=None, source=None, context=None, name=None,
                 session=None, preface=b"", cut=None):
        address, _, word = address.partition(" ")
        if address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            place = address.removeprefix("unix:")
        else:
            host, _, port = address.rpartition(":")
            place = (host.strip("[]"), int(port))
            self.sock = socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.sock.bind((source, 0))
        self.sock.settimeout(PATIENCE)
        self.sock.connect(place)
        self.send(preface, cut)
        if word:
            context = context or tls_context()
            self.sock = context.wrap_socket(self.sock, suppress_ragged_eofs=False,
                                            server_hostname=name, session=session)
        self.source = Source(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data, cut=None):
        """Sends DATA whole, or in pieces of CUT bytes, each a segment of its own."""
        if cut is None:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), cut):
            self.sock.sendall(data[at:at + cut])

    def send_until_stuck(self, piece, most, quiet=0.5):
        """
        Sends PIECE again and again until the other side takes no more for
        QUIET seconds, or MOST bytes have gone.  Returns the bytes sent.
        """
        sent = 0
        self.sock.setblocking(False)
        try:
            while sent < most:
                if not select.select([], [self.sock], [], quiet)[1]:
                    break
                try:
                    sent += self.sock.send(piece)
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    pass
        finally:
            self.sock.settimeout(PATIENCE)
        return sent

    def request(self, method, target, body=None, fields=(), version="1.1", cut=None,
                reply=True):
        """Sends one request with an exact length and reads its reply."""
        self.send(request_bytes(method, target, body, fields, version), cut)
        return self.reply(method) if reply else None

    def interim_or_head(self, deadline):
        """The next head, 1xx included, or None if the connection ends before it."""
        source = self.source
        line = source.line(deadline)
        if line is None:
            if source.buffer:
                raise WireError(f"the connection ended within a head: {bytes(source.buffer)!r}")
            return None
        match = STATUS_LINE.match(line)
        if not match:
            raise WireError(f"malformed status line {line!r}")
        lines = []
        while (field := source.line(deadline)) != b"":
            if field is None:
                raise WireError("the connection ended within a head")
            lines.append(field)
        return Reply(int(match.group(1)), match.group(2).decode("latin-1"), parse_fields(lines))

    def head(self, method="GET", seconds=None):
        """The head of the next final reply; its framing is known, its body not read."""
        deadline = deadline_in(seconds)
        interim = []
        while True:
            reply = self.interim_or_head(deadline)
            if reply is None:
                raise NoReply(self.source.ended)
            if reply.status >= 200:
                break
            interim.append((reply.status, reply.fields))
        reply.interim = interim
        frame(reply, method)
        return reply

    def reply(self, method="GET", seconds=None):
        """The next final reply, read to its end."""
        reply = self.head(method, seconds)
        self.read_body(reply, seconds)
        return reply

    def read_body(self, reply, seconds=None, sink=None, pace=None):
        """
        Reads the body of REPLY into it, or piece by piece into SINK.  PACE,
        if given, is asked before each read and may make it wait.
        """
        deadline = deadline_in(seconds)
        take = sink or (lambda piece: pieces.append(piece))
        pieces = []
        reader = {"none": lambda *_: "clean", "length": self._by_length,
                  "chunked": self._chunked, "close": self._to_close}[reply.framing]
        reply.end = reader(reply, take, deadline, pace)
        reply.body += b"".join(pieces)
        return reply

    def _fill(self, deadline, pace):
        if pace:
            pace(len(self.source.buffer))
        return self.source.buffer or self.source.more(deadline)

    def _cut_off(self):
        return "reset" if self.source.ended == "reset" else "truncated"

    def _by_length(self, reply, take, deadline, pace):
        left = reply.length
        while left > 0:
            if not self._fill(deadline, pace):
                return self._cut_off()
            piece = self.source.take(left)
            left -= len(piece)
            take(piece)
        return "clean"

    def _to_close(self, reply, take, deadline, pace):
        while self._fill(deadline, pace):
            take(self.source.take(1 << 20))
        return "clean" if self.source.ended == "fin" else "reset"

    def _chunked(self, reply, take, deadline, pace):
        while True:
            line = self.source.line(deadline)
            if line is None:
                return self._cut_off()
            match = CHUNK_SIZE.match(line)
            if not match:
                raise WireError(f"malformed chunk size {line!r}")
            left = int(match.group(1), 16)
            if left == 0:
                return self._trailers(reply, deadline)
            while left > 0:
                if not self._fill(deadline, pace):
                    return self._cut_off()
                piece = self.source.take(left)
                left -= len(piece)
                take(piece)
            end = self.source.line(deadline)
            if end is None:
                return self._cut_off()
            if end != b"":
                raise WireError(f"a chunk does not end where it said: {end!r}")

    def _trailers(self, reply, deadline):
        lines = []
        while (line := self.source.line(deadline)) != b"":
            if line is None:
                return self._cut_off()
            lines.append(line)
        reply.trailers = parse_fields(lines)
        return "clean"

    def until(self, needle, seconds=None):
        """Reads until NEEDLE has come; returns everything up to its end."""
        deadline = deadline_in(seconds)
        while (at := self.source.buffer.find(needle)) < 0:
            if not self.source.more(deadline):
                raise WireError(f"the connection ended ({self.source.ended}) before {needle!r}; "
                                f"got {bytes(self.source.buffer[-300:])!r}")
        return self.source.take(at + len(needle))

    def see(self, needle, seconds=None):
        """Reads until NEEDLE has come, but takes nothing; returns all that waits."""
        deadline = deadline_in(seconds)
        while needle not in self.source.buffer:
            if not self.source.more(deadline):
                raise WireError(f"the connection ended ({self.source.ended}) before {needle!r}")
        return bytes(self.source.buffer)

    def end(self, seconds=None):
        """Waits for the connection's end: "fin" or "reset"; no byte may come before it."""
        if self.source.buffer or self.source.more(deadline_in(seconds)):
            raise WireError(f"bytes after the last reply: {bytes(self.source.buffer[:300])!r}")
        return self.source.ended

    def drain(self, seconds=None):
        """Everything that comes until the connection ends."""
        deadline = deadline_in(seconds)
        while self.source.more(deadline):
            pass
        return self.source.take(len(self.source.buffer))

    def quiet(self, seconds=0.3):
        """True if nothing, not even an end, comes within SECONDS."""
        until = time.monotonic() + seconds
        while not self.source.buffer and (left := until - time.monotonic()) > 0:
            if self.source.waits(left) and (self.source.receive_more() or self.source.ended):
                return False
        return not self.source.buffer

    def half_close(self):
        """Says that no byte will follow, and goes on listening."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.setblocking(False)
            try:
                self.sock.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass # the answer is not waited for
            self.sock.settimeout(PATIENCE)
            return
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes so that the other side sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class NoReply(WireError):
    """The connection ended without a reply; HOW is "fin" or "reset"."""

    def __init__(self, how):
        super().__init__(f"the connection ended ({how}) without a reply")
        self.how = how


def frame(reply, method):
    """Decides a reply's framing as RFC 9112, section 6.3, has it."""
    lengths = reply.fields.all("Content-Length")
    codings = reply.fields.all("Transfer-Encoding")
    if len(lengths) > 1 or (lengths and not re.fullmatch(r"[0-9]+", lengths[0])):
        raise WireError(f"bad Content-Length {lengths}")
    if codings and (lengths or [c.lower() for c in codings] != ["chunked"]):
        raise WireError(f"bad framing {codings} {lengths}")
    reply.length = int(lengths[0]) if lengths else None
    if reply.status == 204 and (lengths or codings):
        raise WireError("204 with framing fields")
    if method == "HEAD" or reply.status in (204, 304):
        reply.framing = "none"
    elif codings:
        reply.framing = "chunked"
    elif lengths:
        reply.framing = "length"
    else:
        reply.framing = "close"


def request_bytes(method, target, body=None, fields=(), version="1.1", host="gateway.test"):
    """One request as bytes; a body gets an exact Content-Length."""
    lines = [f"{method} {target} HTTP/{version}"]
    names = [n.lower() for n, _ in fields]
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None:
        if "content-length" not in names and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(body)}")
        if "content-type" not in names:
            lines.append("Content-Type: application/json")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + (body or b"")


def chunked(body, size=None, trailers=()):
    """BODY in chunks of SIZE bytes (one chunk if None), ended."""
    size = size or max(1, len(body))
    out = bytearray()
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        out += b"%x\r\n%s\r\n" % (len(piece), piece)
    out += b"0\r\n" + b"".join(f"{n}: {v}\r\n".encode("latin-1") for n, v in trailers) + b"\r\n"
    return bytes(out)


def reply_bytes(status=200, body=b"", fields=(), framing="length", reason="OK", size=None):
    """One reply as a service would send it."""
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body and "content-type" not in [n.lower() for n, _ in fields]:
        lines.append("Content-Type: application/json")
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = chunked(body, size)
    elif framing == "close":
        lines.append("Connection: close")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body
