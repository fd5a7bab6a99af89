#!/usr/bin/env python3
"""run.py - the descriptions in openapi/ before tools that nobody here wrote

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs `make deps-web`, the built gateway and the demo service: $DPGW and
$SERVICE, or those in $BUILD (build/release).
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main_in_lanes(HERE, sys.argv[1:]))
