#!/usr/bin/env python3
"""baseline.py - takes data-products.yaml as what later descriptions are compared with

  baseline.py FOLDER

baseline.yaml in FOLDER becomes a copy of data-products.yaml there, if that
one's version is another and tells of what has changed: a major one if a
client could be broken, a minor one if there is more than before.
"""
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import description  # noqa: E402
import tools  # noqa: E402


def version(file):
    return description.Description(file).tree["info"]["version"]


def main(folder):
    new, old = folder / "data-products.yaml", folder / "baseline.yaml"
    if new.read_bytes() == old.read_bytes():
        print(f"{old} is as {new} already")
        return 0
    if version(new) == version(old):
        print(f"{new} has changed, but its version is still {version(old)}: "
              "raise it in workspaces.yaml and run `make openapi`", file=sys.stderr)
        return 1
    status, out, error = tools.redocly("diff", "--check-version", "--fail-on", "none", old.name,
                                       new.name, cwd=folder)
    if status != 0:
        print(out + error, file=sys.stderr)
        return 1
    shutil.copyfile(new, old)
    print(f"{old} is version {version(new)} now")
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
