#!/usr/bin/env python3
"""campaign.py - how long each target was looked at, and what that came to

  campaign.py run TARGET COMMAND...   runs the fuzzer COMMAND and keeps its figures
  campaign.py sum                     all runs, and the coverage, as test/fuzz/campaign.json

A run leaves a file in build/fuzz/runs/; README's table is made from the sum.
"""
import json
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNS = ROOT / "build/fuzz/runs"
COVERAGE = ROOT / "build/coverage/coverage.json"
SUM = ROOT / "test/fuzz/campaign.json"
STATISTIC = re.compile(r"^stat::(number_of_executed_units|peak_rss_mb):\s+(\d+)$")


def run(target, command):
    """The exit status of COMMAND, whose words are passed on; its figures are kept."""
    begun, found = time.time(), {}
    fuzzer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace")
    try:
        for line in fuzzer.stderr:
            sys.stderr.write(line)
            if statistic := STATISTIC.match(line):
                found[statistic.group(1)] = int(statistic.group(2))
    except KeyboardInterrupt:
        pass  # the fuzzer was told the same
    status = fuzzer.wait()
    if found:
        keep(target, begun, time.time() - begun, found)
    return status


def keep(target, begun, seconds, found):
    RUNS.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(begun))
    row = {"target": target, "date": stamp[:10], "seconds": round(seconds),
           "executions": found["number_of_executed_units"], "peak_mb": found["peak_rss_mb"]}
    (RUNS / f"{target}-{stamp}.json").write_text(json.dumps(row) + "\n")


def add_up():
    """{target: the figures of all its runs, and of its coverage}."""
    total = {}
    for file in sorted(RUNS.glob("*.json")):
        row = json.loads(file.read_text())
        sum_ = total.setdefault(row["target"], {"date": "", "seconds": 0, "executions": 0,
                                                "peak_mb": 0})
        sum_["seconds"] += row["seconds"]
        sum_["executions"] += row["executions"]
        for key in ("date", "peak_mb"):
            sum_[key] = max(sum_[key], row[key])
    for target, lines in json.loads(COVERAGE.read_text()).items():
        if target in total:
            total[target].update(lines)
    return total


def main(arguments):
    if arguments[:1] == ["run"] and len(arguments) > 2:
        return run(arguments[1], arguments[2:])
    if arguments != ["sum"]:
        print(__doc__, file=sys.stderr)
        return 64
    SUM.write_text(json.dumps(dict(sorted(add_up().items())), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
