"""A rollout as a cluster does it: two gateways, one replaced under load, no request lost."""
import asyncio
import pathlib
import socket
import tempfile
import unittest

import gateway
import openloop
import peers
import program
import wire

HAPROXY = program.ROOT / "build/tools/haproxy/usr"
RATE = 100                       # requests a second
EACH = 100                       # requests that each new state of things must have seen
CONFIG = """
global
    stats socket {control} level admin
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind fd@{descriptor}
    default_backend gateways
backend gateways
    option httpchk GET /readyz
    default-server inter 100ms check
{servers}
"""


class Balancer:
    """HAProxy in front of GATES, which are given to it by name."""

    def __init__(self, folder, gates):
        self.control = folder / "control"
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        self.address = "127.0.0.1:%d" % listener.getsockname()[1]
        servers = "\n".join(f"    server {name} {gate.client} port {gate.admin.rpartition(':')[2]}"
                            for name, gate in gates.items())
        (folder / "haproxy.cfg").write_text(CONFIG.format(
            control=self.control, descriptor=listener.fileno(), servers=servers))
        [libraries] = (HAPROXY / "lib").glob("*-linux-gnu")
        self.haproxy = program.Program([str(HAPROXY / "sbin/haproxy"), "-db", "-f", str(folder / "haproxy.cfg")],
                                       env={"LD_LIBRARY_PATH": str(libraries)},
                                       descriptors=[listener.fileno()])
        listener.close()

    def ask(self, line):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(wire.PATIENCE)
            asked.connect(str(self.control))
            asked.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: asked.recv(65536), b"")).decode()

    def state(self, name):
        """(UP, DOWN, DRAIN..., sessions) of the server NAME."""
        for line in self.ask("show stat gateways 4 -1").splitlines():
            words = line.split(",")
            if words[1:2] == [name]:
                return words[17].split()[0], int(words[4])
        raise AssertionError(f"HAProxy knows no {name}")


class Rollout(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.service = openloop.Numbered()
        self.service.start()
        self.addAsyncCleanup(self.service.stop)

    async def start(self, name):
        (self.folder / name).mkdir()
        return await asyncio.to_thread(gateway.Gateway, self.folder / name, self.service.url,
                                       {"admin": "127.0.0.1:0"})

    async def seen(self, load):
        """Waits for EACH more requests to be answered."""
        wanted = load.fates()["answered"] + EACH
        await peers.until(lambda: load.fates()["answered"] >= wanted, "more answers")

    async def replace(self, balancer, load, old, new):
        """The new one is up before the old one hears of it; then requests stop coming to it."""
        await peers.until(lambda: balancer.state("new")[0] == "UP", "the new gateway")
        await self.seen(load)
        balancer.ask("set server gateways/old state drain")        # the endpoint is taken away
        await peers.until(lambda: balancer.state("old")[1] == 0, "its last request")
        status = await asyncio.to_thread(old.stop)                 # SIGTERM
        self.assertEqual(status, 0)
        balancer.ask("set server gateways/old state maint")
        await self.seen(load)
        self.assertEqual(balancer.state("new")[0], "UP")
        await asyncio.to_thread(new.wait_line, r" exchange .*outcome=OK")

    async def test_no_request_is_lost(self):
        gates = {name: await self.start(name) for name in ("old", "stays", "new")}
        for gate in gates.values():
            self.addAsyncCleanup(asyncio.to_thread, gate.finish)
        balancer = await asyncio.to_thread(Balancer, self.folder, gates)
        self.addAsyncCleanup(asyncio.to_thread, balancer.haproxy.stop)
        await peers.until(balancer.control.exists, "HAProxy")
        balancer.ask("set server gateways/new state maint")
        load = openloop.OpenLoop(self.service, balancer.address, RATE)
        going = asyncio.ensure_future(load.run(3600))
        try:
            await self.seen(load)
            balancer.ask("set server gateways/new state ready")
            await self.replace(balancer, load, gates["old"], gates["new"])
        finally:
            going.cancel()
            await load.settle()
        self.assertEqual(load.lost(), [])
        self.assertEqual(set(load.fates()), {"answered"}, load.fates())
        self.assertGreaterEqual(load.fates()["answered"], 3 * EACH)
