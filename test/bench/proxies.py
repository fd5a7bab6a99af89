#!/usr/bin/env python3
"""proxies.py [WORD...] - the gateway beside other proxies, at the same work in one run

Words pick works and rows by name (`proxies.py 1k dpgw nginx`); without any of
a kind, all of it is measured.  Each round asks every proxy in turn, on one
core, with the clients and the service on the other: first flat out, which
says how much it can take, then at a rate that the clients' core keeps up
with, the same for all that can take it.  Figures are medians over the rounds;
ratios are taken round by round.  Results go to build/bench.json, tables to
standard output, and a plot to build/bench.svg.
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
# Each row is first asked flat out, then at a share of the rate that it came to, or of the
# gateway's where that is less: CPU is what it took at PACED, latency what it was at LATE.
ROUNDS = {"flat": 2, "paced": 2, "late": 2} if QUICK else {"flat": 3, "paced": 5, "late": 5}
PACED, LATE = 0.7, 0.3
TRANSFERS = 32
DIRECT = lineup.Row("direct", "", None, works.SERVICE)
CURL = lineup.Row("curl", "", None, works.SERVICE)


class Measured:
    """What one row came to at one work: its turns by kind, or why it has none."""

    def __init__(self):
        self.turns, self.void, self.peak = {kind: [] for kind in ROUNDS}, [], None

    def spread(self, kind, name):
        values = [turn[name] for turn in self.turns[kind] if name in turn]
        return tables.spread(values) if values else None

    def figures(self):
        found = {"flat": self.turns["flat"], "turns": self.turns["paced"],
                 "latency": self.turns["late"], "void": self.void, "peak_bytes": self.peak}
        for name, kind, of in (("cpu_us", "paced", "cpu_us"), ("rate", "paced", "rps"),
                               ("client_core", "paced", "client_core"), ("rps", "flat", "rps"),
                               ("flat_cpu_us", "flat", "cpu_us"),
                               ("flat_client_core", "flat", "client_core")):
            if spread := self.spread(kind, of):
                found[name] = spread
        return found


class Comparison:
    """All ROWS at one WORK, started, warmed and asked in turns."""

    def __init__(self, folder, service, rows, work):
        self.folder, self.service, self.work = folder / work.name, service, work
        self.folder.mkdir()
        self.rows = [row for row in rows if row.does(work)]
        self.found = {row.name: Measured() for row in [*self.rows, DIRECT]}
        self.running, self.counts = {"direct": service}, {}
        if not work.counted:
            self.found["curl"], self.running["curl"] = Measured(), None

    def _start(self, over):
        for row in self.rows:
            one = row.start(self.folder / row.name, self.service.address, self.work)
            over.callback(one.finish)
            self.running[row.name] = one

    def _attempt(self, row, measure):
        """MEASURE(row), or None; a row with a wrong reply is out."""
        if row.name in self.running:
            try:
                return measure(row)
            except judge.FAULTS as void:
                self.found[row.name] = Measured()
                self.found[row.name].void.append(str(void))
                del self.running[row.name]
        return None

    def _rounds(self, kind, rows, measure):
        """MEASURE(row) of all ROWS, each round beginning with another one."""
        for number in range(ROUNDS[kind]):
            at = number % len(rows)
            for row in rows[at:] + rows[:at]:
                if figures := self._attempt(row, measure):
                    self.found[row.name].turns[kind].append(figures)

    def _warm(self, row):
        running = self.running[row.name]
        if self.work.counted:
            self.counts[row.name] = turns.fitting(self.folder, running, self.work, row)
        else:
            turns.sample(running.address, self.work, row)
            turns.asked(self.folder, running.address, self.work, row)

    def _flat(self, row):
        """As many requests as it can take; the service itself is asked from the proxies' core."""
        if row is CURL:
            return self._by_curl()
        return turns.turn(self.folder, self.running[row.name], self.work, row,
                          self.counts.get(row.name),
                          core=rig.PROXY_CORE if row is DIRECT else rig.OTHER_CORE)

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

    def _at(self, share):
        """What asks a row at SHARE of its rate, or of the gateway's (or the first row's)."""
        most = self.found[self.rows[0].name].spread("flat", "rps")

        def measure(row):
            own = self.found[row.name].spread("flat", "rps")
            rate = share * min(limit["median"] for limit in (own, most) if limit)
            return turns.turn(self.folder, self.running[row.name], self.work, row,
                              max(1, round(rate * turns.SECONDS)), rate)
        return measure

    def run(self):
        """What `figures` of each row has, and of `curl` and `direct`, by name."""
        aside = [DIRECT] if self.work.counted else [DIRECT, CURL]
        with contextlib.ExitStack() as over:
            self._start(over)
            for row in [*self.rows, DIRECT]:
                self._attempt(row, self._warm)
            self._rounds("flat", self.rows + aside, self._flat)
            self._rounds("paced", self.rows, self._at(PACED))
            if self.work.late:
                self._rounds("late", [row for row in self.rows if row in lineup.ROWS] + [DIRECT],
                             self._at(LATE))
            for row in self.rows:
                if row.name in self.running:
                    self.found[row.name].peak = self.running[row.name].peak()
        return self._judged()

    def _judged(self):
        rows = {name: found.figures() for name, found in self.found.items()}
        for row in rows.values():
            if "client_core" in row:
                row["void"] += judge.complaint(judge.client_core, row["client_core"]["median"])
                row["at_least"] = row["flat_client_core"]["median"] > judge.CLIENT_CORE_MAX
        direct = rows["direct"].get("rps", {"median": 0})["median"]
        fastest = max((row["rate"]["median"] for row in rows.values() if "rate" in row), default=0)
        return {"label": self.work.label, "counted": self.work.counted, "rows": rows,
                "void": judge.complaint(judge.upstream, direct, fastest)}


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
    results = {"quick": QUICK, "rounds": ROUNDS, "shares": {"paced": PACED, "late": LATE},
               "works": {}}
    for work in wanted:
        if not any(row.does(work) for row in rows):
            continue
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
