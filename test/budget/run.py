#!/usr/bin/env python3
"""run.py - what a request may cost, in instructions

  run.py [WORD...]     only cases whose name holds one of the WORDs
  run.py --write       measures and writes budget.json, which the cases compare with

Needs the built gateway: $DPGW, or the one in
$BUILD (build/release).
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import budget  # noqa: E402
import runner  # noqa: E402

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(budget.write())
    sys.exit(runner.main(HERE, sys.argv[1:]))
