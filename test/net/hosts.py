"""hosts.py - a network of hosts of the test's own, each a network namespace

    with hosts.Network("gate", "service") as network:
        with network.inside("gate"):
            ...              # sockets and programs made here are that host's

Every host has one cable to a router in the middle, where packets are slowed
down, refused or lost on their way; the hosts themselves know nothing of it.
Names are of this process only, nothing of the machine's own network is
touched, and close() leaves nothing behind.
"""
import contextlib
import ctypes
import itertools
import os
import pathlib
import subprocess
import time

import wire

CLONE_NEWNET = 0x40000000
NUMBERS = itertools.count(1)
LIBC = ctypes.CDLL(None, use_errno=True)
HELD = ("01", "02", "08")        # established, being connected, ended by the other side only
FIREWALL = "add table inet way; add chain inet way through { type filter hook forward priority 0; }"


class NotPermitted(Exception):
    """A command of the network's has failed; its text says which and why."""


def run(*command, stdin=""):
    try:
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
    except FileNotFoundError as missing:
        raise NotPermitted(f"{missing.filename} is missing: `make deps-net` installs it") from None
    if done.returncode:
        raise NotPermitted(f"`{' '.join(command)}`: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def names_of(mark):
    """The namespaces there are whose names begin with MARK."""
    return [line.split()[0] for line in run("ip", "netns", "list").splitlines()
            if line.startswith(mark)]


def setns(path):
    """This thread, and what it starts from now on, is in the namespace at PATH."""
    with open(path, "rb") as namespace:
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET):
            error = ctypes.get_errno()
            raise NotPermitted(f"setns {path}: {os.strerror(error)}")


class Network:
    def __init__(self, *names):
        self.mark = f"dpgw-{os.getpid()}-{next(NUMBERS)}-"
        self.names = names
        self.addresses = {name: f"10.77.{n}.2" for n, name in enumerate(names, 1)}
        try:
            self._lay()
        except BaseException:
            self.close()
            raise

    def _lay(self):
        for name in ("router", *self.names):
            run("ip", "netns", "add", self.mark + name)
            self.ip(name, "link", "set", "lo", "mtu", "1500", "up")
        for name in self.names:
            way = self.addresses[name].removesuffix(".2") + ".1"
            self.ip("router", "link", "add", name, "type", "veth", "peer", "name", "cable",
                    "netns", self.mark + name)
            for host, link, address in (("router", name, way), (name, "cable", self.addresses[name])):
                self.ip(host, "address", "add", f"{address}/24", "dev", link)
                self.ip(host, "link", "set", link, "up")
            self._route(name)
        self._write("router", "ip_forward", 1)
        self.nft(FIREWALL)

    def _route(self, name):
        way = self.addresses[name].removesuffix(".2") + ".1"
        self.ip(name, "route", "replace", "default", "via", way)

    def _write(self, name, key, value):
        with self.inside(name):
            try:
                pathlib.Path(f"/proc/sys/net/ipv4/{key}").write_text(str(value))
            except OSError as refused:
                raise NotPermitted(f"writing {refused.filename}: {refused.strerror}") from None

    def ip(self, name, *words):
        return run("ip", "-n", self.mark + name, *words)

    def nft(self, text):
        with self.inside("router"):
            return run("nft", "-f", "-", stdin=text)

    @contextlib.contextmanager
    def inside(self, name):
        """This thread is at the host NAME meanwhile; what it makes there stays there."""
        with open("/proc/thread-self/ns/net", "rb") as before:
            setns(f"/run/netns/{self.mark}{name}")
            try:
                yield self.addresses.get(name)
            finally:
                if LIBC.setns(before.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "no way back to the namespace before")

    # --- what befalls the way to a host ---------------------------------------------

    def slow(self, name, rate, queue="100ms"):
        """
        RATE, as tc has it ("16mbit"), is all that passes on NAME's cable,
        either way; packets wait for QUEUE at most before they are dropped.
        """
        for host, link in (("router", name), (name, "cable")):
            run("tc", "-n", self.mark + host, "qdisc", "replace", "dev", link, "root", "tbf",
                "rate", rate, "burst", "32kb", "latency", queue)

    def reset(self, name, only=""):
        """What goes to NAME, or ONLY that part of it, is answered with a reset."""
        self._rules(f"ip daddr {self.addresses[name]} meta l4proto tcp {only} "
                    "reject with tcp reset")

    def swallow(self, name):
        """What goes to NAME or comes from it is lost: a black hole."""
        address = self.addresses[name]
        self._rules(f"ip daddr {address} drop", f"ip saddr {address} drop")

    def clear(self):
        """Nothing is refused or lost any more."""
        self.nft("flush chain inet way through")

    def _rules(self, *rules):
        self.nft("\n".join(f"add rule inet way through {rule}" for rule in rules))

    def cut(self, name):
        """NAME's cable is pulled out."""
        self.ip(name, "link", "set", "cable", "down")

    def mend(self, name):
        """Puts it back; both its ends have noticed when this returns."""
        self.ip(name, "link", "set", "cable", "up")
        self._route(name)
        deadline = wire.deadline_in()
        while not all("state UP" in self.ip(host, "link", "show", link)
                      for host, link in (("router", name), (name, "cable"))):
            assert time.monotonic() < deadline, "the cable is never up again"

    def connected(self, name):
        """Connections of NAME's programs with other hosts: the other ends, as the kernel writes them."""
        with self.inside(name):
            lines = pathlib.Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
        ends = [line.split()[2:4] for line in lines]
        return [end for end, state in ends if state in HELD and end[4:8] == "4D0A"]

    # --- the end --------------------------------------------------------------------------

    def close(self):
        """Removes all hosts and cables, as far as they came."""
        there = names_of(self.mark)
        for name in self.names:
            with contextlib.suppress(NotPermitted, OSError):
                # What is closed already and not sent yet holds on to the host no longer.
                self._write(name, "tcp_orphan_retries", 1)
            with contextlib.suppress(NotPermitted):
                self.ip("router", "link", "delete", name)
        for namespace in there:
            run("ip", "netns", "delete", namespace)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def why_not():
    """Why there can be no such network here; None: there can."""
    if os.geteuid() != 0:
        return "network namespaces can be made by root only"
    try:
        with Network("one", "other") as network:
            network.slow("one", "1mbit")
            network.reset("one")
            network.swallow("other")
            network.cut("other")
    except NotPermitted as refused:
        return f"no network of our own: {refused}"
    return None
