"""shape.py - how big things may be, what they may be called, what may not stay

A file past its limit holds a second noun; a function past its limit does a
second thing.  A function that is one flat switch or table is excepted.
"""
import re
import statistics

FUNCTION_MAX = 80
FILE_MAX = 500
BYTES_MAX = 1 << 20
TOP = {"Makefile", "README.md", "LICENSE", "gateway", "config", "openapi", "test", "docker", ".ci",
       ".clang-format", ".editorconfig", ".gitignore", ".dockerignore"}
VAGUE = re.compile(r"(?:.*/)?(utils?|common|types|helpers?|misc)\.[ch]$")
SCRIPTS = (".py", ".sh", "Makefile", "/run", "/install", "/run-demo", "/fresh-debian")
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
CONFLICT = re.compile(rb"^(?:<{7}|>{7})(?: |\r?$)", re.M)
STATEMENT = re.compile(r"^(?:[\w.>\[\]*-]+\s*[-+|&]?=[^=].*;|\w+\([^()]*\);|(?:if|for|while)\s*\(.*[{;]"
                       r"|return\b.*;|\}|\{)$")


def functions(tree, path):
    """(first line, number of lines, body) of each function, by the brace style in force."""
    lines = tree.code(path).split("\n")
    start = None
    for n, line in enumerate(lines):
        if line.rstrip() == "{" and n > 0:
            start = n - 1
            while start > 0 and lines[start - 1].strip() and lines[start][:1].isspace():
                start -= 1
        elif line.startswith("}") and start is not None:
            yield start + 1, n - start + 1, lines[start:n + 1]
            start = None


def flat(body):
    """True if BODY is one switch: at least a third of its lines are its rows."""
    rows = sum(1 for line in body if re.match(r"\s*(case\b|default:|X\()", line))
    return rows * 3 >= len(body)


def without_tables(body):
    """The lines of BODY that are not rows of a constant table in it."""
    kept, inside = [], False
    for line in body:
        if inside and re.match(r"\s+\};$", line):
            inside = False
        elif not inside:
            kept.append(line)
            inside = bool(re.search(r"\bconst\b.*=\s*\{$|^\s+\}.*\[\]\s*=\s*\{$", line))
    return kept


def long_functions(tree):
    for path in tree.paths(".c", ".h"):
        for line, length, body in functions(tree, path):
            if len(without_tables(body)) > FUNCTION_MAX and not flat(body):
                yield path, line, f"a function of {length} lines (at most {FUNCTION_MAX})"


def median_function(tree):
    """The median length over the gateway, printed by lint; None without functions."""
    lengths = [length for path in tree.paths(".c", under="gateway/")
               for _, length, _ in functions(tree, path)]
    return statistics.median(lengths) if lengths else None


def long_files(tree):
    for path in tree.paths(".c", ".h", ".py"):
        length = tree.text(path).count("\n")
        if length > FILE_MAX:
            yield path, 0, f"{length} lines (at most {FILE_MAX}): it holds a second noun"


def big_files(tree):
    for path, content in tree.files.items():
        if len(content) > BYTES_MAX:
            yield path, 0, f"{len(content)} bytes (at most {BYTES_MAX})"


def names(tree):
    for path in tree.files:
        if path.split("/")[0] not in TOP:
            yield path, 0, "the top level is fixed; this has no place there"
        if VAGUE.match(path):
            yield path, 0, "a name that says nothing"


def unfinished(tree):
    for path in tree.paths(".c", ".h", ".md", *SCRIPTS):
        for number, line in tree.lines(path):
            if match := LATER.search(line):
                yield path, number, f"unfinished: {match.group(1)}"


def conflicts(tree):
    """Marks of a merge that nobody decided, in files of any kind but the fuzzers' inputs."""
    for path, content in tree.files.items():
        if not path.startswith("test/fuzz/corpus/"):
            for mark in CONFLICT.finditer(content):
                yield path, content.count(b"\n", 0, mark.start()) + 1, "both sides of a merge"


def dead_code(tree):
    for path in tree.paths(".c", ".h"):
        for number, line in tree.comments(path):
            if STATEMENT.match(line):
                yield path, number, "commented-out code"
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            if re.match(r"\s*#\s*if\s+0\b", line):
                yield path, number, "code that is switched off"


def typedefs(tree):
    for path in tree.paths(".c", ".h"):
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            if re.search(r"\btypedef\s+(struct|union|enum)\b[^(]*$", line):
                yield path, number, "a typedef hides a struct"


def white_space(tree):
    for path in tree.paths(".c", ".h", *SCRIPTS):
        text = tree.text(path)
        if text and not text.endswith("\n"):
            yield path, 0, "does not end with a newline"
        for number, line in tree.lines(path):
            if line != line.rstrip() or ("\t" in line and path.endswith((".c", ".h", ".py"))):
                yield path, number, "a tab, or white space at the end of a line"


CHECKS = [long_functions, long_files, big_files, names, unfinished, conflicts, dead_code, typedefs,
          white_space]
