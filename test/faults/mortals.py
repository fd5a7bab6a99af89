"""mortals.py - mixed traffic through kept connections that die at moments drawn by lot

Some callers ask on connections that they keep; the service counts how often
it executes each request and answers with the request's own number; the proxy
between gateway and service has many of the exchanges die: before anything was
passed, within the request, after it was executed and before a byte of the
reply, within its head or body, behind it while the connection is idle, with a
FIN, a reset, a half-close or bytes that nobody asked for.

What must hold is told by the service and by the callers, never by the gateway:
nothing that is not idempotent is executed twice, nothing more often than
twice, and nobody is given the answer to another request.
"""
import collections
import random
import re

import cases
import chaos
import crowd
import loop as loops
import origin
import wire

CALLERS = 16
ID = re.compile(rb"(?i)\r\nx-number: (\d+)\r\n")
ONCE = ("POST", "PATCH")             # never executed twice
LATE = (b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
STRAY = wire.reply_bytes(200, b'{"number":"stray"}')
LARGE = b"x" * 100_000               # more than is held
JSON = [("Content-Type", "application/json")]
BYTES = [("Content-Type", "application/octet-stream")]
CHUNKED = [("Transfer-Encoding", "chunked")]

# name, method, target, fields, body with its framing
TRAFFIC = [
    ("list", "GET", cases.CLIENT + "?sort=dataProductId", [], None),
    ("get", "GET", cases.CLIENT + "/p", [], None),
    ("create", "POST", cases.CLIENT, JSON, b'{"dataProductId":"p"}'),
    ("create in chunks", "POST", cases.CLIENT, JSON + CHUNKED,
     wire.chunked(b'{"dataProductId":"p"}', 7)),
    ("empty post", "POST", cases.CLIENT + "/p/chat", [], b""),
    ("update", "PATCH", cases.CLIENT + "/p", JSON, b'{"dataProductType":"t"}'),
    ("put", "PUT", cases.CLIENT + "/p/skills/s", JSON, b'{"dataProductId":"p"}'),
    ("large put", "PUT", cases.CLIENT + "/p/skills/s", BYTES, LARGE),
    ("delete", "DELETE", cases.CLIENT + "/p", [], None),
    ("upload", "POST", cases.CLIENT + "/p/unstructured-assets/a", BYTES, LARGE),
    ("upload in chunks", "PATCH", cases.CLIENT + "/p/unstructured-assets/a", BYTES + CHUNKED,
     wire.chunked(LARGE, 9000)),
]


class Caller:
    """A client that asks one thing after another and keeps its connection while it can."""

    def __init__(self, world):
        self.world, self.end = world, None
        self.got, self.ended = bytearray(), None
        self.waiting = False

    def ask(self):
        self.number, (self.name, self.method, target, fields, body) = self.world.next_request()
        request = wire.request_bytes(self.method, target, body,
                                     [("X-Number", str(self.number)), *fields])
        if not self.end:
            self.got, self.ended = bytearray(), None
            self.end = loops.End(self.world.loop, loops.dial(self.world.door), self._take)
        self.waiting = True
        self.end.send(request)

    def _take(self, piece):
        self.got += piece
        self.ended = self.end.ended
        reply = self._reply() if self.waiting else None
        if reply is None and not self.ended:
            return
        if self.got and (reply or not self.waiting):
            self.world.wrong.append((self.number, "and bytes besides", bytes(self.got)))
        if self.ended or reply.field("Connection") == "close":
            self.end.close()
            self.end = None
        if self.waiting:
            self.waiting = False
            self.world.answered(self, reply)

    def _reply(self):
        """The whole reply, taken off what came; None if it is not whole."""
        if b"\r\n\r\n" not in self.got:
            return None
        replayed = crowd.Replayed(self)
        reply = replayed.reply(self.method)
        if reply.end != "clean":
            return None
        self.got = replayed.source.buffer
        return reply


class World:
    """Callers, proxy and service around a gateway; asks until DEATHS connections have died."""

    def __init__(self, deaths, seed=9110):
        self.loop, self.chance = loops.Loop(), random.Random(seed)
        self.deaths, self.asked = deaths, 0
        self.sent = collections.Counter()        # number: how often it reached the proxy
        self.executed = collections.Counter()    # number: how often the service executed it
        self.methods = {}                        # by number
        self.tally = collections.Counter()
        self.moments = collections.Counter()     # how many were to die when
        self.wrong = []                          # who was given what is not theirs
        self.idle = CALLERS
        self.origin = origin.Origin(self.loop, self._execute)
        self.chaos = chaos.Chaos(self.loop, self.origin.address, self._fate)
        self.url, self.door = self.chaos.url, None

    # --- the service --------------------------------------------------------------

    def _execute(self, request):
        number = int(request.field("X-Number"))
        self.executed[number] += 1
        self.origin.executed.clear()
        body = b'{"number":"%d","workspaceId":"p"}' % number
        framing = ("length", "chunked")[number % 2]
        return wire.reply_bytes(200, body, [("X-Number", str(number))], framing, size=9)

    # --- the moments of death --------------------------------------------------------

    def _fate(self, _number, _exchange, head):
        number = int(ID.search(head).group(1))
        self.sent[number] += 1
        moment = self.chance.choice(self.MOMENTS)
        if moment is None:
            return chaos.Plan()
        self.moments[moment.__name__.strip("_").replace("_", " ")] += 1
        return moment(self, number)

    def _end(self):
        return self.chance.choice(("fin", "reset", "half_close"))

    def _before_reading(self, _number):
        return chaos.Plan(up=chaos.Fate(0, self.chance.choice(("fin", "reset"))))

    def _within_the_request(self, _number):
        return chaos.Plan(up=chaos.Fate(self.chance.randrange(1, 300), self.chance.choice(
            ("fin", "reset"))))

    def _before_the_reply(self, _number):
        return chaos.Plan(down=chaos.Fate(0, self._end()))

    def _within_the_head(self, _number):
        return chaos.Plan(down=chaos.Fate(self.chance.randrange(1, 80), self._end()))

    def _within_the_body(self, _number):
        return chaos.Plan(down=chaos.Fate(self.chance.randrange(80, 130), self._end()))

    def _behind_the_reply(self, number):
        return chaos.Plan(down=chaos.Fate(self._length(number), self._end()))

    def _late_while_idle(self, number):
        return chaos.Plan(down=chaos.Fate(self._length(number), LATE, self._end(),
                                          later=self.chance.choice((0, 0.001, 0.005))))

    def _stray_behind_the_reply(self, number):
        return chaos.Plan(down=chaos.Fate(self._length(number), STRAY, self._end()))

    @staticmethod
    def _length(number):
        framing = ("length", "chunked")[number % 2]
        return len(wire.reply_bytes(200, b'{"number":"%d","workspaceId":"p"}' % number,
                                    [("X-Number", str(number))], framing, size=9))

    # None: this one lives.
    MOMENTS = [None] * 6 + [_before_reading, _within_the_request, _before_the_reply,
                            _within_the_head, _within_the_body, _behind_the_reply,
                            _late_while_idle, _stray_behind_the_reply]

    # --- the callers ----------------------------------------------------------------

    def next_request(self):
        self.asked += 1
        kind = self.chance.choice(TRAFFIC)
        self.methods[self.asked] = kind[1]
        return self.asked, kind

    def answered(self, caller, reply):
        """CALLER has REPLY, or None: its connection ended without a whole one."""
        if reply is None:
            self.tally["cut"] += 1
        elif reply.status == 200:
            self.tally["answered"] += 1
            mine = (str(caller.number), {"number": str(caller.number), "dataProductId": "p"})
            if (reply.field("X-Number"), reply.json()) != mine:
                self.wrong.append((caller.number, reply))
        elif reply.status in (502, 408):
            self.tally[str(reply.status)] += 1
        else:
            self.wrong.append((caller.number, reply))
        self._go_on(caller)

    def _go_on(self, caller):
        if self.chaos.acts < self.deaths:
            # Not from within the event that brought the last reply.
            self.loop.after(0, caller.ask)
        else:
            self.idle += 1
            if caller.end:
                caller.end.close()

    def run(self, address):
        """Asks the gateway at ADDRESS until all deaths have been died."""
        self.door, self.idle = address, 0
        for _ in range(CALLERS):
            Caller(self).ask()
        while self.idle < CALLERS:
            goal = self.asked + CALLERS
            self.loop.until(lambda goal=goal: self.idle == CALLERS or self.asked >= goal,
                            "an end of every request")
        return self

    def retried(self):
        return sum(1 for count in self.sent.values() if count > 1)

    def twice(self):
        """Numbers of requests that may run once and were executed, or only sent, again."""
        return [n for n, m in self.methods.items()
                if m in ONCE and max(self.executed[n], self.sent[n]) > 1]

    def thrice(self):
        return [n for n in self.methods if max(self.executed[n], self.sent[n]) > 2]

    def close(self):
        self.chaos.close()
        self.origin.close()
