#!/usr/bin/env python3
"""streams.py - what an open event stream costs in memory

  streams.py           measures and writes build/streams.json

$STREAMS (4000) event streams are open at once through two workers, each with
a heartbeat a second and an event now and then, for $STREAM_BEATS (5) seconds;
every client must get every byte.  What the gateway has resident over what it
had before, divided by their number, must stay below 32 KiB (release build):
with clients that say what they accept and such that don't.  Where both sides
code the stream as gzip it may be 128 KiB.  With $HEAP_OWNERS, the library of
test/bench/heap_owners.c, whose these bytes are is measured too.
"""
import json
import os
import pathlib
import struct
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import cases
import crowd
import gateway
import program

KIB = 1024
PATH = cases.CLIENT + "/p/chat/stream"
ACCEPT = [("Accept", "text/event-stream")]
# name: the fields of each request, whether the service codes, KiB a stream at most
KINDS = {"plain": (ACCEPT, False, 32),
         "unannounced": ([], False, 32),
         "gzip": ([*ACCEPT, ("Accept-Encoding", "gzip")], True, 128)}
EVENT = ('id: %d\ndata: {"<dataProductId|workspaceId>": "p-%d",\n'
         'data:  "text": "a few words of an answer, as they come"}\n\n')
# One stream in so many has an event with each heartbeat.
EVENT_EVERY = 10
HEAP_STREAMS = 500       # enough for what each of them asks for


def beat(streams, turn):
    """One heartbeat for all streams, an event for some.  Returns how many messages that was."""
    streams.beat()
    chosen = range(turn % EVENT_EVERY, len(streams.clients), EVENT_EVERY)
    for number in chosen:
        streams.say(number, EVENT % (turn, number))
    return len(streams.clients) + len(chosen)


def beats_at(streams, count, pause):
    """COUNT heartbeats, PAUSE seconds apart.  Returns how many messages there were."""
    messages = 0
    for turn in range(count):
        due = time.monotonic() + pause
        messages += beat(streams, turn)
        while (left := due - time.monotonic()) > 0:
            streams.turn(left)
    streams.everybody_has_heard()
    return messages


def measure(folder, kind, count, beats, pause, look=None, env=None):
    """
    Opens COUNT streams of KIND through a fresh gateway and has BEATS
    heartbeats, PAUSE seconds apart; returns its row.  LOOK(gateway), if not
    the resident bytes, is what is measured before and while they are open.
    """
    look = look or gateway.Gateway.memory
    fields, coded, _ = KINDS[kind]
    streams = crowd.Crowd(coded)
    settings = {"workers": 2, "limits.exchanges": count}
    gate = gateway.Gateway(folder, streams.url, settings, env=env)
    gate.tolerate("log lines lost")   # all end at once, and who reads the log is busy here
    try:
        for _ in range(8):
            gate.once("GET", "/none")
        before = look(gate)
        streams.open(gate.client, count, PATH, fields)
        for turn in range(EVENT_EVERY):
            beat(streams, turn)
        streams.everybody_has_heard()
        cpu = gate.cpu_seconds()
        messages = beats_at(streams, beats, pause)
        row = {"kind": kind, "streams": count, "workers": 2, "before": before,
               "open": look(gate), "messages": messages,
               "cpu_seconds": round(gate.cpu_seconds() - cpu, 2)}
        streams.finish()
    finally:
        streams.close()
        try:
            gate.finish()
        finally:
            gate.kill_if_running()
    return row


def resident(folder, kind, count, beats, pause):
    """The row of `measure` for resident bytes, with those of each stream."""
    row = measure(folder, kind, count, beats, pause)
    row["each_bytes"] = (row["open"] - row["before"]) // count
    row["each_max"] = KINDS[kind][2] * KIB
    return row


def fault_of(row):
    """What is wrong with ROW, or None."""
    if program.BUILD.name == "release" and row["each_bytes"] >= row["each_max"]:
        return f"{row['each_bytes']} bytes a stream are not below {row['each_max']}"
    return None


def heap_of(folder, library, kind, count):
    """The heap's bytes for each stream by whose code asked for them, with LIBRARY preloaded."""
    tallies = folder / "owners"

    def look(_):
        found = struct.iter_unpack("48sqq", tallies.read_bytes())
        return {name.rstrip(b"\0").decode(): size for name, size, _ in found if name[0]}

    row = measure(folder, kind, count, 1, 0.2, look,
                  {"LD_PRELOAD": str(library), "HEAP_OWNERS": str(tallies)})
    each = {name: (size - row["before"].get(name, 0)) // count
            for name, size in row["open"].items()}
    return {name: size for name, size in each.items() if size > 0}


def in_a_folder(measured, *arguments):
    """MEASURED with a folder of its own, which is gone afterwards, before its ARGUMENTS."""
    with tempfile.TemporaryDirectory(prefix="dpgw-streams-") as folder:
        return measured(pathlib.Path(folder), *arguments)


def main():
    count = crowd.room_for(int(os.environ.get("STREAMS", "4000")))
    beats = int(os.environ.get("STREAM_BEATS", "5"))
    library = program.ROOT / os.environ.get("HEAP_OWNERS", "no library")
    done, failed = [], 0
    for kind in KINDS:
        row = in_a_folder(resident, kind, count, beats, 1)
        if library.exists():
            row["heap"] = in_a_folder(heap_of, library, kind, min(count, HEAP_STREAMS))
        fault = fault_of(row)
        failed += fault is not None
        done.append(row)
        print(f"{'not ok' if fault else 'ok'} streams {kind}", flush=True)
        print(f"    {count} open, {row['each_bytes'] / KIB:.1f} KiB each, "
              f"{row['cpu_seconds'] * 1e6 / row['messages']:.0f} us of CPU a message"
              f"{': ' + fault if fault else ''}", flush=True)
        for name, size in row.get("heap", {}).items():
            print(f"    {size / KIB:.1f} KiB of it asked for by {name}", flush=True)
    (program.ROOT / "build/streams.json").write_text(json.dumps(
        {"build": program.BUILD.name, "rows": done}, indent=1) + "\n")
    print(f"{len(done) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
