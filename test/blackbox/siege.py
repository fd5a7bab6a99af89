"""siege.py - peers of many kinds at once, while bystanders go on asking

What the peers do is slowness.py's; here they are opened, timed and judged,
and so are the bystanders.
"""
import asyncio
import collections
import dataclasses
import threading
import time

import cases
import peers
import slowness
import wire

RATE_FROM = 10                   # seconds from which the minimum rate counts
CLOCK_GRAIN = 0.02               # seconds that a timer may be early by
BYSTANDER_SECONDS = 5


class Bystanders:
    """A client in a thread: one request after the other, on kept and on fresh connections."""

    def __init__(self, gate):
        self.gate, self.seconds, self.faults = gate, [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self):
        try:
            while not self.over.is_set():
                with self.gate.connect() as connection:
                    for _ in range(10):
                        self._once(connection)
        except Exception as fault:  # told by stop()
            self.faults.append(fault)

    def _once(self, connection):
        begun = time.monotonic()
        connection.send(wire.request_bytes("PATCH", cases.CLIENT + "/p", b'{"dataProductId":1}'))
        reply = connection.reply("PATCH", BYSTANDER_SECONDS)
        assert (reply.status, reply.end) == (200, "clean"), reply
        self.seconds.append(time.monotonic() - begun)
        self.over.wait(0.01)

    def stop(self):
        """Their times in seconds, sorted; each was below BYSTANDER_SECONDS."""
        self.over.set()
        self.thread.join(wire.PATIENCE)
        if self.faults:
            raise self.faults[0]
        return sorted(self.seconds)


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
        await one.client(peer, limit)
        result.seconds.append(time.monotonic() - begun)
        result.endings[peer.ending(one.method)] += 1
    finally:
        peer.close()


async def lay(gate, kinds, each, limit, look=None):
    """
    Opens EACH peers of each of KINDS at once and waits for all their ends.
    LOOK(), if given, is called once they have all been held for a while.
    Returns a Result for each kind.
    """
    slowness.LIMIT[0] = limit
    results = [Result(one) for one in kinds]
    tasks = [asyncio.ensure_future(besiege(r.kind, gate.client, limit, r))
             for r in results for _ in range(each)]
    if look:
        await asyncio.sleep(limit * 0.7)
        look()
    await asyncio.wait_for(asyncio.gather(*tasks), wire.PATIENCE + 10 * limit)
    return results
