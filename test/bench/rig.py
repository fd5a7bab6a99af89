"""rig.py - two cores: the proxy's, and that of the service and the clients

Programs are started on one of them, found again with their children, and
asked what CPU and memory they took.  Peers' configurations are text with
@NAMES@, filled in here.
"""
import os
import pathlib
import re
import signal
import socket
import time

import program

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "peers"
TOOLS = program.ROOT / "build/tools/bench"
PROXY_CORE, OTHER_CORE = 0, 1
LIBRARIES = ":".join(str(TOOLS / place) for place in
                     ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu",
                      "usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu"))
BACKLOG = 4096


def on_core(core):
    """The command that becomes another one on CORE."""
    return ["taskset", "-c", str(core)]


def busy(core):
    """Seconds that CORE has been busy since boot, with whatever."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, soft, steal, *_ = map(int, line.split()[1:])
            return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
    raise AssertionError(f"this machine has no core {core}: the proxy and its clients need one each")


def family(pid):
    """PID and all that come from it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def resident(pid, name):
    """NAME (VmRSS, VmHWM) of PID in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) * 1024


def fill(text, values):
    return re.sub(r"@(\w+)@", lambda m: str(values[m.group(1)]), text)


def put(name, folder, **values):
    """The configuration NAME of peers/, filled in, below FOLDER; its path."""
    path = pathlib.Path(folder) / name
    path.write_text(fill((PEERS / name).read_text(), dict(
        values, FOLDER=folder, TOOLS=TOOLS, PEERS=PEERS)))
    return path


def listener():
    """
    A listening socket on a free port, to hand down, and its address: whoever
    comes early waits in its queue.
    """
    sock = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    return sock, "127.0.0.1:%d" % sock.getsockname()[1]


STARTED = []                     # whatever is to end with the measurement


def end_all():
    """Kills what is still running; after a measurement that went well, nothing is."""
    for one in STARTED:
        if one.running:
            for pid in reversed(family(one.pid)):
                os.kill(pid, signal.SIGKILL)


class Started(program.Program):
    """COMMAND on CORE; what it took is asked of it and its children."""

    def __init__(self, command, core, address=None, **options):
        super().__init__([*on_core(core), *map(str, command)], **options)
        STARTED.append(self)
        self.address = address

    def cpu_seconds(self):
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in family(self.pid))

    def peak(self):
        """The most memory that one process of it ever had resident."""
        return max(resident(pid, "VmHWM") for pid in family(self.pid))

    def held(self):
        """What all of its processes have resident now."""
        return sum(resident(pid, "VmRSS") for pid in family(self.pid))

    def finish(self):
        """Stops it; whatever it printed in the end is its own affair."""
        self.stop()


def nginx(name, folder, core, upstream="", mkdir=True):
    """nginx with the configuration NAME of peers/ on a socket that it is handed."""
    if mkdir:
        folder.mkdir()
    sock, address = listener()
    put("common.conf", folder)
    config = put(name, folder, LISTEN=address, UPSTREAM=upstream)
    # Sockets of a predecessor are taken by those who know their address.
    started = Started([TOOLS / "usr/sbin/nginx", "-p", folder, "-e", "stderr", "-c", config], core,
                      address, descriptors=(sock.fileno(),),
                      env={"NGINX": f"{sock.fileno()};", "LD_LIBRARY_PATH": LIBRARIES})
    sock.close()
    return started
