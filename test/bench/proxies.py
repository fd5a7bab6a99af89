#!/usr/bin/env python3
"""proxies.py [WORD...] - the gateway beside other proxies, at the same work in one run

Words pick works and rows by name (`proxies.py 1k dpgw nginx`); without any of
a kind, all of it is measured.  Each round asks every proxy in turn, on one
core, with the clients and the service on the other.  Figures are medians over
the rounds; ratios are taken round by round.  Results go to build/bench.json,
tables to standard output, and a plot to build/bench.svg.
"""
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import chart
import crowd
import held
import judge
import lineup
import machine
import probe
import program
import rig
import tables
import targets
import turns
import work as works

QUICK = os.environ.get("BENCH_QUICK") == "1"
ROUNDS = 3 if QUICK else 5
LOAD = 0.3                       # of what the gateway can do: the rate of the open loop
OVERLOAD = 0.9                   # of what a row can do: beyond it an open loop tells nothing
TRANSFERS = 32
DIRECT = lineup.Row("direct", "", None, works.SERVICE)


class Measured:
    """What one row came to at one work: its turns, or why it has none."""

    def __init__(self):
        self.turns, self.latency, self.void, self.peak = [], [], [], None

    def figures(self):
        found = {"turns": self.turns, "latency": self.latency, "void": sorted(set(self.void)),
                 "peak_bytes": self.peak}
        for name in ("cpu_us", "rps", "client_core"):
            if values := [t[name] for t in self.turns if name in t]:
                found[name] = tables.spread(values)
        return found


class Comparison:
    """All ROWS at one WORK, started, warmed and asked in turns."""

    def __init__(self, folder, service, rows, work):
        self.folder, self.service, self.work = folder / work.name, service, work
        self.folder.mkdir()
        self.rows = [row for row in rows if row.does(work)]
        self.found = {row.name: Measured() for row in self.rows}
        self.running, self.counts = {}, {}

    def _start(self, over):
        for row in self.rows:
            one = row.start(self.folder / row.name, self.service.address, self.work)
            over.callback(one.finish)
            self.running[row.name] = one

    def _attempt(self, row, measure):
        """MEASURE() of ROW; a row with a wrong reply is out."""
        found = self.found[row.name]
        if row.name in self.running:
            try:
                measure(found)
            except judge.FAULTS as void:
                found.void.append(str(void))
                found.turns.clear()
                del self.running[row.name]

    def _warm(self, row):
        running = self.running[row.name]
        if self.work.counted:
            self.counts[row.name] = turns.fitting(self.folder, running, self.work, row)
        else:
            turns.sample(running.address, self.work, row)
            turns.asked(self.folder, running.address, self.work, row)

    def _turn(self, row, found):
        figures = turns.turn(self.folder, self.running[row.name], self.work, row,
                             self.counts.get(row.name))
        found.turns.append(figures)

    def _by_curl(self):
        """curl alone, asking the service as the gateway's upstream side does."""
        body = []
        if self.work.body:
            file = self.folder / "posted"
            file.write_bytes(self.work.body[works.SERVICE])
            body = [file]
        result = turns.one_line([*rig.on_core(rig.PROXY_CORE),
                                 program.build_path("BARE_CURL", "bench/bare_curl"),
                                 f"http://{self.service.address}{self.work.target}", turns.SECONDS,
                                 TRANSFERS, *body], 60)
        if result["errors"]:
            raise judge.Void(f"curl: {result['errors']} errors")
        return {"cpu_us": result["cpu_seconds"] * 1e6 / result["requests"],
                "rps": result["requests"] / turns.SECONDS}

    def _direct(self):
        """The service asked itself, from the proxy's core."""
        turns.looked_at(self.folder, self.service.address, self.work, DIRECT)
        result = turns.asked(self.folder, self.service.address, self.work, DIRECT,
                             20 if self.work.counted else None, core=rig.PROXY_CORE)
        return {"rps": result["requests"] / result["seconds"]}

    def _late(self, row, address, found, rate):
        """One turn of the open loop."""
        turns.looked_at(self.folder, address, self.work, row)
        result = turns.asked(self.folder, address, self.work, row,
                             max(200, round(rate * turns.SECONDS)), rate)
        found.latency.append({k: result[k] for k in ("p50_us", "p99_us")})

    def _rate(self):
        """The open loop's: a share of what the gateway (or the first row) can do."""
        first = next(iter(self.found.values())).figures()
        return LOAD * first["rps"]["median"] if "rps" in first else None

    def _open_loop(self):
        rate = self._rate()
        asked = [row for row in self.rows if row in lineup.ROWS and rate and
                 self.found[row.name].turns and
                 rate <= OVERLOAD * self.found[row.name].figures()["rps"]["median"]]
        for _ in range(ROUNDS):
            for row in asked:
                self._attempt(row, lambda found, row=row: self._late(
                    row, self.running[row.name].address, found, rate))
            self._late(DIRECT, self.service.address, self.found["direct"], rate)
        return rate

    def run(self):
        """What `figures` of each row has, and of `curl` and `direct`, by name."""
        for name in ("direct", *(() if self.work.counted else ("curl",))):
            self.found[name] = Measured()
        with contextlib.ExitStack() as over:
            self._start(over)
            for row in self.rows:
                self._attempt(row, lambda _, row=row: self._warm(row))
            for number in range(ROUNDS):
                at = number % max(1, len(self.rows))
                for row in self.rows[at:] + self.rows[:at]:
                    self._attempt(row, lambda found, row=row: self._turn(row, found))
                self.found["direct"].turns.append(self._direct())
                if "curl" in self.found:
                    self.found["curl"].turns.append(self._by_curl())
            rate = self._open_loop() if self.work.late else None
            for name, one in self.running.items():
                self.found[name].peak = one.peak()
        return self._judged(rate)

    def _judged(self, rate):
        rows = {name: found.figures() for name, found in self.found.items()}
        for row in rows.values():
            if "client_core" in row:
                row["void"] += judge.complaint(judge.client_core, row["client_core"]["median"])
        return {"label": self.work.label, "rows": rows, "rate": rate,
                "void": self._held_up(rows, False, judge.UPSTREAM_LEAST)
                # A large body goes through untranslated nearly as fast as it comes.
                or not self.work.counted and
                self._held_up(rows, True, judge.UPSTREAM_LEAST_PLAIN) or []}

    def _held_up(self, rows, plain, least):
        """Why the service may have held those up that are PLAIN, or not."""
        fastest = max((rows[row.name]["rps"]["median"] for row in self.rows
                       if rows[row.name]["turns"] and row.plain is plain
                       and row.name != "evhttp"), default=0)
        return judge.complaint(judge.upstream, rows["direct"]["rps"]["median"], fastest, least)


def each(rows, name, measure):
    """MEASURE(row) of every row, or why it has none; shown as it comes."""
    found = {}
    for row in rows:
        try:
            found[row.name] = measure(row)
        except judge.FAULTS as fault:
            found[row.name] = {"void": str(fault)[:300]}
        tables.show_one(name, row, found[row.name])
    return found


def beside(folder, service, rows, kinds, fidelity):
    """What is no request and its reply: KINDS of it, by name."""
    tenth = 16 if QUICK else 1
    one = works.works()[0]
    measures = {
        "fidelity": lambda row: probe.probe(folder, row),
        "streams": lambda row: held.streams(folder, row, fidelity.get(row.name) == "translated",
                                            held.STREAMS // tenth),
        "idle": lambda row: held.idle(folder, row, service, one),
        "upload": lambda row: held.upload(folder, row, held.GIB // tenth),
    }
    results = {}
    for kind in kinds:
        print(f"\n{tables.HELD[kind]}")
        results[kind] = each(rows, kind, measures[kind])
        if kind == "fidelity":
            fidelity.update({name: of.get("events") for name, of in results[kind].items()})
    return results


def measured(folder, words):
    """All that WORDS pick, as build/bench.json has it."""
    def picked(all_of, name=lambda one: one.name):
        return [one for one in all_of if name(one) in words]

    rows = picked(lineup.ROWS + lineup.BESIDE) or lineup.ROWS + lineup.BESIDE
    wanted, kinds = picked(works.works()), picked(tables.HELD, str)
    if not wanted and not kinds:
        wanted, kinds = works.works(), list(tables.HELD)
    if "streams" in kinds and "fidelity" not in kinds:
        kinds.insert(0, "fidelity")   # tells who translates events
    upstream = folder / "upstream"
    upstream.mkdir()
    works.write(upstream, works.works())
    service = rig.nginx("upstream.conf", upstream, rig.OTHER_CORE, mkdir=False)
    results = {"quick": QUICK, "rounds": ROUNDS, "works": {}}
    for work in wanted:
        found = Comparison(folder, service, rows, work).run()
        results["works"][work.name] = found
        tables.show_work(found, rows)
    results |= beside(folder, service, [r for r in rows if r in lineup.ROWS], kinds, {})
    service.finish()
    return results


def main(words):
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))   # by way of what ends all
    crowd.room_for(4096)
    with tempfile.TemporaryDirectory(prefix="dpgw-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)      # workers that are not root read what lies in it
        try:
            results = measured(folder, words)
        finally:
            rig.end_all()
    finish(results, round(time.monotonic() - begun), keep=not words)


def finish(results, seconds, keep):
    """Shows what became of the targets and, if all was measured, leaves it in build/."""
    results |= {"seconds": seconds, "date": time.strftime("%Y-%m-%d", time.gmtime()),
                "machine": machine.machine(), "commit": machine.commit(),
                "labels": tables.BARE | {row.name: row.label
                                         for row in lineup.ROWS + lineup.BESIDE}}
    for name, found in results.get("fidelity", {}).items():
        posted = results["works"].get("post", {"rows": {}})["rows"].get(name)
        if posted and found.get("requests") == "wrong":
            posted["void"].append("the service got a wrong request")
    build = program.ROOT / "build"
    splicer = build / "splicer.json"
    tables.show_targets(targets.rows(results, json.loads(splicer.read_text())
                                     if keep and splicer.exists() else None))
    print(f"\n{seconds} s in all")
    if keep:
        (build / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
        (build / "bench.svg").write_text(chart.svg(results))


if __name__ == "__main__":
    main(sys.argv[1:])
