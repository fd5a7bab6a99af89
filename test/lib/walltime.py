"""walltime.py - a wall clock that the test sets, by libfaketime; the monotonic one goes on

    time = walltime.WallTime(self.folder)
    gate = self.gateway(..., env=time.env)
    time.set("2026-12-01 09:00:00")     # in UTC, where it stands still; or "+3d"
"""
import pathlib

import program

LIBRARY = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
NEEDED = "libfaketime is not installed"


class WallTime:
    """The time that a program with ENV sees, from FOLDER's file `now`."""

    def __init__(self, folder):
        self.now, self.next = folder / "now", folder / "next"
        self.set("+0")
        self.env = program.environment({
            "LD_PRELOAD": str(LIBRARY[0]), "FAKETIME_TIMESTAMP_FILE": str(self.now),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC0"})
        self.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"

    def set(self, time):
        """Written beside and renamed: never seen half."""
        self.next.write_text(time + "\n")
        self.next.rename(self.now)
