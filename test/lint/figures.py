#!/usr/bin/env python3
"""figures.py - writes README's figures from what was measured, and where

Reads build/memory.json (make soak) and build/splicer.json (make bench).  The
marker carries a digest of the figures, so that lint sees a change by hand.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
from documents import FIGURES, README, digest  # noqa: E402

MEASURED = {"memory": "make soak", "splicer": "make bench"}


def measured(name):
    """The JSON in build/NAME.json, or the end of the program with what makes it."""
    path = ROOT / "build" / f"{name}.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        sys.exit(f"{path.relative_to(ROOT)} is not there; `{MEASURED[name]}` measures it")


def commit():
    """The short name of the commit in the tree, with + where the tree differs from it."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout.strip()
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "gateway", "Makefile"],
                             check=False).returncode
    return name + ("+" if changed else "")


def machine():
    """CPU model, cores, kernel: no name of the machine."""
    model = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Linux {os.uname().release.split('-')[0]}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join("---" if n == 0 else "---:" for n in range(len(head))) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def memory_table(rows):
    """Peak memory of the gateway under each large document."""
    return table(["one document through the gateway, two workers", "size", "other end reads",
                  "peak memory", "gateway CPU"],
                 [[f"{row['document']} {row['way']}", f"{row['mib']} MiB",
                   f"{row['rate_limit'] / 1e6:.0f} MB/s" if row["rate_limit"] else "at once",
                   f"{row['peak_bytes'] / (1 << 20):.1f} MiB", f"{row['cpu_seconds']:.1f} s"]
                  for row in rows])


def splicer_table(found):
    """Throughput beside bare yajl_parse, one core, the same documents."""
    return table(["one core, whole documents of 8 MiB, MB/s", "`yajl_parse`", "replies", "ratio",
                  "requests", "ratio"],
                 [[d["name"], f"{d['yajl_mb_s']:.0f}", f"{d['response_mb_s']:.0f}",
                   f"{d['response_ratio']:.2f}", f"{d['request_mb_s']:.0f}",
                   f"{d['request_ratio']:.2f}"] for d in found["documents"]])


def tokens_table(found):
    """CPU per byte of huge tokens over that of small ones, at several piece sizes."""
    pieces = list(dict.fromkeys(t["piece"] for t in found["tokens"]))
    names = list(dict.fromkeys(t["name"] for t in found["tokens"]))
    ratio = {(t["name"], t["piece"]): t["ratio"] for t in found["tokens"]}
    return table(["CPU per byte, tokens of 8 MiB over 1 KiB, in pieces of"] + pieces,
                 [[name] + [f"{ratio[name, piece]:.2f}" for piece in pieces] for name in names])


def figures():
    memory, splicer = measured("memory"), measured("splicer")
    rows = memory["rows"] if isinstance(memory, dict) else memory
    return "\n".join([
        f"Commit {commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}; {machine()}.\n",
        memory_table(rows), splicer_table(splicer), tokens_table(splicer)])


def main():
    text = figures()
    readme = ROOT / README
    whole = readme.read_text()
    marked = f"<!-- numbers: begin {digest(text)} -->\n{text}<!-- numbers: end -->"
    assert FIGURES.search(whole), "README has no markers for the figures"
    readme.write_text(FIGURES.sub(lambda _: marked, whole))


if __name__ == "__main__":
    main()
