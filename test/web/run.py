#!/usr/bin/env python3
"""run.py - the gateway as a browser's page sees it

  run.py [WORD...]     only tests whose name matches one of the WORDs

Has the node that the packages bring run every *.test.mjs here; prints what
node's own runner prints, as TAP.  Needs `make deps-web` and the built gateway.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import nodes  # noqa: E402

if __name__ == "__main__":
    sys.exit(nodes.run_tests(HERE, sys.argv[1:]))
