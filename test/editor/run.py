#!/usr/bin/env python3
"""run.py - editors and ajv take the schemas of the configuration files as they are meant

  run.py [WORD...]     only cases whose name holds one of the WORDs

Needs `make deps-web`; nothing of it is the gateway.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
for folder in ("schema", "lint", "lib"):
    sys.path.insert(0, str(HERE.parent / folder))

import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(HERE, sys.argv[1:]))
