"""Overload: everything has a ceiling, what is beyond it is told so at once, and it passes."""
import resource
import socket
import threading
import time

import cases
import program
import throng
import wire

PATH = cases.CLIENT + "/p"
NOWHERE = "/none"                # the gateway itself answers
RELEASE = program.BUILD.name == "release"
AT_ONCE = program.SOON           # seconds; a hang is far longer
KIB, MIB = 1024, 1 << 20
TURNED_AWAY_MAX = 256            # guests.h
NO_DESCRIPTORS = "accept_failed"


def comes_true(condition, what):
    """Waits until CONDITION() holds of something that nobody reports."""
    deadline = wire.deadline_in()
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


class Crowded(cases.Case):
    """A gateway before a throng."""

    def throng(self, settings=None, hold=False, **options):
        """(gateway, throng)"""
        made = throng.Throng(hold)
        self.addCleanup(made.close)
        return self.gateway(made, settings, **options), made

    def assert_turned_away(self, client, closes):
        """CLIENT was told at once that it is one too many, and when to come again."""
        reply = client.reply()
        self.assert_error(reply, 503, "OVERLOADED")
        self.assertEqual(reply.field("Retry-After"), "1")
        self.assertEqual(reply.field("Connection"), "close" if closes else None)


class Places(Crowded):
    """The counts are those of the process, whichever worker a connection fell to."""

    def test_every_connection_has_its_place(self):
        gate, crowd = self.throng({"workers": 4, "limits.connections": 16})
        for _ in range(3):
            inside = crowd.connect(gate.client, 16)
            crowd.ask(inside, PATH)
            self.assertEqual(crowd.answered(inside), [200] * 16)
            beyond = crowd.connect(gate.client, 4)
            crowd.ask(beyond, PATH)
            self.assertEqual(crowd.answered(beyond, AT_ONCE), [503] * 4)
            for client in beyond:
                self.assert_turned_away(client, closes=True)
            crowd.ask(inside, PATH)
            self.assertEqual(crowd.answered(inside), [200] * 16)
            held = gate.descriptors()
            crowd.leave([*inside, *beyond])
            comes_true(lambda before=held: gate.descriptors() <= before - 16, "the descriptors")

    def test_every_exchange_has_its_place(self):
        gate, crowd = self.throng({"workers": 4, "limits.exchanges": 16}, hold=True)
        clients = crowd.connect(gate.client, 20)
        for _ in range(3):
            crowd.ask(clients[:16], PATH)
            crowd.until(lambda: len(crowd.waiting) == 16, "the service's requests")
            crowd.ask(clients[16:], PATH)
            self.assertEqual(crowd.answered(clients[16:], AT_ONCE), [503] * 4)
            for client in clients[16:]:
                self.assert_turned_away(client, closes=False)
            crowd.release()
            self.assertEqual(crowd.answered(clients[:16]), [200] * 16)
            clients.reverse()

    def test_each_client_has_its_share(self):
        gate, crowd = self.throng({"workers": 2, "limits.connections_per_client": 3})
        greedy = crowd.connect(gate.client, 5)
        crowd.ask(greedy, PATH)
        # Which of them came first is for the workers to say.
        self.assertEqual(sorted(crowd.answered(greedy, AT_ONCE)), [200] * 3 + [503] * 2)
        for client in greedy:
            if client.status == 503:
                self.assert_turned_away(client, closes=True)
        other = crowd.connect(gate.client, 3, source="127.0.0.2")
        crowd.ask(other, PATH)
        self.assertEqual(crowd.answered(other), [200] * 3)
        crowd.leave(greedy)

        def one_more_is_served():
            again = crowd.connect(gate.client, 1)
            crowd.ask(again, PATH)
            served = crowd.answered(again) == [200]
            crowd.leave(again)
            return served

        comes_true(one_more_is_served, "a place for those that left")

    def test_few_wait_for_their_refusal(self):
        """However many come beyond the limit, and say nothing, few of them are kept."""
        gate, crowd = self.throng({"limits.connections": 2})
        inside = crowd.connect(gate.client, 2)
        crowd.ask(inside, PATH)
        self.assertEqual(crowd.answered(inside), [200] * 2)
        before = gate.descriptors()
        silent = crowd.connect(gate.client, 2 * TURNED_AWAY_MAX)
        most = 0

        def all_over():
            nonlocal most
            most = max(most, gate.descriptors() - before)
            return all(client.ended for client in silent)

        crowd.until(all_over, "the end of the silent ones")
        # A worker accepts up to 64 in a turn before it looks who they are.
        self.assertLessEqual(most, TURNED_AWAY_MAX + 2 * 64)
        self.assertEqual({bytes(client.got) for client in silent}, {b""})
        crowd.ask(inside, PATH)
        self.assertEqual(crowd.answered(inside), [200] * 2)


class Held(Crowded):
    """What is held costs little, and all of it comes back."""

    IDLE_EACH_MAX, OPEN_EACH_MAX = 6 * KIB, 40 * KIB

    def test_idle_connections(self):
        count = 500
        gate, crowd = self.throng({"workers": 2, "limits.connections": count})
        few = crowd.connect(gate.client, 20)
        crowd.ask(few, PATH)
        crowd.answered(few)
        memory, descriptors = gate.memory(), gate.descriptors()
        many = crowd.connect(gate.client, count - 20)
        for client in many:
            crowd.ask([client], PATH)
            self.assertEqual(crowd.answered([client]), [200])
        each = (gate.memory() - memory) / len(many)
        if RELEASE:
            self.assertLessEqual(each, self.IDLE_EACH_MAX)
        beyond = crowd.connect(gate.client, 20)
        crowd.ask(beyond, PATH)
        self.assertEqual(crowd.answered(beyond, AT_ONCE), [503] * 20)
        crowd.leave([*many, *beyond])
        comes_true(lambda: gate.descriptors() <= descriptors, "the descriptors")
        crowd.ask(few, PATH)
        self.assertEqual(crowd.answered(few), [200] * 20)

    def test_open_exchanges(self):
        count = 200
        gate, crowd = self.throng({"workers": 2, "limits.exchanges": count,
                                   "limits.upstream_connections": 16}, hold=True)
        clients = crowd.connect(gate.client, count + 20)
        crowd.ask(clients, NOWHERE)
        self.assertEqual(crowd.answered(clients), [404] * (count + 20))
        memory, descriptors = gate.memory(), gate.descriptors()
        for _ in range(2):
            crowd.ask(clients[:count], PATH)
            crowd.until(lambda: len(crowd.waiting) == count, "the service's requests")
            each = (gate.memory() - memory) / count
            if RELEASE:
                self.assertLessEqual(each, self.OPEN_EACH_MAX)
            crowd.ask(clients[count:], PATH)
            self.assertEqual(crowd.answered(clients[count:], AT_ONCE), [503] * 20)
            crowd.release()
            self.assertEqual(crowd.answered(clients[:count]), [200] * count)
            # Some connections to the service are kept.
            comes_true(lambda: gate.descriptors() <= descriptors + 16, "the descriptors")


class Descriptors(Crowded):
    """Without descriptors the gateway waits; it neither spins nor forgets those it has."""

    @staticmethod
    def leave_it(gate, spare):
        """From now on the gateway has SPARE descriptors; returns how many it had before."""
        before = resource.prlimit(gate.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(gate.pid, resource.RLIMIT_NOFILE,
                         (gate.descriptors() + spare, before[1]))
        return before

    def test_accepting_pauses_and_goes_on(self):
        gate, crowd = self.throng({"workers": 2})
        gate.expect_line(NO_DESCRIPTORS)
        inside = crowd.connect(gate.client, 10)
        crowd.ask(inside, PATH)
        self.assertEqual(crowd.answered(inside), [200] * 10)
        before = self.leave_it(gate, 4)
        outside = crowd.connect(gate.client, 40)
        gate.wait_line(NO_DESCRIPTORS)
        begun, cpu = time.monotonic(), gate.cpu_seconds()
        while time.monotonic() - begun < 1.5:
            for client in inside:
                crowd.ask([client], PATH)
                self.assertEqual(crowd.answered([client], AT_ONCE), [200])
            crowd.turn(0.1)
        took = time.monotonic() - begun
        self.assertLess(gate.cpu_seconds() - cpu, took / 3, "it spins")
        resource.prlimit(gate.pid, resource.RLIMIT_NOFILE, before)
        crowd.ask(outside, PATH)
        statuses = crowd.answered(outside)
        # A few were turned away so that they need not wait; the others are served now.
        self.assertEqual(set(statuses) - {0}, {200})
        fresh = crowd.connect(gate.client, 10)
        crowd.ask(fresh, PATH)
        self.assertEqual(crowd.answered(fresh), [200] * 10)
        said = [line for line in gate.lines if NO_DESCRIPTORS in line]
        self.assertEqual(len(said), 1, said)

    def test_few_from_the_start(self):
        """The gateway takes no more connections than it can serve, and says how many."""
        gate, crowd = self.throng({"workers": 2}, under=["prlimit", "--nofile=600:600"], hold=True)
        line = " warn few file descriptors needed=[0-9]+ allowed=600 connections=([0-9]+) "
        gate.expect_line(line)
        places = int(gate.wait_line(line).group(1))
        self.assertGreater(places, 20)
        inside = crowd.connect(gate.client, places)
        crowd.ask(inside, PATH)
        crowd.until(lambda: len(crowd.waiting) == places, "the service's requests")
        beyond = crowd.connect(gate.client, 10)
        crowd.ask(beyond, PATH)
        self.assertEqual(crowd.answered(beyond, AT_ONCE), [503] * 10)
        crowd.release()
        self.assertEqual(crowd.answered(inside), [200] * places)

    def test_none_for_the_service(self):
        gate, crowd = self.throng({"workers": 1})
        gate.expect_line("upstream_socket_failed")
        inside = crowd.connect(gate.client, 4)
        for client in inside:
            crowd.ask([client], NOWHERE)
            self.assertEqual(crowd.answered([client]), [404])
        before = self.leave_it(gate, 0)
        crowd.ask(inside, PATH)
        self.assertEqual(crowd.answered(inside, AT_ONCE), [503] * 4)
        self.assert_turned_away(inside[0], closes=False)
        resource.prlimit(gate.pid, resource.RLIMIT_NOFILE, before)
        crowd.ask(inside, PATH)
        self.assertEqual(crowd.answered(inside), [200] * 4)


class Memory(cases.Case):
    """Near the limit connections close, nearer nothing new is taken on, and it passes."""

    BODY = 250 * KIB

    def limited(self):
        """A gateway, and its memory's limit: what it needs and some 300 held bodies more."""
        # What a sanitizer keeps of freed memory would count.
        env = {"ASAN_OPTIONS": "halt_on_error=1:exitcode=99:quarantine_size_mb=1"}
        service = self.upstream()
        settings = {"workers": 1, "limits.request_buffer": "256KiB"}
        plain = self.gateway(service, settings, env=env)
        for _ in range(20):
            plain.once("GET", PATH)
        used = plain.memory()
        plain.stop()
        limit = used * 3 // 2 + 48 * MIB
        return self.gateway(service, {**settings, "limits.memory": limit}, env=env), limit

    def hold(self, gate):
        """A connection whose request is held: all of it has come but its last byte."""
        connection = gate.connect()
        self.addCleanup(connection.close)
        body = b'{"k":"' + b"x" * (self.BODY - 8) + b'"}'
        connection.send(wire.request_bytes("POST", cases.CLIENT, body)[:-1])
        for _ in range(5):         # the only worker reads on while it answers these
            gate.once("GET", NOWHERE)
        return connection

    def test_memory_runs_short(self):
        gate, limit = self.limited()
        gate.expect_line(r" warn memory .*close")
        gate.expect_line(r" warn memory .*refused")
        held = []

        def fill(part):
            while gate.memory() < limit * part:
                self.assertLess(len(held), 2000, gate.memory())
                held.append(self.hold(gate))

        def served(status, connection):
            reply = gate.once("GET", PATH)
            if reply.status == 503:
                self.assert_error(reply, 503, "OVERLOADED")
                self.assertEqual(reply.field("Retry-After"), "1")
            return (reply.status, reply.field("Connection")) == (status, connection)

        self.assertTrue(served(200, None))
        fill(0.84)
        comes_true(lambda: served(200, "close"), "the end of keep-alive")
        fill(0.93)
        comes_true(lambda: served(503, "close"), "the refusal")
        held[0].send(b"}")
        self.assertEqual(held[0].reply().status, 200, "what was begun is finished")
        for connection in held:
            connection.close()
        if program.BUILD.name != "tsan":   # whose malloc gives nothing back
            comes_true(lambda: served(200, None), "the end of it")


class Greedy(cases.Case):
    """One worker, one client that takes all it can get, and bystanders who are served."""

    BYSTANDERS = 20

    def setUp(self):
        super().setUp()
        self.over = threading.Event()
        self.flooded = 0
        self.gate, self.service = self.pair(self.serve, {"workers": 1})

    def serve(self, connection):
        """Small answers, and for /big one without an end."""
        while True:
            request = connection.head(seconds=3600)
            if request.target.endswith("/big"):
                self.pour(connection)
                return
            connection.body(request, seconds=3600, sink=lambda piece: None)
            connection.send(cases.OK)

    def pour(self, connection):
        piece = b"%x\r\n%s\r\n" % (64 * KIB, b"y" * (64 * KIB))
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while not self.over.is_set():
                connection.send(piece)
        except OSError:
            return                 # the client has had enough

    def flood(self, work):
        """Runs WORK again and again in a thread until the case is over."""
        def run():
            while not self.over.is_set():
                try:
                    work()
                except (OSError, wire.WireError):
                    if not self.over.is_set():
                        raise
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.over.set)

    def bystanders_are_served(self, least):
        """Each request of a bystander is answered in time while the flood brings LEAST more."""
        served, begun = 0, self.flooded
        deadline = wire.deadline_in()
        with self.gate.connect() as kept:
            while served < self.BYSTANDERS or self.flooded < begun + least:
                self.assertLess(time.monotonic(), deadline, f"the flood is none: {self.flooded}")
                kept.send(wire.request_bytes("GET", PATH))
                self.assertEqual(kept.reply(seconds=AT_ONCE).status, 200)
                with self.gate.connect() as fresh:
                    fresh.send(wire.request_bytes("GET", PATH))
                    self.assertEqual(fresh.reply(seconds=AT_ONCE).status, 200)
                served += 1

    def connect(self):
        connection = self.gate.connect()
        connection.sock.settimeout(0.5)
        return connection

    def test_pipelined_requests(self):
        """Thousands of requests at once, answered by the gateway itself."""
        many = wire.request_bytes("GET", NOWHERE) * 200
        flooder = self.connect()
        self.addCleanup(flooder.close)

        def work():
            nonlocal flooder
            try:
                flooder.sock.sendall(many)
                self.flooded += flooder.sock.recv(1 << 20).count(b"HTTP/1.1 404 ")
            except TimeoutError:
                pass
            except OSError:
                flooder.close()
                flooder = self.connect()

        self.flood(work)
        self.bystanders_are_served(500)

    def test_a_fast_upload(self):
        flooder = self.connect()
        self.addCleanup(flooder.close)
        flooder.send(wire.request_bytes("PUT", PATH + "/skills/s", b"", [("Content-Length", str(1 << 40)),
                                                           ("Content-Type", "text/plain")]))
        piece = b"z" * 256 * KIB

        def work():
            try:
                self.flooded += flooder.sock.send(piece)
            except TimeoutError:
                pass

        self.flood(work)
        self.bystanders_are_served(16 * MIB)

    def test_a_fast_reply(self):
        flooder = self.connect()
        self.addCleanup(flooder.close)
        flooder.send(wire.request_bytes("GET", PATH + "/skills/big"))

        def work():
            try:
                self.flooded += len(flooder.sock.recv(1 << 20))
            except TimeoutError:
                pass

        self.flood(work)
        self.bystanders_are_served(16 * MIB)

    def test_a_storm_of_connections(self):
        host, _, port = self.gate.client.rpartition(":")

        def work():
            burst = []
            for _ in range(100):
                sock = socket.socket()
                burst.append(sock)
                sock.setblocking(False)
                sock.connect_ex((host, int(port)))
            for sock in burst:
                sock.close()
            self.flooded += len(burst)

        self.flood(work)
        self.bystanders_are_served(2000)
