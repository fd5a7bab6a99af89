"""Stopping: what is under way ends well, nobody is cut off by a reset."""
import signal
import socket
import threading

import cases
import program
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
