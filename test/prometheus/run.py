#!/usr/bin/env python3
"""run.py - /metrics, the alerts and the dashboard, judged by Prometheus's own tools

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs the built gateway, and promtool and prometheus below build/tools.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
