#!/usr/bin/env python3
"""run.py - the image, the compose file and the cluster's files, each tried or judged

  run.py [WORD...]     only cases whose name holds one of the WORDs

Root only: the image is built from the unmodified Dockerfile without a daemon,
and run.  What it is built of and what it leaves is below build/image.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
