#!/usr/bin/env python3
"""run.py - the head grammar against tables, other parsers, lenient origins and each refusal

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs the built gateway and $BUILD/heads/judge.  With CORPORA, what others
wrote is tried as well.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
