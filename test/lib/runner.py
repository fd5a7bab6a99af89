"""runner.py - runs the cases of a folder, one line a case

Prints `ok NAME` or `not ok NAME` a case, what went wrong under it, and last
`N passed, N failed`.  With CI=true a skip fails.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import traceback
import unittest

LANES = 2
ONE_FILE = "file="      # a word that names one file
TOTAL = re.compile(r"^(\d+) passed, (\d+) failed$")
# Of one case: the first faults tell, the rest follow from them.
FAULTS_SHOWN, LINES_SHOWN, LINE_SHOWN = 3, 80, 400


class Lines(unittest.TestResult):
    """Prints one line a case, as TAP without numbers."""

    def __init__(self):
        super().__init__()
        self.passed, self.bad, self.shown = 0, False, 0

    @staticmethod
    def name(test):
        return test.id().removeprefix("test_")

    def startTest(self, test):
        super().startTest(test)
        self.bad, self.shown = False, 0

    def addSuccess(self, test):
        if not self.bad:
            self.passed += 1
            print(f"ok {self.name(test)}", flush=True)

    def _complain(self, test, error):
        if not self.bad:
            print(f"not ok {self.name(test)}", flush=True)
        self.bad = True
        self.shown += 1
        if self.shown > FAULTS_SHOWN:
            return
        kind, fault, frames = error
        while frames and "unittest" in frames.tb_frame.f_code.co_filename:
            frames = frames.tb_next
        text = "".join(traceback.format_exception(kind, fault.with_traceback(frames), frames))
        for line in text.splitlines()[-LINES_SHOWN:]:
            print(f"    {line[:LINE_SHOWN]}", flush=True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._complain(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._complain(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._complain(subtest, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if os.environ.get("CI") == "true":
            print(f"not ok {self.name(test)} (skipped: {reason})", flush=True)
        else:
            print(f"ok # SKIP {self.name(test)}: {reason}", flush=True)


def cases(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from cases(one)
        else:
            yield one


def run_file(folder, file, words):
    """(output, passed, failed) of the cases of FILE, in a program of its own."""
    done = subprocess.run([sys.executable, str(folder / "run.py"), ONE_FILE + file.stem, *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    *lines, last = done.stdout.splitlines() or [""]
    total = TOTAL.match(last)
    if not total:
        return f"{done.stdout}not ok {file.stem}: ended with status {done.returncode}\n", 0, 1
    return "".join(line + "\n" for line in lines), int(total.group(1)), int(total.group(2))


def main_in_lanes(folder, words):
    """As main, file by file and two at a time: cases wait more than they work."""
    if words and words[0].startswith(ONE_FILE):
        return main(folder, words[1:], words[0].removeprefix(ONE_FILE))
    files = sorted(folder.glob("test_*.py"), key=lambda f: -f.stat().st_size)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        runs = [pool.submit(run_file, folder, file, words) for file in files]
        for run in concurrent.futures.as_completed(runs):
            output, good, bad = run.result()
            print(output, end="", flush=True)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def main(folder, words, only="test_*"):
    """Runs the cases of FOLDER's files like ONLY whose name holds one of WORDS; the exit status."""
    sys.path.insert(0, str(folder))
    loader = unittest.TestLoader()
    found = unittest.TestSuite()
    for file in sorted(folder.glob(f"{only}.py")):
        found.addTest(loader.loadTestsFromName(file.stem))
    wanted = [c for c in cases(found) if not words or any(w in c.id() for w in words)]
    result = Lines()
    unittest.TestSuite(wanted).run(result)
    failed = {t.id().split(" ")[0] for t, _ in result.failures + result.errors}
    skipped = len(result.skipped) if os.environ.get("CI") == "true" else 0
    print(f"{result.passed} passed, {len(failed) + skipped} failed", flush=True)
    return 1 if failed or skipped or not result.passed else 0

