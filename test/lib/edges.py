"""edges.py - cases at the edge of a setting, and which settings have one

A test that tries a limit or timeout just below and just beyond what it is set
to says so with @edge("limits.json_depth"); `untested` tells which of the
gateway's own settings nobody has said that of.
"""
import time

import cases
import program
import wire

# What timeouts are set to, in milliseconds: sanitizer builds are slower.
SHORT_MS = 300 if program.BUILD.name == "release" else 2000
SHORT = f"{SHORT_MS}ms"
BEYOND = SHORT_MS * 1.6 / 1000   # seconds
GRAIN = 0.02                     # seconds; the gateway's clocks are no finer
LARGE = 24 << 20                 # bytes; more than the sockets between the two ends hold
EVENTS = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n")
PROVOKED = r"UPSTREAM_|BODY_TOO_LARGE|upstream"
JSON = ("Content-Type", "application/json")
RAW = ("Content-Type", "application/octet-stream")
CHUNKED = ("Transfer-Encoding", "chunked")
GROUPS = ("limits", "timeouts")
TESTED = {}


def edge(*keys):
    """The test that follows tries KEYS at their edge."""
    def mark(test):
        for key in keys:
            TESTED.setdefault(key, []).append(test.__qualname__)
        return test
    return mark


def untested(settings, tested=None):
    """Those of SETTINGS (keys) that are limits or timeouts and in no test of TESTED."""
    tested = TESTED if tested is None else tested
    return [key for key in settings if key.partition(".")[0] in GROUPS and key not in tested]


def unknown(settings, tested=None):
    """Keys that tests name and SETTINGS don't."""
    return [key for key in (TESTED if tested is None else tested) if key not in settings]


class Pauses:
    """Short pauses, each far below SHORT; TOO_LONG if the machine was too busy for that."""

    def __init__(self):
        self.begin()

    def begin(self):
        """Nothing that went before counts."""
        self.last, self.too_long = time.monotonic(), False

    def __call__(self):
        time.sleep(SHORT_MS / 6000)
        self.look()

    def look(self):
        """Says that the test has come this far."""
        now = time.monotonic()
        self.too_long |= now - self.last > SHORT_MS / 2000
        self.last = now

    def beyond(self):
        """A pause after each step, until more than SHORT has passed."""
        for step in range(9):
            yield step
            self()


def chunk(piece):
    """PIECE as one chunk."""
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def text_of(length):
    """A JSON text, one string, of LENGTH bytes."""
    return b'"' + b"x" * (length - 2) + b'"'


class Case(cases.Case):
    """Cases with one worker: then a count is the worker's own."""

    def limited(self, script=None, mapping=None, receive_buffer=None, **limits):
        """(gateway with LIMITS, scripted upstream)"""
        settings = {"workers": 1, **{f"limits.{key}": value for key, value in limits.items()}}
        gate, service = self.pair(script, settings, mapping, receive_buffer=receive_buffer)
        gate.tolerate(PROVOKED)
        return gate, service

    def post(self, gate, body, kind=JSON, framing="length", target=cases.CLIENT, fields=()):
        """The reply to BODY, framed by "length", as one chunk or as a chunk a byte."""
        fields = [kind, *fields]
        if framing != "length":
            body = wire.chunked(body, 1 if framing == "bytes" else None)
            fields.append(CHUNKED)
        return gate.once("POST", target, body, fields)

    def assert_passes(self, reply, *names):
        self.assertEqual((reply.status, reply.end), (200, "clean"), (reply, *names))

    def assert_cut_or_502(self, reply):
        """No client can take REPLY for a whole one."""
        if reply.end == "clean":
            self.assert_error(reply, 502, "UPSTREAM_INVALID")
        else:
            self.assertEqual(reply.status, 200)

    def timed(self, script=None, mapping=None, receive_buffer=None, settings=None, **timeouts):
        """(gateway with TIMEOUTS, those that are None SHORT, scripted upstream)"""
        settings = {"workers": 1, **(settings or {}), **{
            f"timeouts.{key}": SHORT if value is None else value for key, value in timeouts.items()}}
        gate, service = self.pair(script, settings, mapping, receive_buffer=receive_buffer)
        gate.tolerate(PROVOKED)
        return gate, service

    def assert_not_before(self, begun):
        """At least SHORT has passed since BEGUN."""
        self.assertGreaterEqual(time.monotonic() - begun, SHORT_MS / 1000 - GRAIN)

    def with_pauses(self, attempt):
        """ATTEMPT(pauses) succeeds; a failure on a machine too busy to ask is tried again."""
        for tries_left in range(4, -1, -1):
            pauses = Pauses()
            try:
                return attempt(pauses)
            except (AssertionError, OSError):
                if not pauses.too_long or not tries_left:
                    raise
        return None
