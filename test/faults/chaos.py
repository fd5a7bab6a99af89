"""chaos.py - a proxy that breaks what passes through it, at a byte of the test's choice

It stands between gateway and service, or between client and gateway, and
passes bytes on as they come.  What happens to the bytes of one exchange is
its Plan: a Fate for each direction.  A Fate acts when exactly AT bytes of
its direction have been passed on; at 0 that is when the first one comes.

    ACT         what happens at byte AT
    fin         the connection is closed, in order
    reset       the connection is reset
    half_close  this direction ends, the other goes on
    stall       nothing more of this exchange is passed on, and nothing ends
    b"..."      these bytes are inserted; then THEN happens, if it is given

SLICE cuts what passes into segments of so many bytes, DELAY holds each
piece back for so many seconds, LATER waits so many seconds before the act,
and nothing passes meanwhile.  A reset waits until what was passed has arrived,
unless it is HURRIED: behind a whole reply the connection might be used again.

An exchange begins with the first byte up, or up after a byte down, so a
connection that is kept has many.  SCRIPT(number, exchange, head) gives the
Plan: the number of the connection, that of the exchange on it, and the first
bytes going up.
"""
import loop as loops


class Fate:
    """What happens to one direction of one exchange."""

    def __init__(self, at=None, act=None, then=None, slice=None, delay=0, later=0,
                 hurried=False):
        self.at, self.act, self.then = at, act, then
        self.slice, self.delay, self.later = slice, delay, later
        self.hurried = hurried
        self.passed = bytearray()  # what was passed on under it


class Plan:
    """What happens to one exchange; nothing, if nothing is said."""

    def __init__(self, up=None, down=None):
        self.up, self.down = up or Fate(), down or Fate()


class Flow:
    """One direction of one connection, from SOURCE to SINK."""

    def __init__(self, relay, source, sink, fate):
        self.relay, self.source, self.sink, self.fate = relay, source, sink, fate
        self.acted = False
        self.dead = False          # nothing more passes
        self.stalled = False       # nothing more of this exchange passes
        self.due = 0               # delayed pieces on their way

    def begin(self, fate):
        self.fate, self.acted, self.stalled = fate, False, False

    def take(self, piece):
        if self.fate.delay:
            self.due += 1
            self.relay.chaos.loop.after(self.fate.delay, lambda: self._arrive(piece))
        else:
            self._pass(piece)

    def _arrive(self, piece):
        self.due -= 1
        self._pass(piece)

    def _pass(self, piece):
        if self.dead or self.stalled:
            return
        if not piece:
            self._end()
            return
        at = self.fate.at
        if at is None or self.acted or len(self.fate.passed) + len(piece) < at:
            self._send(piece)
            return
        here = at - len(self.fate.passed)
        self.acted = True
        if self.fate.later:
            self._send(piece[:here])
            self.stalled, fate = True, self.fate
            self.relay.chaos.loop.after(fate.later, lambda: self._act_late(fate, piece[here:]))
            return
        # What is inserted leaves with what stands before it, so that nothing comes between.
        self.sink.cork()
        self._send(piece[:here])
        self._act(self.fate)
        self.sink.uncork()
        if not self.stalled:
            self._send(piece[here:])

    def _send(self, piece):
        if self.dead:
            return
        self.fate.passed += piece
        size = self.fate.slice or max(1, len(piece))
        for start in range(0, len(piece), size):
            self.sink.send(piece[start:start + size])

    def _act_late(self, fate, rest):
        """The act of FATE, though the next exchange may have begun; then REST, held back for it."""
        if fate is self.fate:
            self.stalled = False
        self._act(fate)
        if rest and not self.stalled:
            self._send(rest)

    def _act(self, fate):
        act = fate.act
        if self.dead:
            return
        if isinstance(act, bytes):
            self.sink.send(act)
            self.relay.chaos.inserted += 1
            act = fate.then
        if act is not None:
            self.relay.chaos.acts += 1
            getattr(self.relay, act)(self)

    def _end(self):
        if self.source.ended == "reset":
            self.relay.reset(self)
        else:
            self.relay.half_close(self)


class Relay:
    """One connection through the proxy."""

    def __init__(self, chaos, number, sock):
        self.chaos, self.number, self.exchange = chaos, number, -1
        self.near = loops.End(chaos.loop, sock, self._from_near)
        self.far = loops.End(chaos.loop, loops.dial(chaos.target), self._from_far)
        self.up = Flow(self, self.near, self.far, Fate())
        self.down = Flow(self, self.far, self.near, Fate())
        self.answered = True       # a byte has come down since the last one went up

    def _from_near(self, piece):
        if piece and self.answered:
            self.answered = False
            self.exchange += 1
            plan = self.chaos.script(self.number, self.exchange, piece)
            self.up.begin(plan.up)
            self.down.begin(plan.down)
        self.up.take(piece)

    def _from_far(self, piece):
        self.answered = self.answered or bool(piece)
        self.down.take(piece)

    def settle(self):
        """Closes both sides when no direction is left."""
        if all(flow.dead or flow.stalled for flow in (self.up, self.down)):
            self.near.close()
            self.far.close()
            self.chaos.relays.discard(self)

    # --- acts: what a fate does at its byte -------------------------------------

    def fin(self, flow):
        flow.sink.close()
        flow.source.close()
        self._over()

    def reset(self, flow):
        flow.sink.reset(flow.fate.hurried)
        flow.source.reset()
        self._over()

    def half_close(self, flow):
        flow.dead = True
        flow.sink.half_close()
        self.settle()

    def stall(self, flow):
        flow.stalled = True

    def _over(self):
        self.up.dead = self.down.dead = True
        self.chaos.relays.discard(self)


class Chaos:
    """The proxy before TARGET ("127.0.0.1:8080"), on LOOP."""

    def __init__(self, loop, target, script=None):
        self.loop, self.target = loop, target
        self.script = script or (lambda number, exchange, head: Plan())
        self.accepted = 0
        self.acts = 0            # that ended or stopped something
        self.inserted = 0        # that inserted bytes
        self.relays = set()      # that are open
        self.listener = loop.listen(self._accept)
        self.address = loops.address_of(self.listener)
        self.url = f"http://{self.address}"

    def _accept(self, sock):
        self.relays.add(Relay(self, self.accepted, sock))
        self.accepted += 1

    def close(self):
        self.loop.stop_listening(self.listener)
        for relay in list(self.relays):
            relay.near.close()
            relay.far.close()
