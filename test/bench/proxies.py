#!/usr/bin/env python3
"""proxies.py [WORD...] - the gateway beside other proxies, at the same work in one run

Words pick works and rows by name (`proxies.py 1k dpgw nginx`); without any of
a kind, all of it is measured.  Each round asks every proxy in turn, on one
core, with wrk and the service on the other.  Figures are medians over the
rounds; ratios are taken round by round.  Results go to build/bench.json.
"""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import judge
import lineup
import program
import rig
import wire
import work as works

QUICK = os.environ.get("BENCH_QUICK") == "1"
ROUNDS = 3 if QUICK else 7
SECONDS = 1                      # of one turn; wrk knows whole ones


class Wrong(Exception):
    """A reply that is not what the service's bytes must become."""


def sample(address, work, dialect, exact=False):
    """Asks once, and holds the reply against what it must be, to the byte."""
    with wire.Connection(address) as connection:
        reply = connection.request(work.method, work.target, work.request_body(dialect),
                                   [("Content-Type", "application/json")] if work.body else [])
    judge.reply(reply.status, reply.body, work.reply[dialect], exact)


def wrk(folder, address, work, dialect, core=rig.OTHER_CORE):
    """One turn of wrk: what wrk.lua prints."""
    env = program.environment({"METHOD": work.method})
    if work.body:
        body = folder / f"request.{dialect}"
        body.write_bytes(work.request_body(dialect))
        env["BODY"] = str(body)
    done = subprocess.run(
        [*rig.on_core(core), "wrk", "-t1", f"-c{work.connections}", f"-d{SECONDS}s",
         "-s", str(HERE / "wrk.lua"), f"http://{address}{work.target}"],
        env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise Wrong(f"{work.name}: wrk saw {result}")
    return result


def turn(folder, running, work, dialect):
    """One round's figures of RUNNING."""
    sample(running.address, work, dialect)
    before, core = running.cpu_seconds(), rig.cores_busy()
    result = wrk(folder, running.address, work, dialect)
    cpu = running.cpu_seconds() - before
    busy = rig.cores_busy()[rig.OTHER_CORE] - core[rig.OTHER_CORE]
    sample(running.address, work, dialect)
    return {"cpu_us": cpu * 1e6 / result["requests"],
            "rps": result["requests"] / result["seconds"],
            "p50_us": result["p50_us"], "p99_us": result["p99_us"],
            "client_core": busy / result["seconds"]}


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def compare(folder, service, rows, work):
    """All ROWS at WORK, interleaved: the rounds of each."""
    rounds = {row.name: [] for row in rows}
    with contextlib.ExitStack() as over:
        running = {}
        for row in rows:
            one = row.start(folder / f"{work.name}-{row.name}", service.address)
            over.callback(one.finish)
            running[row.name] = one
        for row in rows:         # warm: connections, caches, JIT
            wrk(folder, running[row.name].address, work, row.dialect)
        for number in range(ROUNDS):
            for row in rows[number % len(rows):] + rows[:number % len(rows)]:
                rounds[row.name].append(turn(folder, running[row.name], work, row.dialect))
    return rounds


def show(work, rows, rounds):
    print(f"\n{work.label}: {'':<24} CPU us/request      requests/s   p50 us   p99 us  client core")
    for row in rows:
        of = rounds[row.name]
        cpu = spread([r["cpu_us"] for r in of])
        print(f"{row.label:<36} {cpu['median']:>7.1f} ({cpu['least']:.1f}-{cpu['most']:.1f})"
              + "".join(f" {statistics.median(r[k] for r in of):>8.0f}"
                        for k in ("rps", "p50_us", "p99_us"))
              + f" {100 * statistics.median(r['client_core'] for r in of):>5.0f} %")
    if "dpgw" in rounds:
        for row in rows:
            if row.name != "dpgw":
                ratio = spread([a["cpu_us"] / b["cpu_us"]
                                for a, b in zip(rounds["dpgw"], rounds[row.name])])
                print(f"  dpgw / {row.name}: {ratio['median']:.2f} "
                      f"({ratio['least']:.2f}-{ratio['most']:.2f})")


def main(words):
    def picked(all_of):
        return [one for one in all_of if one.name in words] or all_of

    rows, wanted = picked(lineup.ROWS), picked(works.works())
    with tempfile.TemporaryDirectory(prefix="dpgw-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)      # workers that are not root read what lies in it
        upstream = folder / "upstream"
        upstream.mkdir()
        works.write(upstream, wanted)
        service = rig.nginx("upstream.conf", upstream, rig.OTHER_CORE, mkdir=False)
        try:
            for work in wanted:
                show(work, rows, compare(folder, service, rows, work))
            service.finish()
        finally:
            rig.end_all()


if __name__ == "__main__":
    main(sys.argv[1:])
