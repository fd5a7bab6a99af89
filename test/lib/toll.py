"""toll.py - what an attack costs the gateway, beside what ordinary requests cost it

The rule (http.md): beyond a fixed cost per connection and per exchange, no
client makes the gateway hold more than 10 bytes per byte it sent, nor spend
more than 10 times the CPU per byte of well-formed JSON posts of 1 KiB.  The
fixed costs and the CPU per byte of such posts are measured in the same run,
on the same build.  Meanwhile other clients are served, each within 5 s.

Only release builds are held to the figures; statuses and bystanders count in
every build.
"""
import json
import threading
import time

import cases
import program
import upstream
import wire

MEMORY_MOST, CPU_MOST = 10, 10
BYSTANDER_SECONDS = program.SOON
# What a process may gain without any client's doing: pages of the heap touched at last.
SLACK_BYTES = 512 * 1024
MEASURED = program.BUILD.name == "release"
SETTINGS = {"workers": 1}
PATH = f"{cases.CLIENT}/p"
FILL = "x" * (1024 - len('{"dataProductId":"","name":"ordinary"}'))
POST = wire.request_bytes("POST", cases.CLIENT, json.dumps(
    {"dataProductId": FILL, "name": "ordinary"}, separators=(",", ":")).encode())
GET = wire.request_bytes("GET", cases.CLIENT)
HOLD = "/chat"                  # where the service does not answer


def answer(reply):
    """A service that answers with REPLY, made from the request, and never where HOLD is asked."""
    def serve(connection):
        while True:
            request = connection.request(seconds=3600)
            if request.target.endswith(HOLD):
                connection.drain(3600)
                return
            connection.send(reply(request))
    return serve


OK = answer(lambda _: cases.OK)


class Bystander:
    """Somebody else: one request after the other, each on a connection of its own."""

    def __init__(self, gate):
        self.gate, self.served, self.slowest = gate, 0, 0.0
        self.over, self.fault = threading.Event(), None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(wire.PATIENCE)

    def _run(self):
        try:
            while not self.over.is_set() or self.served < 3:
                begun = time.monotonic()
                reply = self.gate.once("GET", cases.CLIENT)
                assert reply.status == 200, reply
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.served += 1
                self.over.wait(0.05)
        except Exception as fault:  # whatever it was, the test is to hear of it
            self.fault = fault


def repeat(gate, request, times):
    """Sends REQUEST that often on one connection."""
    with gate.connect() as connection:
        for _ in range(times):
            connection.send(request)
            connection.reply()


def warm(gate):
    """Lets GATE touch what it touches once."""
    repeat(gate, POST, 50)
    repeat(gate, GET, 50)


class Ordinary:
    """The fixed costs of a connection and of an exchange, and CPU per byte of ordinary posts."""

    found = None
    COUNT, OPEN = 1000, 200

    @classmethod
    def costs(cls, case):
        """Measured once a run, with gateways of CASE."""
        if cls.found is None:
            cls.found = cls(case)
        return cls.found

    def __init__(self, case):
        service = case.upstream(OK)
        gate = case.gateway(service, SETTINGS)
        warm(gate)
        self.byte_cpu = self._cpu(gate, lambda: repeat(gate, POST, self.COUNT)) / len(POST)
        self.exchange_cpu = self._cpu(gate, lambda: repeat(gate, GET, self.COUNT))
        self.connection_cpu = max(0.0, self._cpu(
            gate, lambda: [repeat(gate, GET, 1) for _ in range(self.COUNT)]) - self.exchange_cpu)
        self.connection_bytes = self._memory(case, service, b"")
        held = POST.replace(cases.CLIENT.encode(), (PATH + HOLD).encode(), 1)
        self.exchange_bytes = self._memory(case, service, held) - self.connection_bytes

    def _cpu(self, gate, work):
        before = gate.cpu_seconds()
        work()
        return (gate.cpu_seconds() - before) / self.COUNT

    def _memory(self, case, service, request):
        """The memory that each of OPEN connections takes, on which REQUEST was sent."""
        gate = case.gateway(service, SETTINGS)
        warm(gate)
        before, seen = gate.memory(), len(service.requests)
        connections = [gate.connect() for _ in range(self.OPEN)]
        for connection in connections:
            connection.send(request)
        if request:
            service.wait_requests(seen + self.OPEN)
        repeat(gate, GET, 1)
        taken = gate.memory() - before
        for connection in connections:
            connection.close()
        return taken / self.OPEN

    def __str__(self):
        return (f"a connection {self.connection_bytes:.0f} bytes and {self.connection_cpu * 1e6:.0f} "
                f"us, an exchange {self.exchange_bytes:.0f} bytes and {self.exchange_cpu * 1e6:.0f} "
                f"us, posts of 1 KiB {self.byte_cpu * 1e9:.0f} ns a byte")


class Toll:
    """One attack on one gateway: counts what is sent, then says what it cost."""

    def __init__(self, name, gate, ordinary, bounded=MEASURED):
        self.name, self.gate, self.ordinary, self.bounded = name, gate, ordinary, bounded
        self.bytes = self.connections = self.exchanges = 0
        self.open, self.most_open = [], 0
        self.round = self.most_bytes = 0     # bytes that the gateway may hold at once
        self.bystander = Bystander(gate)

    def __enter__(self):
        warm(self.gate)
        self.gate.forget_memory_peak()
        self.memory_before, self.cpu_before = self.gate.memory(), self.gate.cpu_seconds()
        self.bystander.__enter__()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.memory = self.gate.memory_peak() - self.memory_before
        for connection in self.open:
            connection.close()
        self.bystander.__exit__()
        if kind is None:
            self._judge()

    def connect(self):
        connection = self.gate.connect()
        self.connections += 1
        self.open.append(connection)
        self.most_open = max(self.most_open, len(self.open))
        return connection

    def close(self, connection):
        connection.close()
        self.open.remove(connection)

    def received(self, count):
        """COUNT more bytes that the gateway had to read, whoever sent them."""
        self.bytes += count
        self.round += count
        self.most_bytes = max(self.most_bytes, self.round)

    def send(self, connection, data, requests=0):
        """Sends DATA, in which REQUESTS begin; False if the gateway takes no more."""
        self.exchanges += requests
        self.received(len(data))
        try:
            connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def others(self, count):
        """COUNT ordinary requests, one after the other: what waits is read meanwhile."""
        repeat(self.gate, GET, count)
        self.connections += 1
        self.exchanges += count

    def volley(self, request, statuses, times=200, spread=10, behind=0):
        """
        REQUEST on SPREAD connections at once, TIMES in all; each is answered
        with one of STATUSES, and costs the gateway BEHIND more bytes to read.
        """
        method = request.partition(b" ")[0].decode()
        connections = [self.connect() for _ in range(spread)]
        for _ in range(times // spread):
            self.round = 0
            for connection in connections:
                self.send(connection, request, 1)
                self.received(behind)
            for at, connection in enumerate(connections):
                reply = connection.reply(method)
                assert reply.status in statuses, (reply.status, reply, request[:300])
                if reply.end != "clean" or reply.field("Connection") == "close":
                    self.close(connection)
                    connections[at] = self.connect()

    def unfinished(self, request, status, spread=20):
        """REQUEST on SPREAD connections, all of them but for the last byte at once."""
        connections = [self.connect() for _ in range(spread)]
        for connection in connections:
            self.send(connection, request[:-1], 1)
        self.others(spread)
        for connection in connections:
            self.send(connection, request[-1:])
            reply = connection.reply()
            assert reply.status == status, (reply.status, reply, request[:300])

    def _judge(self):
        cost, others = self.ordinary, self.bystander.served
        cpu = self.gate.cpu_seconds() - self.cpu_before
        cpu -= (self.connections + others) * cost.connection_cpu
        cpu -= (self.exchanges + others) * cost.exchange_cpu
        memory = self.memory - SLACK_BYTES
        memory -= (self.most_open + 1) * (cost.connection_bytes + cost.exchange_bytes)
        self.cpu_ratio = max(0.0, cpu / self.bytes / cost.byte_cpu)
        self.memory_ratio = max(0.0, memory / self.most_bytes)
        print(f"# {self.name}: {self.bytes} bytes, {self.exchanges} requests on {self.connections} "
              f"connections; {self.memory_ratio:.2f} bytes held per byte of {self.most_bytes} at once, "
              f"{self.cpu_ratio:.2f} times the CPU; "
              f"{others} bystanders, slowest {self.bystander.slowest:.2f} s", flush=True)
        assert self.bystander.fault is None, self.bystander.fault
        assert self.bystander.slowest < BYSTANDER_SECONDS, self.bystander.slowest
        if self.bounded:
            assert self.memory_ratio <= MEMORY_MOST, self.memory_ratio
            assert self.cpu_ratio <= CPU_MOST, self.cpu_ratio
