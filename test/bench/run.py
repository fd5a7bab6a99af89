#!/usr/bin/env python3
"""run.py - what voids a measurement does, and the figures are made of what was measured

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs the built gateway and the caller, and none of the peers.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
