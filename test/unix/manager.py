"""manager.py - the part of a service manager that a test plays

It hears what the gateway tells by sd_notify(3), and holds the sockets that
the gateway inherits.
"""
import os
import shutil
import socket
import time

import program
import wire

UNPACKED = program.ROOT / "build/tools/systemd"


def tool(name):
    """(path, environment) of systemd's tool NAME, installed or unpacked; None if there is none."""
    if found := shutil.which(name):
        return found, {}
    found = UNPACKED / "usr/bin" / name
    libraries = ":".join(str(p) for p in UNPACKED.glob("usr/lib/*/systemd"))
    env = {"LD_LIBRARY_PATH": libraries, "SYSTEMD_UNIT_PATH": f"{UNPACKED}/lib/systemd/system:"}
    return (str(found), env) if found.exists() else None


class Ear:
    """A NOTIFY_SOCKET in FOLDER, or in the abstract namespace where that is None."""

    def __init__(self, folder=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"\0dpgw-test-{os.getpid()}-{id(self)}" if folder is None else str(folder / "notify")
        self.socket.bind(name)
        self.environment = {"NOTIFY_SOCKET": "@" + name[1:] if folder is None else name}

    def hear(self, seconds=None):
        """The next message as {name: value}; None if none comes for SECONDS."""
        self.socket.settimeout(wire.PATIENCE if seconds is None else seconds)
        try:
            message = self.socket.recv(4096).decode()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in message.splitlines())

    def wait(self, name, value="1"):
        """The first message from now on that has NAME with VALUE."""
        deadline = time.monotonic() + wire.PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            message = self.hear(left)
            if message and message.get(name) == value:
                return message
        raise AssertionError(f"{name}={value} was never told")

    def close(self):
        self.socket.close()


def listening(address=("127.0.0.1", 0), family=socket.AF_INET):
    """A listening socket, as a service manager would open it."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind(address)
    made.listen(512)
    return made
