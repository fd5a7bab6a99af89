"""tree.py - the files a check looks at, and C with its comments taken out

A tree maps paths to bytes; checks never open files, so a test can plant any
tree it likes.  A complaint is (path, line, words); line 0 is the whole file.
"""
import pathlib
import re
import subprocess

C_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.S)


class Tree:
    def __init__(self, files):
        self.files = dict(sorted(files.items()))

    def paths(self, *suffixes, under=""):
        """Paths that begin with UNDER and end in one of SUFFIXES (any, if none)."""
        return [p for p in self.files
                if p.startswith(under) and (not suffixes or p.endswith(suffixes))]

    def text(self, path):
        return self.files[path].decode("utf-8", "replace")

    def lines(self, path):
        """(number, line) of PATH, from 1."""
        return list(enumerate(self.text(path).split("\n"), 1))

    def code(self, path):
        """PATH's C text with comments and literals blanked, every line kept in its place."""
        def blank(match):
            keep = '""' if match.group("string") else ""
            return keep + re.sub(r"[^\n]", " ", match.group(0))[len(keep):]
        return C_TOKEN.sub(blank, self.text(path))

    def comments(self, path):
        """(number, line) of every line of PATH's comments, markers taken off."""
        found = []
        text = self.text(path)
        for match in C_TOKEN.finditer(text):
            if match.group("comment"):
                first = text.count("\n", 0, match.start()) + 1
                for n, line in enumerate(match.group(0).split("\n")):
                    line = re.sub(r"^\s*(/\*+|//+|\*+/?)?|\*+/\s*$", "", line)
                    found.append((first + n, line.strip()))
        return found


def tracked(root):
    """The names of ROOT's files that are or would be tracked; without git, all but build/."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "-co",
         "--exclude-standard"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0:
        names = [n.decode() for n in listed.stdout.split(b"\0") if n]
    else:
        names = [str(p.relative_to(root)) for p in root.rglob("*")]
        names = [n for n in names if not re.match(r"(build|\.git)/|.*(__pycache__|node_modules)", n)]
    return [n for n in names if (root / n).is_file()]


def read(root):
    """The Tree of the files under ROOT."""
    root = pathlib.Path(root)
    return Tree({name: (root / name).read_bytes() for name in tracked(root)})
