#!/usr/bin/env python3
"""suite_test.py - what ran too little, crashed or was skipped is counted as a failure

Feeds the runner of suites what programs print.  The last line is
`N passed, N failed`.
"""
import contextlib
import io
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import suite  # noqa: E402

# (what a program printed, its status, passed, failed, skipped)
PRINTED = [
    ("1..2\nok 1 - a\nok 2 - b\n", 0, 2, 0, 0),
    ("1..2\nok 1 - a\nnot ok 2 - b\n", 1, 1, 1, 0),
    ("1..3\nok 1 - a\n", 134, 1, 1, 0),
    ("1..1\nok 1 - a\n==1==ERROR: LeakSanitizer\n", 99, 1, 1, 0),
    ("1..2\nok 1 - a\nnot ok 2 # SKIP b\n", 0, 1, 0, 1),
    ("1..1\nok 1 - a\n1..1\nok 1 - b\n", 0, 2, 0, 0),
    ("1..0 # SKIP not in this build\n", 0, 0, 0, 0),
    ("1..0 # SKIP not in this build\n", 1, 0, 1, 0),
    ("", 0, 0, 1, 0),
    ("", -11, 0, 1, 0),
    ("ok deep.name (0.3 s)\n3 passed, 0 failed\n", 0, 1, 0, 0),
    ("3 passed, 2 failed\n", 1, 3, 2, 0),
    ("3 passed, 0 failed\n", 1, 3, 1, 0),
    ("0 passed, 0 failed\n", 0, 0, 1, 0),
]


def check_printed():
    for n, (output, status, *wanted) in enumerate(PRINTED):
        result = suite.Result()
        suite.read_cases("x", output, status, result)
        found = [len(result.passed), len(result.failed), len(result.skipped)]
        yield f"printed {n}: {found} for {wanted}", found == wanted


def check_counts():
    result = suite.Result()
    result.passed = ["a", "b"]
    original, suite.least_counts = suite.least_counts, lambda: {"x": (2, False), "y": (1, False)}
    try:
        yield "too few cases", len(suite.check_counts({"x": result}, [])) == 1
        yield "a suite asked for", not suite.check_counts({"x": result}, ["x"])
        yield "an unknown suite", len(suite.check_counts({"x": result, "z": result}, ["x"])) == 1
        suite.least_counts = lambda: {suite.ASKED_FOR[0]: (1, False)}
        yield "nobody asked for it", not suite.check_counts({}, [])
        yield "it was asked for and did not run", \
            len(suite.check_counts({}, [suite.ASKED_FOR[0]])) == 1
    finally:
        suite.least_counts = original


def check_sum():
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for n, table in enumerate(({"s": {"passed": ["a", "b"], "failed": []}},
                                   {"s": {"passed": ["a"], "failed": ["b"]}})):
            files.append(f"{folder}/{n}.json")
            pathlib.Path(files[-1]).write_text(json.dumps(table))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = suite.add_up(files)
        yield "once over two builds", printed.getvalue().endswith("\n1 passed, 1 failed\n")
        yield "a failure in one build fails", status == 1


def main():
    passed = failed = 0
    for cases in (check_printed(), check_counts(), check_sum()):
        for name, good in cases:
            passed += good
            failed += not good
            if not good:
                print(f"not ok {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
