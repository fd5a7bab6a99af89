#!/usr/bin/env python3
"""run.py - known clients before the gateway, WireMock behind it

  run.py [WORD...]     only tests whose name matches one of the WORDs

Starts WireMock once, on a free port of the loopback, and has the node that
the packages bring run every *.test.mjs here; prints what node's own runner
prints, as TAP.  Needs `make deps-web` and the built gateway.
"""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import nodes  # noqa: E402


def main(words):
    with tempfile.TemporaryDirectory(prefix="dpgw-wiremock-") as folder:
        wiremock = nodes.WireMock(folder)
        try:
            return nodes.run_tests(HERE, words, WIREMOCK=wiremock.url)
        finally:
            wiremock.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
