#!/usr/bin/env python3
"""run.py - every target over its corpus: seeds, what was found, and what went wrong once

A case is one target over all files of test/fuzz/corpus/TARGET.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build/release")
CORPUS = ROOT / "test/fuzz/corpus"
SECONDS = 300


def replay(target):
    """What went wrong with TARGET's corpus, or None."""
    folder = CORPUS / target
    files = [f for f in folder.iterdir() if not f.name.startswith(".")] if folder.is_dir() else []
    if not files:
        return "no corpus"
    try:
        done = subprocess.run([BUILD / "fuzz" / target, folder], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as wrong:
        return str(wrong)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0 or not said.endswith(f"{len(files)} replayed\n"):
        return f"status {done.returncode}\n{said[-4000:]}"
    return None


def main():
    sources = {f.stem for f in (ROOT / "test/fuzz").glob("*.c")} - {"replay", "oracle"}
    failed = 0
    for target in sorted(sources | {f.name for f in CORPUS.iterdir()}):
        wrong = replay(target)
        failed += wrong is not None
        print(f"ok {target}" if wrong is None else f"{wrong}\nnot ok {target}", flush=True)
    print(f"{len(sources) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
