"""siege.py - peers of many kinds at once, while bystanders go on asking

What the peers do is slowness.py's; here they are opened, timed and judged,
and so are the bystanders.
"""
import asyncio
import collections
import dataclasses
import multiprocessing
import time

import cases
import peers
import slowness
import program
import wire

RATE_FROM = 10                   # seconds from which the minimum rate counts
CLOCK_GRAIN = 0.02               # seconds that a timer may be early by
BYSTANDER_SECONDS = program.SOON
FEW = 10                         # one in so many, of those that are busy


def once(connection, method, target, body, status):
    """One request and its right reply; the seconds it took."""
    begun = time.monotonic()
    connection.send(wire.request_bytes(method, target, body))
    reply = connection.reply(method, BYSTANDER_SECONDS)
    assert (reply.status, reply.end) == (status, "clean"), reply
    return time.monotonic() - begun


def ask(address, over, told):
    """
    Asks one thing after the other until OVER, on kept and on fresh
    connections; then puts on TOLD the seconds of each request to the service,
    and of each that the gateway answers itself, or what went wrong.
    """
    served, own = [], []
    try:
        while not over.is_set():
            with wire.Connection(address) as connection:
                for _ in range(10):
                    served.append(once(connection, "PATCH", cases.CLIENT + "/p",
                                       b'{"dataProductId":1}', 200))
                    own.append(once(connection, "GET", "/nothing", None, 404))
                    over.wait(0.02)
    except Exception as fault:  # told by stop()
        told.put(repr(fault))
    else:
        told.put((sorted(served), sorted(own)))


class Bystanders:
    """A client that asks all the time, in a process of its own."""

    def __init__(self, gate):
        context = multiprocessing.get_context("spawn")
        self.over, self.told = context.Event(), context.Queue()
        self.process = context.Process(target=ask, args=(gate.client, self.over, self.told),
                                       daemon=True)
        self.process.start()

    def stop(self):
        """(times of requests to the service, of others), sorted; all below BYSTANDER_SECONDS."""
        self.over.set()
        told = self.told.get(timeout=wire.PATIENCE)
        self.process.join(wire.PATIENCE)
        assert not isinstance(told, str), told
        return told


@dataclasses.dataclass
class Result:
    """What became of the peers of one kind."""
    kind: slowness.Kind
    endings: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    seconds: list = dataclasses.field(default_factory=list)

    def least(self, limit):
        """The seconds it must last where timers are set to LIMIT."""
        one = self.kind
        if one.timer == "request_rate":
            return RATE_FROM
        if one.timer == "half_close":
            return limit * slowness.HALF_CLOSE
        return limit if one.timer or one.outlives else 0

    def faults(self, limit):
        """What is not as the kind says it must be."""
        one = self.kind
        if set(self.endings) != {one.ends}:
            yield f"ended as {dict(self.endings)}, not as {one.ends!r}"
        least = self.least(limit) - CLOCK_GRAIN
        if self.seconds and min(self.seconds) < least:
            yield f"ended after {min(self.seconds):.2f} s, before {one.timer or one.outlives}"


async def besiege(one, address, limit, result):
    begun = time.monotonic()
    peer = await peers.Peer.to(address, one.slow)
    try:
        try:
            await one.client(peer, limit)
        except peers.Over:       # its ending tells
            await peer.end()
        result.seconds.append(time.monotonic() - begun)
        result.endings[peer.ending(one.method)] += 1
    finally:
        peer.close()


def number_of(kind, each):
    """How many peers of KIND there are where there are EACH of most."""
    return each // FEW + 1 if kind.busy else each


async def lay(gate, kinds, each, limit, look=None):
    """
    Opens EACH peers of each of KINDS at once, of busy ones a few, and waits
    for all their ends.
    LOOK(), if given, is called once they have all been held for a while.
    Returns a Result for each kind.
    """
    slowness.LIMIT[0] = limit
    results = [Result(one) for one in kinds]
    tasks = [asyncio.ensure_future(besiege(r.kind, gate.client, limit, r))
             for r in results for _ in range(number_of(r.kind, each))]
    if look:
        await asyncio.sleep(limit * 0.7)
        look()
    await asyncio.wait_for(asyncio.gather(*tasks), wire.PATIENCE + 10 * limit)
    return results
