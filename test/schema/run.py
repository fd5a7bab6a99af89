#!/usr/bin/env python3
"""run.py - the schemas of the configuration files say what the gateway says

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs the built gateway ($DPGW, or that in $BUILD) and python3-jsonschema.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
for folder in ("lint", "lib"):
    sys.path.insert(0, str(HERE.parent / folder))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
