#!/usr/bin/env python3
"""figures.py - writes README's figures from what was measured, and where

Reads what make soak and make bench have left in build/; what is not there has
no table, and is told.  The marker carries a digest of the figures, so that
lint sees a change by hand.
"""
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "test/lib"), str(ROOT / "test/bench")]
import beside  # noqa: E402
from documents import FIGURES, README, digest  # noqa: E402
from machine import commit, machine  # noqa: E402

MEASURED = {"memory": "make soak", "uploads": "make soak", "streams": "make soak",
            "splicer": "make bench", "events": "make bench", "bench": "make bench"}
STREAMS = {"plain": "plain", "unannounced": "plain, from clients without `Accept`",
           "gzip": "gzip on both sides"}


def measured(name):
    """The JSON in build/NAME.json; None if it is not there, which is told with what makes it."""
    path = ROOT / "build" / f"{name}.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        print(f"left out: {path.relative_to(ROOT)} is not there; `{MEASURED[name]}` measures it",
              file=sys.stderr)
        return None


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join("---" if n == 0 else "---:" for n in range(len(head))) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def memory_table(rows):
    """Peak memory of the gateway under each large document and upload."""
    return table(["one document through the gateway, two workers", "size", "other end reads",
                  "peak memory", "gateway CPU"],
                 [[f"{row['document']} {row['way']}", f"{row['mib']} MiB",
                   f"{row['rate_limit'] / 1e6:.0f} MB/s" if row["rate_limit"] else "at once",
                   f"{row['peak_bytes'] / (1 << 20):.1f} MiB", f"{row['cpu_seconds']:.1f} s"]
                  for row in rows])


def asked_for(heap):
    """KiB of HEAP that libevent asked for, and all others: curl asks through the gateway."""
    libevent = sum(size for name, size in heap.items() if "libevent" in name)
    return [f"{size / 1024:.1f}" for size in (libevent, sum(heap.values()) - libevent)]


def streams_table(found):
    """What each open event stream costs, and who asked for it."""
    return table(["open event streams, a heartbeat a second, two workers", "streams",
                  "resident KiB each", "KiB asked for by libevent", "by curl and the gateway",
                  "CPU per message"],
                 [[STREAMS[row["kind"]], row["streams"], f"{row['each_bytes'] / 1024:.1f}",
                   *asked_for(row["heap"]), f"{row['cpu_seconds'] * 1e6 / row['messages']:.0f} µs"]
                  for row in found["rows"]])


def events_table(found):
    """By how much an event is later than on a bare connection."""
    return table(["delay of an event, from write to read, µs", "direct p50", "p99",
                  "through the gateway p50", "p99", "added p50", "p99"],
                 [[STREAMS[row["kind"]],
                   *(f"{row[way][part]:.0f}" for way in ("direct", "gateway")
                     for part in ("p50_us", "p99_us")),
                   f"{row['added_p50_us']:.0f}", f"{row['added_p99_us']:.0f}"]
                  for row in found["rows"]])


def splicer_table(found):
    """Throughput beside bare yajl_parse, one core, the same documents."""
    return table(["one core, whole documents of 8 MiB, MB/s", "`yajl_parse`", "replies", "ratio",
                  "requests", "ratio", "`memcpy`"],
                 [[d["name"], f"{d['yajl_mb_s']:.0f}", f"{d['response_mb_s']:.0f}",
                   f"{d['response_ratio']:.2f}", f"{d['request_mb_s']:.0f}",
                   f"{d['request_ratio']:.2f}", f"{d['memcpy_mb_s']:.0f}"]
                  for d in found["documents"]])


def tokens_table(found):
    """CPU per byte of huge tokens over that of small ones, at several piece sizes."""
    pieces = list(dict.fromkeys(t["piece"] for t in found["tokens"]))
    names = list(dict.fromkeys(t["name"] for t in found["tokens"]))
    ratio = {(t["name"], t["piece"]): t["ratio"] for t in found["tokens"]}
    return table(["CPU per byte, tokens of 8 MiB over 1 KiB, in pieces of"] + pieces,
                 [[name] + [f"{ratio[name, piece]:.2f}" for piece in pieces] for name in names])


def reliability_table():
    """What was tried, held and lost: the rows that suites and soaks leave in build/reliability/."""
    rows = [[row["what"], row["figure"], f"`{row['command'].strip('`')}`"]
            for file in sorted((ROOT / "build/reliability").glob("*.json"))
            for row in json.loads(file.read_text())]
    if not rows:
        print("left out: build/reliability has no rows; `make test` and `make soak` write them",
              file=sys.stderr)
    return table(["tried, held, lost", "figure", "printed by"], rows) if rows else ""


def fuzzing_table():
    """What each target of the last campaign came to (test/fuzz/campaign.json)."""
    rows = json.loads((ROOT / "test/fuzz/campaign.json").read_text())
    return table(["fuzzing, by `make fuzz-campaign`", "minutes", "executions", "lines of its room",
                  "reached"],
                 [[f"`{target}`", f"{row['seconds'] / 60:.0f}", f"{row['executions']:,}",
                   row["lines"], f"{100 * row['reached'] / row['lines']:.0f} %"]
                  for target, row in rows.items()])


def figures():
    found = {name: measured(name) for name in MEASURED}
    splicer, bench = found["splicer"], found["bench"]
    large = [row for name in ("memory", "uploads") if found[name] for row in found[name]["rows"]]
    tables = [table(head, rows) for head, rows in beside.all_tables(bench, splicer)] if bench else []
    tables += [make(of) for make, of in (
        (memory_table, large), (streams_table, found["streams"]), (events_table, found["events"]),
        (splicer_table, splicer), (tokens_table, splicer)) if of]
    return "\n".join([
        f"Commit {commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}; {machine()}.\n",
        *tables, reliability_table(), fuzzing_table()])


def main():
    text = figures()
    readme = ROOT / README
    whole = readme.read_text()
    marked = f"<!-- numbers: begin {digest(text)} -->\n{text}<!-- numbers: end -->"
    assert FIGURES.search(whole), "README has no markers for the figures"
    readme.write_text(FIGURES.sub(lambda _: marked, whole))
    if (plot := ROOT / "build/bench.svg").exists():
        (ROOT / "test/bench/bench.svg").write_text(plot.read_text())


if __name__ == "__main__":
    main()
