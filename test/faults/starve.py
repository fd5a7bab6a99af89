"""starve.py - a gateway whose allocations a test refuses, one by one (starve.c)"""
import mmap
import struct

import program

OURS, LIBEVENTS, ANYBODYS = range(3)
FOREVER = 1 << 62
ORDER = struct.Struct("=5Q64s")


def preload(folder, **variables):
    """The environment that preloads the library NAME of each NAME=VALUE, with NAME set to VALUE."""
    libraries = [program.build_path("", f"faults/{name.lower()}.so") for name in variables]
    env = program.environment(variables)
    env["LD_PRELOAD"] = " ".join(libraries)
    # The library stands before the sanitizer's, and passes on to it what it lets pass.
    env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    return env


class Starve:
    """The order that the gateway's allocator obeys; FOLDER is for the file they share."""

    def __init__(self, folder):
        self.folder = folder
        self.gate = None         # the gateway, once a test has started it
        path = folder / "starve"
        path.write_bytes(bytes(ORDER.size))
        self.file = path.open("r+b")
        self.shared = mmap.mmap(self.file.fileno(), ORDER.size)
        self.env = preload(folder, STARVE=str(path))

    def refuse(self, first, count=1, whose=OURS):
        """From now on the allocation FIRST (from 1) fails, and so do COUNT in all."""
        self.stop()
        self.shared[8:40] = struct.pack("=4Q", count, whose, 0, 0)
        self.shared[0:8] = struct.pack("=Q", first)

    def stop(self):
        self.shared[0:8] = bytes(8)

    def count(self):
        """From now on allocations are counted, and none fails."""
        self.refuse(FOREVER)

    @property
    def seen(self):
        return ORDER.unpack(self.shared[:])[3]

    @property
    def refused(self):
        return ORDER.unpack(self.shared[:])[4]

    @property
    def who(self):
        """The object whose allocation was refused last: "dpgw", "libcurl.so.4" ..."""
        return ORDER.unpack(self.shared[:])[5].rstrip(b"\0").decode()

    def close(self):
        self.shared.close()
        self.file.close()
