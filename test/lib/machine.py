"""machine.py - where and of what something was measured: no name of the machine"""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def commit():
    """The short name of the commit in the tree, with + where the tree differs from it."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False)
    if found.returncode != 0:
        return "unknown"         # an unpacked tree
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "gateway", "Makefile"],
                             check=False).returncode
    return found.stdout.strip() + ("+" if changed else "")


def machine():
    """CPU model, cores, kernel."""
    model = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Linux {os.uname().release.split('-')[0]}"
