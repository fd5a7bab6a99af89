#!/usr/bin/env python3
"""deaths.py - connections to the service die by lot under mixed traffic; nothing runs twice

  deaths.py            runs, prints a table and writes build/deaths.json

$DEATHS (10000) connections die within their exchanges or behind them, two
workers between them and 16 callers; $SEED (9110) is the lot.  A fault is a
POST or PATCH that reached the service twice, anything that reached it three
times, or an answer given to another request.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "faults"), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import gateway  # noqa: E402
import mortals  # noqa: E402
import program  # noqa: E402
import reliability  # noqa: E402

COMMAND = "make soak SOAKS=test/soak/deaths.py"


def measure(folder, deaths, seed):
    """Has DEATHS connections die behind a gateway of its own; returns the figures."""
    world = mortals.World(deaths, seed)
    gate = gateway.Gateway(folder, world.url)
    gate.tolerate("(?i)upstream")
    begun = time.monotonic()
    try:
        world.run(gate.client)
        gate.finish()
    finally:
        gate.kill_if_running()
        world.close()
    return {"deaths": world.chaos.acts, "requests": world.asked, "sent again": world.retried(),
            "answered": world.tally["answered"], "told 502": world.tally["502"],
            "told a late 408": world.tally["408"], "visibly cut": world.tally["cut"],
            "unanswered": world.asked - sum(world.tally.values()),
            "run twice that must not": len(world.twice()),
            "run more than twice": len(world.thrice()), "wrong answers": len(world.wrong),
            "moments": dict(world.moments), "seconds": round(time.monotonic() - begun, 1)}


FAULTS = ("unanswered", "run twice that must not", "run more than twice", "wrong answers")


def main():
    with tempfile.TemporaryDirectory(prefix="dpgw-deaths-") as folder:
        row = measure(pathlib.Path(folder), int(os.environ.get("DEATHS", "10000")),
                      int(os.environ.get("SEED", "9110")))
    for name, figure in row.items():
        if name != "moments":
            print(f"    {figure:>8} {name}")
    for name, count in sorted(row["moments"].items()):
        print(f"    {count:>8} drawn to die {name}")
    (program.ROOT / "build/deaths.json").write_text(json.dumps(
        {"build": program.BUILD.name, "row": row}, indent=1) + "\n")
    failed = any(row[name] for name in FAULTS)
    if program.BUILD.name == "release":
        reliability.record("deaths", [
            ("connections to the service that died under mixed traffic", row["deaths"], COMMAND),
            ("requests meanwhile, each answered or visibly failed", row["requests"], COMMAND),
            ("POST and PATCH requests that reached the service twice",
             row["run twice that must not"], COMMAND),
            ("answers given to another request", row["wrong answers"], COMMAND)])
    print(f"{'not ok' if failed else 'ok'} deaths")
    print(f"{0 if failed else 1} passed, {1 if failed else 0} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
