"""Stopping: what is under way ends well, nobody is cut off by a reset."""
import asyncio
import os
import signal
import socket
import threading
import time

import cases
import openloop
import peers
import program
import stopping
import wire

# To end at once is to leave the workers' threads where they are.
ABANDONED = {"TSAN_OPTIONS": program.environment()["TSAN_OPTIONS"] + ":report_thread_leaks=0"}


class Held:
    """A script that holds its reply until told."""

    def __init__(self, case):
        self.case, self.go_on = case, threading.Event()

    def __call__(self, connection):
        connection.request()
        self.case.assertTrue(self.go_on.wait(wire.PATIENCE))
        connection.send(wire.reply_bytes(200, b'{"workspaceId":1}'))
        connection.wait_for_end(seconds=3600)


class Stop(cases.Case):
    def drained(self, number):
        held = Held(self)
        gate, service = self.pair(held)
        with gate.connect() as idle, gate.connect() as busy:
            self.assertEqual(idle.request("GET", "/nothing").status, 404)
            busy.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            self.assertTrue(idle.quiet(0.1), "the idle connection was not kept")
            gate.signal(number)
            self.assertEqual(idle.end(), "fin")
            self.assertTrue(gate.running)
            held.go_on.set()
            reply = busy.reply()
            self.assertEqual((reply.status, reply.body, reply.end),
                             (200, b'{"dataProductId":1}', "clean"))
            self.assertEqual(busy.end(), "fin")
            self.assertEqual(gate.wait_end(), 0)

    def test_sigterm_lets_requests_end(self):
        self.drained(signal.SIGTERM)

    def test_sigint_lets_requests_end(self):
        self.drained(signal.SIGINT)

    def test_no_new_connections_while_draining(self):
        held = Held(self)
        gate, service = self.pair(held)
        with gate.connect() as busy:
            with gate.connect() as idle:
                self.assertEqual(idle.request("GET", "/nothing").status, 404)
                busy.send(wire.request_bytes("GET", cases.CLIENT))
                service.wait_requests(1)
                gate.signal(signal.SIGTERM)
                self.assertEqual(idle.end(), "fin")
            with self.assertRaises(ConnectionRefusedError):
                deadline = wire.deadline_in()
                while wire.time.monotonic() < deadline:
                    gate.connect().close()
            held.go_on.set()
            self.assertEqual(busy.reply().status, 200)

    def test_readyz_tells_the_drain(self):
        held = Held(self)
        gate, service = self.pair(held)
        with gate.connect() as busy:
            busy.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            gate.signal(signal.SIGTERM)
            gate.wait_line("draining")
            for path, status in (("/readyz", 503), ("/healthz", 200)):
                with wire.Connection(gate.admin) as admin:
                    self.assertEqual(admin.request("GET", path).status, status, path)
            held.go_on.set()
            self.assertEqual(busy.reply().status, 200)

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            with self.subTest(f"{first} {second}"):
                held = Held(self)
                service = self.upstream(held)
                gate = self.gateway(service, env=ABANDONED)
                gate.expect_line("stopped at once")
                with gate.connect() as busy:
                    busy.send(wire.request_bytes("GET", cases.CLIENT))
                    service.wait_requests(1)
                    gate.signal(first)
                    gate.wait_line("draining")
                    gate.signal(second)
                    gate.expected_status = gate.wait_end(15)
                    self.assertIn(gate.expected_status, (0, 1))
                held.go_on.set()

    def test_drain_has_an_end(self):
        held = Held(self)
        gate, service = self.pair(held, settings={"timeouts.drain": "300ms"})
        gate.tolerate("(?i)drain")
        with gate.connect() as busy:
            busy.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            gate.signal(signal.SIGTERM)
            self.assertEqual(gate.wait_end(15), 0)
        held.go_on.set()

    def connects(self, gate):
        """500 connects, SIGTERM after half of them: how each one ended."""
        host, _, port = gate.client.rpartition(":")
        request = wire.request_bytes("GET", cases.CLIENT)
        sockets, endings = [], []
        for number in range(500):
            if number == 250:
                gate.signal(signal.SIGTERM)
            sock = socket.socket()
            sock.settimeout(wire.PATIENCE)
            try:
                sock.connect((host, int(port)))
                sockets.append(sock)
                sock.sendall(request)
            except ConnectionRefusedError:
                endings.append("refused")
                sock.close()
            except (BrokenPipeError, ConnectionResetError):
                pass  # reading will tell how it ended
        for sock in sockets:
            endings.append(self.ending(sock))
            sock.close()
        return endings

    @staticmethod
    def ending(sock):
        received = b""
        try:
            while piece := sock.recv(65536):
                received += piece
                if received.startswith(b"HTTP/1.1 200 ") and received.endswith(b'{"ok":true}'):
                    return "answered"
                if received.startswith(b"HTTP/1.1 503 ") and received.endswith(b"}}}"):
                    return "answered"
        except ConnectionResetError:
            return "reset"
        return "closed" if not received else "cut"

    def test_500_connects_during_sigterm(self):
        gate, _ = self.pair()
        endings = self.connects(gate)
        counts = {e: endings.count(e) for e in sorted(set(endings))}
        self.assertEqual(set(counts) - {"answered", "closed", "refused"}, set(), counts)
        self.assertGreaterEqual(counts.get("answered", 0), 250, counts)
        self.assertEqual(gate.wait_end(), 0)


class Boot(cases.Case):
    def test_sigterm_while_it_starts(self):
        """Whenever it comes, it ends the process: by itself, or as a drain with nothing to do."""
        service = self.upstream()
        for number in range(24):
            gate = self.gateway(service, boot=False)
            time.sleep(number * 0.003)
            gate.signal(signal.SIGTERM)
            gate.expected_status = gate.wait_end()
            self.assertIn(gate.expected_status, (0, -signal.SIGTERM), gate.lines)
            if any("draining" in line for line in gate.lines):
                self.assertEqual(gate.expected_status, 0)
                self.assertIn("stopped", gate.lines[-1])

    def test_sigterm_at_the_first_line(self):
        """Once it has said a word it drains, although nobody can have been accepted yet."""
        for _ in range(5):
            gate = self.gateway(self.upstream(), boot=False)
            gate.wait_line("configuration")
            gate.signal(signal.SIGTERM)
            self.assertEqual(gate.wait_end(), 0)


RATE = 200 if program.BUILD.name == "release" else 60


class Drain(cases.Case):
    """What is under way, or comes all the same, while it stops."""

    def play(self, scene, settings=None, tolerated=()):
        def make(service):
            gate = self.gateway(service, {"timeouts.drain": "20s", **(settings or {})})
            for pattern in tolerated:
                gate.tolerate(pattern)
            return gate
        return peers.play(stopping.service, make, scene)

    async def loaded(self, gate, service):
        """SIGTERM under load that goes on past it."""
        load = openloop.OpenLoop(service, gate.client, RATE)
        going = asyncio.ensure_future(load.run(2.5))
        await peers.until(lambda: load.fates()["answered"] > RATE, "answers")
        gate.signal(signal.SIGTERM)
        self.assertEqual(await asyncio.to_thread(gate.wait_end), 0)
        await going
        await load.settle()
        return load

    def assert_nothing_lost(self, settings=None):
        load = self.play(self.loaded, settings)
        fates = load.fates()
        self.assertEqual(load.lost(), [], fates)
        self.assertGreater(fates["refused"], 0, "the load did not go on past the end")
        self.assertGreater(load.told, 0, "no kept connection was told")
        self.assertEqual(fates["draining"], 0, "the limit was not reached")

    def test_nothing_is_lost_under_load(self):
        self.assert_nothing_lost()

    def test_nothing_is_lost_by_another_user(self):
        """Who may not attach a filter to a socket: new handshakes are kept out in another way."""
        self.assert_nothing_lost({"user": "nobody"} if os.geteuid() == 0 else None)

    def test_a_loss_is_seen(self):
        """Before a service that speaks another dialect, cuts and resets, every request is lost."""
        async def cut(peer, request):
            await peer.send(cases.OK[:-1])

        async def reset(peer, request):
            peer.reset()

        async def scene(gate, service):
            load = openloop.OpenLoop(service, service.url.removeprefix("http://"), 100)
            for act in (service.acts["count"], cut, reset):
                service.acts["count"] = act
                await load.run(0.2)
                await load.settle()
            return load

        load = self.play(scene)
        wrong = [a for a in load.asked if a.kind != "error"]
        self.assertGreater(len(wrong), 20)
        self.assertEqual({a.fate for a in wrong}, {"lost"}, load.fates())

    def test_streams_and_uploads_go_on(self):
        """Uploads that end within the limit succeed, streams are cut at it, to be seen."""
        async def scene(gate, service):
            streams, uploads = await stopping.open_some(gate, 10)
            await peers.until(lambda: service.received == 10 * len(stopping.HALF), "the halves")
            begun = time.monotonic()
            await stopping.told_to_stop(gate)
            await stopping.refusing(gate)
            await stopping.end_all(streams, uploads)
            self.assertEqual({p.ending("POST") for p in uploads}, {"200 clean"})
            self.assertEqual({p.replies()[0].field("Connection") for p in uploads}, {"close"})
            self.assertEqual({p.ending() for p in streams}, {"200 truncated"})
            self.assertGreater(time.monotonic() - begun, 1.9)
            self.assertEqual(await asyncio.to_thread(gate.wait_end), 0)
            return gate

        gate = self.play(scene, {"timeouts.drain": "2s"}, ["drain limit"])
        rows = [line for line in gate.lines if " exchange " in line]
        self.assertEqual(len([r for r in rows if "outcome=OK" in r and "method=POST" in r]), 10)
        self.assertEqual(len([r for r in rows if "outcome=DRAINING" in r
                              and "status_code=200" in r]), 10)

    def test_half_sent_heads_may_be_ended(self):
        """Each gets its reply and is told, or 408 when its time is over."""
        async def scene(gate, service):
            some = [await peers.Peer.to(gate.client) for _ in range(20)]
            for peer in some:
                await peer.send(stopping.asking("ok")[:-10])
            await asyncio.to_thread(gate.once, "GET", "/nothing")
            await stopping.told_to_stop(gate)
            await stopping.refusing(gate)
            for peer in some[:10]:
                await peer.send(stopping.asking("ok")[-10:])
            await asyncio.gather(*(peer.end() for peer in some))
            self.assertEqual([p.ending() for p in some], 10 * ["200 clean"] + 10 * ["408 clean"])
            self.assertEqual({p.replies()[0].field("Connection") for p in some}, {"close"})
            for peer in some:
                peer.close()
            self.assertEqual(await asyncio.to_thread(gate.wait_end), 0)

        self.play(scene, {"timeouts.request_head": "4s"})

    def test_a_lingering_close_is_waited_for(self):
        """A refused client that still sends gets its reply, and the process its end."""
        async def scene(gate, service):
            peer = await peers.Peer.to(gate.client)
            await peer.send(wire.request_bytes("POST", "/nothing", None,
                                               [stopping.RAW, ("Content-Length", "500000")]))
            await peer.send(b"l" * 100_000)
            while b"ROUTE_NOT_FOUND" not in peer.got:
                await peer.receive()
            await stopping.told_to_stop(gate)
            await peer.send(b"l" * 400_000)
            await peer.end()
            self.assertEqual(peer.ending("POST"), "404 clean")
            self.assertEqual(peer.ended, "fin")
            peer.close()
            self.assertEqual(await asyncio.to_thread(gate.wait_end), 0)

        self.play(scene)
