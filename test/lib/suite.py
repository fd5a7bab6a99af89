#!/usr/bin/env python3
"""suite.py - runs every suite of one build and counts its cases

A suite is a folder of unit-test programs (unit/ROOM, TAP from cmocka) or a
script test/NAME/run.py, which prints `ok NAME` or `not ok NAME` a case, or
at least `N passed, N failed` at its end.  Results go to
build/results/VARIANT.json, so that several builds can be added up with each
case counted once.

  suite.py [NAME...]          run all suites, or those whose names begin so;
                              those of ASKED_FOR only if they are named
  suite.py --sum FILE...      add up results of several builds

With UNDER, unit-test programs run under that command (valgrind ...).  The
last line is `N passed, N failed`.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build/release"))
# What these need besides is installed by `make deps-web`, `deps-image` and `deps-net`.
ASKED_FOR = ("editor", "image", "interop", "net", "openapi", "web")
UNIT_SECONDS = 600
SCRIPT_SECONDS = 3000
TAP = re.compile(r"^(not )?ok(?: \d+)?(?: -)? (# SKIP ?)?(.*?)(?: \([\d.]+ s\))?$")
# A program whose cases mean nothing under a sanitizer or valgrind says so by an empty plan.
NOT_HERE = re.compile(r"^1\.\.0 # ", re.MULTILINE)
TOTAL = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\b")


class Result:
    """The cases of one suite by name, and what it printed where one failed."""

    def __init__(self):
        self.passed, self.failed, self.skipped = [], [], []
        self.output = ""
        self.seconds = 0.0

    def add(self, other):
        for cases, more in ((self.passed, other.passed), (self.failed, other.failed),
                            (self.skipped, other.skipped)):
            cases.extend(more)
        self.output += other.output
        self.seconds += other.seconds


def environment():
    """What every test program gets: where things are, and sanitizers that stop at once."""
    env = dict(os.environ, BUILD=str(BUILD), DPGW=str(BUILD / "dpgw"),
               SERVICE=str(BUILD / "workspaces-service"), CMOCKA_MESSAGE_OUTPUT="TAP",
               PYTHONDONTWRITEBYTECODE="1")
    env.setdefault("ASAN_OPTIONS", "halt_on_error=1:exitcode=99:detect_leaks=1:"
                   "detect_stack_use_after_return=1:strict_string_checks=1")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "halt_on_error=1:exitcode=99:second_deadlock_stack=1")
    return env


def read_cases(label, output, status, result):
    """Counts the cases in OUTPUT, what PROGRAM printed before it ended with STATUS."""
    planned, seen = 0, 0
    total = None
    if status == 0 and re.search(r"^1\.\.0 # SKIP", output, re.M):
        return  # nothing of it can run in this build
    for line in output.splitlines():
        if plan := re.match(r"^1\.\.(\d+)$", line):
            planned += int(plan.group(1))
        elif case := TAP.match(line):
            seen += 1
            name = f"{label}: {case.group(3)}"
            if case.group(2):
                result.skipped.append(name)
            elif case.group(1):
                result.failed.append(name)
            else:
                result.passed.append(name)
        elif count := TOTAL.match(line):
            total = count
    if seen == 0 and total:
        result.passed += [f"{label}: case {n}" for n in range(int(total.group(1)))]
        result.failed += [f"{label}: failure {n}" for n in range(int(total.group(2)))]
        seen = int(total.group(1)) + int(total.group(2))
    broken = len(result.failed) > 0
    watched = BUILD.name != "release" or "UNDER" in os.environ
    if seen == 0 and status == 0 and watched and NOT_HERE.search(output):
        return
    if seen < planned or seen == 0 or (status != 0 and not broken):
        result.failed.append(f"{label}: ended with status {status} after {seen} cases")


def run(label, command, seconds):
    """Runs one program or script and returns its Result."""
    result = Result()
    begun = time.monotonic()
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              check=False)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, status = late.stdout or b"", f"none (over {seconds} s)"
    except OSError as missing:
        output, status = str(missing).encode(), "none (not started)"
    output = output.decode("utf-8", "replace")
    result.seconds = time.monotonic() - begun
    read_cases(label, output, status, result)
    if result.failed:
        result.output = output
    return result


def unit_programs():
    """Every test program that has a source, by suite: {"unit/json": [path, ...]}."""
    rooms = {}
    for source in sorted((ROOT / "test").glob("*/*_test.c")):
        name = source.parent.name
        rooms.setdefault(name, []).append(BUILD / "unit" / name / source.stem)
    for source in sorted((ROOT / "test/unit").glob("*/*_test.c")):
        room = source.parent.name
        rooms.setdefault(f"unit/{room}", []).append(BUILD / "unit" / room / source.stem)
    return rooms


def suites(wanted):
    """(name, [(label, command, seconds)...]) of each suite, cheapest floors first."""
    units = unit_programs()
    under = os.environ.get("UNDER", "").split()
    found = [(name, [(f"{name}/{p.name}", [*under, str(p)], UNIT_SECONDS) for p in units[name]])
             for name in sorted(units)]
    if os.environ.get("CORPORA"):
        found.append(("heads/corpus", [("heads/corpus", [sys.executable, "test/heads/corpus.py"],
                                        SCRIPT_SECONDS)]))
    for script in sorted((ROOT / "test").glob("*/run.py")):
        name = script.parent.name
        found.append((name, [(name, [sys.executable, str(script)], SCRIPT_SECONDS)]))
    return [s for s in found if is_wanted(s[0], wanted)]


def is_wanted(name, wanted):
    """True if the suite called NAME is to run where those of WANTED were named."""
    return any(name.startswith(w) for w in wanted) if wanted else name not in ASKED_FOR


def least_counts():
    """test/counts.txt: {suite: (least cases, needs CORPORA)}."""
    least = {}
    for line in (ROOT / "test/counts.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            least[words[0]] = (int(words[1]), "corpora" in words[2:])
    return least


def check_counts(results, wanted):
    """Complaints about suites that ran fewer cases than test/counts.txt says."""
    complaints = []
    least = least_counts()
    for name, (count, needs_corpora) in least.items():
        if (needs_corpora and not os.environ.get("CORPORA")) or not is_wanted(name, wanted):
            continue
        result = results.get(name, Result())
        executed = len(result.passed) + len(result.failed)
        if executed < count:
            complaints.append(f"{name}: {executed} cases, test/counts.txt wants {count}")
    complaints += [f"{name}: not in test/counts.txt" for name in results
                   if name not in least and name != "counts"]
    return complaints


def run_all(wanted):
    results = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for name, programs in suites(wanted):
            workers = pool if len(programs) > 1 else None
            runs = workers.map(lambda p: run(*p), programs) if workers else map(
                lambda p: run(*p), programs)
            result = results[name] = Result()
            for one in runs:
                result.add(one)
            if result.failed:
                print(result.output, end="")
            print(f"{name:<16} {len(result.passed)} passed, {len(result.failed)} failed, "
                  f"{len(result.skipped)} skipped, {result.seconds:.1f} s", flush=True)
    return results


def save(results, wanted):
    folder = ROOT / "build/results"
    folder.mkdir(parents=True, exist_ok=True)
    table = {name: {"passed": r.passed, "failed": r.failed} for name, r in results.items()}
    kind = BUILD.name + ("-under" if os.environ.get("UNDER") else "") + "-part" * bool(wanted)
    (folder / f"{kind}.json").write_text(json.dumps(table, indent=1) + "\n")


def conclude(passed, failed):
    for name in failed:
        print(f"failed: {name}")
    print(f"{len(passed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed or not passed else 0


def add_up(files):
    """Each case once: failed if it failed in any build, passed if it passed in one."""
    passed, failed = set(), set()
    for name in files:
        for cases in json.loads(pathlib.Path(name).read_text()).values():
            passed.update(cases["passed"])
            failed.update(cases["failed"])
    return conclude(passed - failed, sorted(failed))


def main(arguments):
    if arguments[:1] == ["--sum"]:
        return add_up(arguments[1:])
    results = run_all(arguments)
    passed = [c for r in results.values() for c in r.passed]
    failed = [c for r in results.values() for c in r.failed]
    skipped = [c for r in results.values() for c in r.skipped]
    if not os.environ.get("CORPORA"):
        print("skipped: the public corpora (CORPORA names no folder)")
    for name in skipped:
        print(f"skipped: {name}")
    counts = results["counts"] = Result()
    if os.environ.get("CI") == "true":
        counts.failed += [f"{name} (skipped)" for name in skipped]
    counts.failed += check_counts(results, arguments)
    save(results, arguments)
    return conclude(passed, failed + counts.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
