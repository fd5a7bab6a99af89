#!/usr/bin/env python3
"""slow.py - hundreds of slow clients and services at once, and those who are not

  slow.py              runs it and writes build/slow.json

$SLOW_EACH (40) peers of each kind of test/blackbox/slowness.py (a tenth of
them where one moves megabytes) are held at once, in $SLOW_ROUNDS (2) rounds
with timers of $SLOW_LIMIT (5) seconds; then of those that hold most
$SLOW_ALONE (200) of one kind after the other.  Each must end as its kind
says.  Bystanders go on asking meanwhile; each of their requests
must end within 5 seconds, and its median and 99th percentile are printed
beside those of a run of the same length without slow peers.
"""
import asyncio
import collections
import dataclasses
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "blackbox"), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import crowd
import gateway
import mappings
import peers
import program
import reliability
import siege
import slowness

EACH = int(os.environ.get("SLOW_EACH", "40"))
ROUNDS = int(os.environ.get("SLOW_ROUNDS", "2"))
ALONE = int(os.environ.get("SLOW_ALONE", "200"))
LIMIT = float(os.environ.get("SLOW_LIMIT", "5"))
MIB = 1 << 20


def percentile(seconds, part):
    return seconds[min(len(seconds) - 1, int(len(seconds) * part))] * 1000


async def beside(gate, scene):
    """What SCENE gives, and the bystanders' times meanwhile."""
    asking = siege.Bystanders(gate)
    try:
        given = await scene
    finally:
        seconds = await asyncio.to_thread(asking.stop)
    return given, seconds


async def alone(gate):
    """The results for ALONE peers of each kind that holds a lot, and what was held meanwhile."""
    results, held = [], {}
    for kind in [k for k in slowness.KINDS.values() if k.busy and k.timer]:
        results += await siege.lay(gate, [dataclasses.replace(kind, busy=False)], ALONE, LIMIT,
                                   lambda name=kind.name: held.update({name: gate.memory()}))
    return results, held


async def rounds(gate):
    """Every round's results, the bystanders' times with and without slow peers, and memory."""
    kinds = list(slowness.KINDS.values())
    clock = asyncio.get_running_loop().time
    begun, before = clock(), gate.memory()
    held, results, served, own = [], [], [], []
    for _ in range(ROUNDS):
        found, times = await beside(gate, siege.lay(gate, kinds, EACH, LIMIT,
                                                    lambda: held.append(gate.memory())))
        results += found
        served += times[0]
        own += times[1]
    (found, crowds), times = await beside(gate, alone(gate))
    results += found
    served += times[0]
    own += times[1]
    lasted = clock() - begun
    _, quiet = await beside(gate, asyncio.sleep(lasted))
    return {"results": results, "lasted": lasted, "before": before, "held": held,
            "alone": crowds,
            "peak": gate.memory_peak(), "left": gate.memory(),
            "times": {"served by the service": (sorted(served), quiet[0]),
                      "answered by the gateway": (sorted(own), quiet[1])}}


def run():
    crowd.room_for(0)
    with tempfile.TemporaryDirectory(prefix="dpgw-slow-") as folder:
        def gate_for(service):
            return gateway.Gateway(pathlib.Path(folder), service.url,
                                   slowness.settings(LIMIT),
                                   mappings.EVERYTHING)

        async def scene(gate, service):
            try:
                told = await rounds(gate)
                await asyncio.to_thread(gate.finish)
                return told
            finally:
                gate.kill_if_running()

        return peers.play(lambda: peers.Service(slowness.ACTS), gate_for, scene)


def table(told):
    """One row a kind: how many, how they ended, what is wrong with that."""
    rows = {}
    for result in told["results"]:
        row = rows.setdefault(result.kind.name, {
            "timer": result.kind.timer or "-", "endings": collections.Counter(), "seconds": [],
            "faults": []})
        row["endings"] += result.endings
        row["seconds"] += result.seconds
        row["faults"] += result.faults(LIMIT)
    return rows


def main():
    told = run()
    rows, failed = table(told), 0
    for name, row in rows.items():
        failed += bool(row["faults"])
        print(f"{'not ok' if row['faults'] else 'ok'} slow {name}", flush=True)
        ends = ", ".join(f"{count} x {end}" for end, count in row["endings"].items())
        print(f"    {ends} after {min(row['seconds']):.1f} to {max(row['seconds']):.1f} s,"
              f" timer {row['timer']}{': ' + row['faults'][0] if row['faults'] else ''}")
    at_once = sum(siege.number_of(k, EACH) for k in slowness.KINDS.values())
    figures = {}
    for name, (besieged, quiet) in told["times"].items():
        p99, usual = percentile(besieged, 0.99), percentile(quiet, 0.99)
        figures[name] = {"requests": len(besieged), "p99_ms": p99, "undisturbed_p99_ms": usual,
                         "ratio": p99 / usual, "median_ms": percentile(besieged, 0.5),
                         "undisturbed_median_ms": percentile(quiet, 0.5)}
        print(f"    bystanders {name}: {len(besieged)} requests, median "
              f"{percentile(besieged, 0.5):.1f} ms, 99 % within {p99:.1f} ms; undisturbed "
              f"{percentile(quiet, 0.5):.1f} and {usual:.1f} ms: x {p99 / usual:.1f}")
    print(f"    {at_once} slow peers at once, {told['lasted']:.0f} s in all; memory "
          f"{told['before'] / MIB:.1f} MiB before, "
          f"{', '.join(f'{h / MIB:.1f}' for h in told['held'])} held, peak "
          f"{told['peak'] / MIB:.1f}, {told['left'] / MIB:.1f} left")
    for name, held in told["alone"].items():
        print(f"    {ALONE} x {name}: {held / MIB:.1f} MiB resident", flush=True)
    (program.ROOT / "build/slow.json").write_text(json.dumps(
        {"build": program.BUILD.name, "limit_seconds": LIMIT, "figures": figures,
         "peers": at_once, "before": told["before"], "held": told["held"],
         "alone": told["alone"], "peak": told["peak"], "left": told["left"],
         "kinds": {n: dict(r["endings"]) for n, r in rows.items()}}, indent=1) + "\n")
    command = "test/soak/slow.py"
    reliability.record("slow", [
        ("slow clients and services held at once, each ended by its timer",
         f"{at_once}, {ROUNDS} times, and {ALONE} of one kind, in {told['peak'] / MIB:.0f} MiB", command),
        ("requests of bystanders meanwhile, all within 5 s",
         str(sum(f["requests"] for f in figures.values())), command),
        ("their 99th percentile beside an undisturbed run",
         ", ".join(f"{name} x {f['ratio']:.1f}" for name, f in figures.items()), command)])
    print(f"{len(rows) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
