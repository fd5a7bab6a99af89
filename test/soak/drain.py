#!/usr/bin/env python3
"""drain.py - one gateway after the other is stopped under load that goes on past it

  drain.py             runs it and writes build/drain.json

An open loop of $DRAIN_RATE (200) requests a second goes on all the time, on
fresh and on kept connections: reads, writes, lists, errors.  $DRAIN_ROUNDS
(20) times the gateway that serves it gets SIGTERM, with event streams and
uploads open; a moment later new requests go to the next one.  Every second
gateway runs as another user, if this is root.  Each request must have got its
complete, right reply, or was refused before it was sent; a kept connection
may close under a request that is just being sent, if no service ever sees it.
"""
import asyncio
import collections
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "blackbox"), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import gateway
import openloop
import peers
import program
import reliability
import stopping

ROUNDS = int(os.environ.get("DRAIN_ROUNDS", "20"))
RATE = int(os.environ.get("DRAIN_RATE", "200"))
BEFORE, BEYOND, LIMIT = 1.0, 0.4, 3     # seconds of load before SIGTERM, beyond it, of the drain
OPEN = 4                                # streams, and uploads


class Round:
    """One gateway, from its start to its end."""

    def __init__(self, folder, service, number):
        self.user = "nobody" if number % 2 and os.geteuid() == 0 else "itself"
        (folder / str(number)).mkdir()
        settings = {"timeouts.drain": f"{LIMIT}s"}
        if self.user == "nobody":
            settings["user"] = self.user
        self.gate = gateway.Gateway(folder / str(number), service.url, settings)
        self.gate.tolerate("drain limit reached")
        self.told = collections.Counter()
        self.window = None       # from SIGTERM to the end

    async def stop(self, load, following):
        """SIGTERM; new requests go to the gateway FOLLOWING after a moment."""
        streams, uploads = await stopping.open_some(self.gate, OPEN)
        begun = time.monotonic()
        await stopping.told_to_stop(self.gate)
        await asyncio.sleep(BEYOND)
        if following:
            load.address = following.gate.client
        await stopping.end_all(streams, uploads)
        self.told.update(f"upload {peer.ending('POST')}" for peer in uploads)
        self.told.update(f"stream {peer.ending()}" for peer in streams)
        await asyncio.to_thread(self.gate.finish)
        self.window = (begun, time.monotonic())

    def faults(self):
        wanted = {"upload 200 clean": OPEN, "stream 200 truncated": OPEN}
        if self.told != wanted:
            yield f"{dict(self.told)}"


async def go_on(folder, service):
    """All rounds; returns them and the load."""
    started = await asyncio.to_thread(Round, folder, service, 0)
    load = openloop.OpenLoop(service, started.gate.client, RATE)
    going = asyncio.ensure_future(load.run(3600))
    done = []
    try:
        for number in range(ROUNDS):
            await asyncio.sleep(BEFORE)
            following = await asyncio.to_thread(Round, folder, service, number + 1)
            done.append(started)
            await started.stop(load, following)
            started = following
        going.cancel()
        await load.settle()
        await asyncio.to_thread(started.gate.finish)
    finally:
        for one in [*done, started]:
            one.gate.kill_if_running()
    return done, load


def run():
    async def scene(folder, service):
        return await go_on(folder, service)

    with tempfile.TemporaryDirectory(prefix="dpgw-drain-") as name:
        folder = pathlib.Path(name)
        return peers.play(stopping.service, lambda service: folder, scene)


def row_of(rounds, asked):
    """The figures of ROUNDS: fates of the requests ASKED while they stopped."""
    windows = [r.window for r in rounds]
    during = [a for a in asked if any(begun <= a.begun <= end for begun, end in windows)]
    fates = collections.Counter(a.fate for a in during)
    return {"rounds": len(rounds), "requests": len(during), "fates": dict(fates),
            "seconds": [round(end - begun, 2) for begun, end in windows],
            "faults": [fault for r in rounds for fault in r.faults()]}


def main():
    rounds, load = run()
    rows = {user: row_of([r for r in rounds if r.user == user], load.asked)
            for user in sorted({r.user for r in rounds})}
    failed = 0
    for user, row in rows.items():
        failed += bool(row["faults"])
        print(f"{'not ok' if row['faults'] else 'ok'} drain as {user}", flush=True)
        print(f"    {row['rounds']} drains of {min(row['seconds'])} to {max(row['seconds'])} s, "
              f"{row['requests']} requests meanwhile: {row['fates']}"
              f"{': ' + row['faults'][0] if row['faults'] else ''}", flush=True)
    lost, fates = load.lost(), load.fates()
    failed += bool(lost)
    print(f"{'not ok' if lost else 'ok'} drain loses nothing", flush=True)
    print(f"    {len(load.asked)} requests in all: {dict(fates)}; kept connections told "
          f"{load.told}, closed idle {load.untold}", flush=True)
    for one in lost[:20]:
        print(f"    {one}", flush=True)
    (program.ROOT / "build/drain.json").write_text(json.dumps(
        {"build": program.BUILD.name, "rate": RATE, "rows": rows, "fates": dict(fates),
         "lost": lost, "told": load.told, "untold": load.untold}, indent=1) + "\n")
    command = "test/soak/drain.py"
    sent = sum(row["requests"] - row["fates"].get("refused", 0) for row in rows.values())
    reliability.record("drain", [
        (f"stops under {RATE} requests a second that go on past them", str(len(rounds)), command),
        ("requests sent while it stopped", str(sent), command),
        ("of them lost", str(len(lost)), command)])
    print(f"{len(rows) + 1 - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
