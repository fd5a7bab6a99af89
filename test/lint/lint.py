#!/usr/bin/env python3
"""lint.py - what the compiler does not check, over the whole tree

  lint.py [--binary FILE] [ROOT]

Prints `path:line: complaint` for each and ends with status 1 if there was one.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import binary  # noqa: E402
import consoles  # noqa: E402
import documents  # noqa: E402
import manuals  # noqa: E402
import rooms  # noqa: E402
import shape  # noqa: E402
import tree as trees  # noqa: E402
import words  # noqa: E402

CHECKS = rooms.CHECKS + shape.CHECKS + words.CHECKS + documents.CHECKS + manuals.CHECKS


def formatting(root, tree):
    """Complaints of clang-format, under the style in the root."""
    sources = tree.paths(".c", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=root, text=True,
                          stderr=subprocess.PIPE, check=False)
    for line in done.stderr.splitlines():
        if ": error: " in line:
            path, number, _ = line.split(":", 2)
            yield path, int(number), "clang-format would write this differently"


def scripts(root, tree):
    """Complaints of bash and python about the syntax of scripts."""
    for path in tree.files:
        first = tree.text(path).split("\n", 1)[0]
        if path.endswith(".py"):
            try:
                compile(tree.text(path), path, "exec")
            except SyntaxError as wrong:
                yield path, wrong.lineno or 0, wrong.msg
        elif first.startswith("#!") and first.endswith("sh"):
            shell = "bash" if "bash" in first else "sh"
            done = subprocess.run([shell, "-n", path], cwd=root, text=True,
                                  stderr=subprocess.PIPE, check=False)
            if done.returncode != 0:
                yield path, 0, done.stderr.strip()


def main(arguments):
    program = None
    if arguments[:1] == ["--binary"]:
        program, arguments = arguments[1], arguments[2:]
    root = pathlib.Path(arguments[0] if arguments else __file__).resolve()
    root = root if arguments else root.parents[2]
    tree = trees.read(root)
    complaints = [c for check in CHECKS for c in check(tree)]
    complaints += formatting(root, tree)
    complaints += scripts(root, tree)
    if program:
        complaints += binary.judge(program, binary.readelf(program))
        complaints += consoles.judge(root, "README.md", tree.text("README.md"), program)
    for path, line, said in sorted(set(complaints)):
        print(f"{path}:{line}: {said}")
    print(f"lint: {len(CHECKS) + 2 + 2 * bool(program)} checks, {len(tree.files)} files, median "
          f"function {shape.median_function(tree)} lines, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
