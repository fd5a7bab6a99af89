#!/usr/bin/env python3
"""run.py - the gateway among hosts of the test's own: slow links, resets, black holes, cut cables

  run.py [WORD...]     only cases whose name holds one of the WORDs

Root only, for the hosts are network namespaces; where those can't be made
every case is skipped and says why, which is a failure with CI=true.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
