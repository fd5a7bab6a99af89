"""openloop.py - mixed requests that go on at their rate whatever becomes of them, each accounted for

An open loop starts RATE requests a second, on fresh connections and on kept
ones, and never waits for one before the next.  What became of each is known:

  answered   its complete, right reply came
  draining   a complete 503 that says DRAINING came
  refused    its connection was refused: nothing was sent
  raced      a kept connection was closed before or just as it was sent;
             no byte came back, and no service ever saw it
  lost       anything else: a reset, a cut or a wrong reply, or none at all
"""
import asyncio
import collections
import random
import re
import time

import cases
import peers
import wire

PATIENCE = wire.PATIENCE
KEPT = 40                        # connections kept for later requests, at most
ITEMS = 400                      # of a list, so that it streams


def reply_for(number, kind):
    """What the service answers to request NUMBER of KIND, and what its client must get."""
    if kind == "list":
        service = b"[%s]" % b",".join(b'{"workspaceId":"%d-%d"}' % (number, n)
                                      for n in range(ITEMS))
        return 200, service, service.replace(b"workspaceId", b"dataProductId")
    if kind == "error":
        body = b'{"ok":false,"error":{"code":"BUSY","n":%d}}' % number
        return 409, body, body
    return (200, b'{"workspaceId":"w%d"}' % number, b'{"dataProductId":"w%d"}' % number)


# kind: method, target, body
MIX = {
    "get": ("GET", cases.CLIENT + "/p", None),
    "post": ("POST", cases.CLIENT, b'{"dataProductId":"%d","name":"n"}'),
    "patch": ("PATCH", cases.CLIENT + "/p", b'{"dataProductId":"%d"}'),
    "list": ("GET", cases.CLIENT, None),
    "error": ("GET", cases.CLIENT + "/e", None),
    "unmapped": ("GET", "/nothing", None),
}


class Numbered(peers.Service):
    """A service that answers by number and counts how often it saw each."""

    def __init__(self, acts=()):
        super().__init__({"count": self._answer, **dict(acts)})
        self.seen = collections.Counter()

    async def _answer(self, peer, request):
        kind, number = request.fields.one("X-Kind"), int(request.fields.one("X-Number"))
        await request.whole()
        self.seen[number] += 1
        status, body, _ = reply_for(number, kind)
        await asyncio.sleep(random.random() * 0.03)
        await peer.send(wire.reply_bytes(status, body))
        return True


class Asked:
    """One request and what became of it."""

    def __init__(self, number, kind, fresh):
        self.number, self.kind, self.fresh = number, kind, fresh
        self.fate, self.why = None, ""
        self.begun = time.monotonic()


class OpenLoop:
    """ADDRESS may be set anew at any time; requests that start after that go there."""

    def __init__(self, service, address, rate):
        self.service, self.address, self.rate = service, address, rate
        self.asked, self.tasks, self.kept = [], set(), collections.deque()
        self.told = 0                # kept connections whose last reply said Connection: close
        self.untold = 0              # ... that ended idle, without that
        self.chance = random.Random(4)

    async def run(self, seconds):
        """Starts requests for SECONDS."""
        begun, before = time.monotonic(), len(self.asked)
        while (passed := time.monotonic() - begun) < seconds:
            while len(self.asked) - before < passed * self.rate:
                self._start()
            await asyncio.sleep(0.5 / self.rate)

    async def settle(self):
        """Waits until the fate of every request is known."""
        await asyncio.gather(*self.tasks)
        while self.kept:
            self.kept.popleft().close()

    def _start(self):
        kind = self.chance.choice(list(MIX))
        asked = Asked(len(self.asked), kind, fresh=self.chance.random() < 0.3)
        self.asked.append(asked)
        task = asyncio.ensure_future(self._ask(asked))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _take_kept(self):
        """A kept connection that was open a moment ago, or None."""
        while self.kept:
            peer = self.kept.popleft()
            if peer.state == peers.ESTABLISHED:
                return peer
            self.untold += 1
            peer.close()
        return None

    async def _connection(self, asked):
        peer = None if asked.fresh else self._take_kept()
        if peer:
            return peer, True
        try:
            return await asyncio.wait_for(peers.Peer.to(self.address), PATIENCE), False
        except (ConnectionRefusedError, asyncio.TimeoutError):
            asked.fate = "refused"
            return None, False

    async def _ask(self, asked):
        peer, kept = await self._connection(asked)
        if not peer:
            return
        try:
            reuse = await asyncio.wait_for(self._exchange(asked, peer, kept), PATIENCE)
        except asyncio.TimeoutError:
            asked.fate, asked.why, reuse = "lost", "no reply in time", False
        if reuse and len(self.kept) < KEPT:
            self.kept.append(peer)
        else:
            peer.close()

    async def _exchange(self, asked, peer, kept):
        """Sends ASKED on PEER and judges what comes.  True: PEER may carry another one."""
        method, target, body = MIX[asked.kind]
        if body:
            body = body % asked.number
        fields = [("X-Act", "count"), ("X-Kind", asked.kind), ("X-Number", str(asked.number))]
        if asked.fresh:
            fields.append(("Connection", "close"))
        try:
            await peer.send(wire.request_bytes(method, target, body, fields))
        except peers.Over:
            return self._unanswered(asked, peer, kept)
        # What has arrived while the other side is still open is its to answer.
        in_time = peer.state == peers.ESTABLISHED
        while not whole(peer.got) and await peer.receive():
            pass
        if not peer.got:
            return self._unanswered(asked, peer, kept and not in_time)
        return self._judge(asked, peer)

    def _unanswered(self, asked, peer, may_race):
        if may_race and self.service.seen[asked.number] == 0:
            asked.fate = "raced"
        else:
            asked.fate, asked.why = "lost", f"{'kept' if not asked.fresh else 'fresh'}: no reply"
        return False

    def _judge(self, asked, peer):
        try:
            replies = peer.replies(MIX[asked.kind][0])
        except wire.WireError as fault:
            asked.fate, asked.why = "lost", str(fault)
            return False
        reply = replies[0]
        asked.fate = "lost"
        if len(replies) != 1 or reply.end != "clean":
            asked.why = f"{len(replies)} replies, {reply.end}"
        elif reply.status == 503 and reply.json()["error"]["code"] == "DRAINING":
            asked.fate = "draining"
        elif asked.kind == "unmapped" and reply.status == 404:
            asked.fate = "answered"
        elif (reply.status, reply.body) == reply_for(asked.number, asked.kind)[::2]:
            asked.fate = "answered"
        else:
            asked.why = f"wrong: {reply}"
        closing = (reply.field("Connection") or "").lower() == "close"
        self.told += closing and not asked.fresh
        peer.got.clear()
        return asked.fate == "answered" and not closing and not asked.fresh

    # --- what a test asks ------------------------------------------------------------

    def fates(self):
        return collections.Counter(a.fate for a in self.asked)

    def lost(self):
        """What must not be: requests that were lost, or run twice."""
        told = [f"{a.number} {a.kind} {'fresh' if a.fresh else 'kept'}: {a.fate} {a.why}"
                for a in self.asked if a.fate in (None, "lost")]
        return told + [f"{n} ran {times} times" for n, times in self.service.seen.items()
                       if times > 1]


LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")


def whole(got):
    """True if GOT holds a whole reply."""
    at = got.find(b"\r\n\r\n")
    if at < 0:
        return False
    if length := LENGTH.search(got, 0, at):
        return len(got) >= at + 4 + int(length.group(1))
    return got.endswith(b"\r\n0\r\n\r\n")
