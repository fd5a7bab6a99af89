"""What may be open or held at once: connections, exchanges, and bytes for a slower side."""
import re
import socket
import threading
import time

import cases
import edges
import program
import wire
from edges import RAW, edge

RELEASE = program.BUILD.name == "release"


class Held:
    """A script whose replies wait for `let` to be called."""

    def __init__(self):
        self.turns = threading.Semaphore(0)

    def let(self, count=1):
        for _ in range(count):
            self.turns.release()

    def __call__(self, connection):
        while True:
            connection.request(seconds=3600)
            if not self.turns.acquire(timeout=wire.PATIENCE):
                raise AssertionError("nobody let the reply go")
            connection.send(cases.OK)


class Counts(edges.Case):
    def refused(self, connection):
        """True if CONNECTION is one too many: closed at once, or told 503."""
        try:
            connection.send(wire.request_bytes("GET", "/nothing"))
            reply = connection.reply()
        except (wire.NoReply, ConnectionError):
            return True
        if reply.status == 503:
            self.assert_error(reply, 503, "OVERLOADED")
        else:
            self.assertEqual(reply.status, 404)
        return reply.status == 503

    def admitted(self, gate):
        """Waits until a new connection is served."""
        deadline = wire.deadline_in()
        while time.monotonic() < deadline:
            with gate.connect() as connection:
                if not self.refused(connection):
                    return
        raise AssertionError("no connection is let in any more")

    @edge("limits.connections")
    def test_connections(self):
        gate, _ = self.limited(connections=3)
        kept = [gate.connect() for _ in range(3)]
        for connection in kept:
            self.addCleanup(connection.close)
            self.assertEqual(connection.request("GET", "/nothing").status, 404)
        for _ in range(5):
            with gate.connect() as connection:
                self.assertTrue(self.refused(connection))
        for connection in kept:
            self.assertEqual(connection.request("GET", "/nothing").status, 404)
        kept[0].close()
        self.admitted(gate)

    @edge("limits.connections_per_client")
    def test_connections_per_client(self):
        """A client from elsewhere has places of its own."""
        gate, _ = self.limited(connections_per_client=3)
        kept = [gate.connect() for _ in range(3)]
        for connection in kept:
            self.addCleanup(connection.close)
            self.assertEqual(connection.request("GET", "/nothing").status, 404)
        for _ in range(5):
            with gate.connect() as connection:
                self.assertTrue(self.refused(connection))
        with gate.connect(source="127.0.0.2") as connection:
            self.assertFalse(self.refused(connection))
        kept[0].close()
        self.admitted(gate)

    @edge("limits.requests_per_connection")
    def test_requests_per_connection(self):
        gate, _ = self.limited(requests_per_connection=4)
        with gate.connect() as connection:
            for number in range(1, 5):
                reply = connection.request("GET", cases.CLIENT)
                self.assert_passes(reply)
                self.assertEqual(reply.field("Connection"), "close" if number == 4 else None)
            self.assertEqual(connection.end(), "fin")

    @edge("limits.exchanges")
    def test_exchanges(self):
        held = Held()
        gate, service = self.limited(held, exchanges=3)
        kept = [gate.connect() for _ in range(3)]
        for connection in kept:
            self.addCleanup(connection.close)
            connection.send(wire.request_bytes("GET", cases.CLIENT))
        service.wait_requests(3)
        for _ in range(3):
            reply = gate.once("GET", cases.CLIENT)
            self.assert_error(reply, 503, "OVERLOADED")
            self.assertRegex(reply.field("Retry-After"), "^[0-9]+$")
        self.assertEqual(len(service.requests), 3)
        held.let(4)
        for connection in kept:
            self.assert_passes(connection.reply())
        self.assert_passes(gate.once("GET", cases.CLIENT))

    @edge("limits.upstream_connections")
    def test_upstream_connections(self):
        held = Held()
        gate, service = self.limited(held, upstream_connections=3)

        def together(count):
            """COUNT requests at once; what they leave behind is kept or closed."""
            before = len(service.requests)
            clients = [gate.connect() for _ in range(count)]
            for client in clients:
                client.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(before + count)
            held.let(count)
            for client in clients:
                self.assert_passes(client.reply())
                client.close()

        def open_ones():
            return sum(not c.over.is_set() for c in service.connections)

        together(3)
        together(3)
        self.assertEqual((len(service.connections), open_ones()), (3, 3))
        together(5)
        service.wait(lambda: open_ones() == 3, "the end of two connections")
        together(3)
        self.assertEqual((len(service.connections), open_ones()), (5, 3))


class Overshot(Exception):
    """More became resident at once than one step should have brought."""


class Memory(edges.Case):
    """What is resident: from 80 % connections close after a reply, from 90 % nobody new is served."""
    STEPS = 50

    def fill(self, gate, step, limit, effect):
        """Has the service send until the gateway says EFFECT; what was resident then, in percent."""
        said = re.compile(rf"memory .*resident_bytes=(\d+) limit_bytes={limit} .*{effect}")
        for _ in range(4 * self.STEPS):
            for line in list(gate.lines):
                if match := said.search(line):
                    return int(match.group(1)) * 100 / limit
            before, deadline = gate.memory(), time.monotonic() + 0.5
            step.release()
            while gate.memory() < before + limit // self.STEPS // 2 and time.monotonic() < deadline:
                time.sleep(0.01)     # at first the kernel holds it, and nothing is resident
            time.sleep(0.1)          # the gateway looks ten times a second
        raise Overshot(f"{gate.memory()} bytes of {limit} are resident, never said: {effect}")

    @edge("limits.memory")
    def test_memory(self):
        for _ in range(4):           # a sanitizer's heap may leap over a level
            try:
                return self.levels()
            except Overshot as why:
                leap = why
        raise AssertionError(leap)

    def levels(self):
        plain = self.gateway(self.upstream())
        self.assertEqual(plain.once("GET", cases.CLIENT).status, 200)
        limit = max(40 << 20, plain.memory() * 3 // 2)
        steps = threading.Semaphore(0)

        def script(connection):
            request = connection.request(seconds=3600)
            if not request.target.endswith("/large"):
                connection.send(cases.OK)
                return
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: %d\r\n\r\n" % (8 * limit))
            try:
                while steps.acquire(timeout=wire.PATIENCE) and not connection.upstream.stopping:
                    connection.send(b"x" * (limit // self.STEPS))
            except ConnectionError:
                pass

        service = self.upstream(script)
        gate = self.gateway(service, {"workers": 1, "limits.memory": limit,
                                      "limits.buffer_high": "64MiB"})
        self.addCleanup(steps.release, 4 * self.STEPS)
        gate.tolerate(r"\bmemory\b|OVERLOADED|CLIENT_GONE|UPSTREAM_")
        reader = gate.connect(receive_buffer=1 << 16)
        reader.send(wire.request_bytes("GET", cases.CLIENT + "/large"))
        reader.head()
        reply = gate.once("GET", cases.CLIENT)
        self.assert_passes(reply)
        self.assertEqual(reply.field("Connection"), None)
        self.assertTrue(80 <= self.fill(gate, steps, limit, "connections close") < 90)
        reply = gate.once("GET", cases.CLIENT)
        self.assert_passes(reply)
        self.assertEqual(reply.field("Connection"), "close")
        self.assertGreaterEqual(self.fill(gate, steps, limit, "refused"), 90)
        reply = gate.once("GET", cases.CLIENT)
        self.assert_error(reply, 503, "OVERLOADED")
        self.assertRegex(reply.field("Retry-After"), "^[0-9]+$")
        reader.reset()
        if RELEASE:              # a sanitizer keeps what is freed
            line = gate.wait_line(rf"memory .*resident_bytes=(\d+) limit_bytes={limit} .*all is served")
            self.assertLess(int(line.group(1)) * 100 / limit, 80)
            self.assertEqual(gate.once("GET", cases.CLIENT).field("Connection"), None)


class Buffers(edges.Case):
    """What is held for the slower side: the other one pauses at HIGH and goes on at LOW."""
    TOTAL = 160 << 20
    MIB = 1 << 20
    STEP = 1 << 18

    def flooding(self, limits):
        """
        (connection, reply, held, resumed) of a client that has read the head
        of a large reply only: HELD bytes are in the gateway, not with either
        socket, and the service sets RESUMED when it can send again.
        """
        stuck, resumed, sent = threading.Event(), threading.Event(), []

        def script(connection):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: %d\r\n\r\n" % self.TOTAL)
            sent.append(connection.send_until_stuck(b"x" * (1 << 16), self.TOTAL))
            stuck.set()
            try:
                connection.send(b"x" * (1 << 20))
                resumed.set()
            except ConnectionError:
                return  # the client has seen enough
            connection.wait_for_end(seconds=3600)

        gate, service = self.limited(script, **limits)
        connection = gate.connect(receive_buffer=1 << 16)
        self.addCleanup(connection.close)
        connection.send(wire.request_bytes("GET", cases.CLIENT))
        reply = connection.head()
        self.assertTrue(stuck.wait(wire.PATIENCE))
        return gate, connection, reply, sent[0] - self.queued(service, connection), resumed

    @staticmethod
    def queued(service, connection):
        """Bytes of CONNECTION and towards SERVICE that sockets hold: tens of MiB where they may."""
        return wire.queued(service.port, connection.sock.getsockname()[1])

    def read(self, connection, bytes_):
        deadline = wire.deadline_in()
        while bytes_ > 0:
            if not connection.source.buffer:
                connection.source.more(deadline)
            bytes_ -= len(connection.source.take(bytes_))

    @edge("limits.buffer_high")
    def test_buffer_high_for_the_client(self):
        held = {}
        for high in (1, 32):
            gate, _, _, held[high], _ = self.flooding(
                {"buffer_high": high * self.MIB, "buffer_low": 0})
            if RELEASE:
                self.assertLess(gate.memory_peak(), (24 + high * 1.5) * self.MIB)
        more = held[32] - held[1]
        self.assertTrue(27 * self.MIB < more < 37 * self.MIB, held)

    @edge("limits.buffer_low")
    def test_buffer_low_for_the_client(self):
        for low, sooner in ((28, True), (4, False)):
            gate, connection, _, _, resumed = self.flooding(
                {"buffer_high": 32 * self.MIB, "buffer_low": low * self.MIB})
            self.read(connection, 12 * self.MIB)
            if sooner:
                self.assertTrue(resumed.wait(wire.PATIENCE))
            else:
                self.assertFalse(resumed.wait(0.3))
                self.read(connection, 20 * self.MIB)
                self.assertTrue(resumed.wait(wire.PATIENCE))

    def uploading(self, limits):
        """(connection, held, upstream's read(bytes)) of a service that has read a head only."""
        began, asked, done = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)

        def script(connection):
            connection.head()
            began.set()
            while asked.acquire(timeout=wire.PATIENCE) and not self.over:
                self.read(connection, self.MIB)
                done.release()

        def leave():
            self.over = True
            asked.release()

        self.over = False
        gate, service = self.limited(script, receive_buffer=1 << 16, **limits)
        self.addCleanup(leave)
        connection = gate.connect()
        self.addCleanup(connection.reset)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        connection.send(wire.request_bytes("POST", cases.CLIENT, None, [
            RAW, ("Content-Length", str(self.TOTAL))]))
        self.assertTrue(began.wait(wire.PATIENCE))
        sent = connection.send_until_stuck(b"x" * (1 << 16), self.TOTAL)

        def read(mib):
            for _ in range(mib):
                asked.release()
                self.assertTrue(done.acquire(timeout=wire.PATIENCE))
        return gate, connection, sent - self.queued(service, connection), read

    @edge("limits.buffer_high")
    def test_buffer_high_for_the_service(self):
        held = {}
        for high in (1, 32):
            gate, _, held[high], _ = self.uploading(
                {"buffer_high": high * self.MIB, "buffer_low": 0})
            if RELEASE:
                self.assertLess(gate.memory_peak(), (24 + high * 2.5) * self.MIB)
        more = held[32] - held[1]
        self.assertGreater(more, 27 * self.MIB, held)
        self.assertLess(more, 69 * self.MIB, held)  # as much waits aside, before the valve

    @edge("limits.buffer_low")
    def test_buffer_low_for_the_service(self):
        for low, sooner in ((28, True), (4, False)):
            gate, connection, _, read = self.uploading(
                {"buffer_high": 32 * self.MIB, "buffer_low": low * self.MIB})
            read(12)
            if not sooner:
                self.assertEqual(connection.send_until_stuck(b"x", 1, quiet=0.3), 0)
                read(20)
            self.assertEqual(connection.send_until_stuck(b"x", 1, quiet=wire.PATIENCE), 1)
