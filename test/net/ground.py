"""ground.py - what every case with hosts of its own has

The test itself is at the host "gate", and so is the gateway; services are at
others, and the way there is the network's to spoil.
"""
import functools
import threading

import cases
import hosts
import program
import scrape
import upstream
import wire

RELEASE = program.BUILD.name == "release"
# Short, but long beside what a busy machine keeps a thread waiting.
LIMIT = 1.0 if RELEASE else 3.0
TIMERS = ("request_head", "request_body", "reply", "keep_alive", "upstream_connect",
          "upstream_first_byte", "upstream_between_bytes", "upstream_stream", "half_close")
SHORT = {"limits.upstream_connections": 2, "timeouts.upstream_idle": "200ms",
         **{f"timeouts.{name}": f"{int(LIMIT * 1000)}ms" for name in TIMERS}}
# What is zero where nothing is under way.
AT_REST = ("dpgw_exchanges", "dpgw_event_streams", "dpgw_connections", "dpgw_upstream_connections",
           "dpgw_upstream_pending", "dpgw_endpoint_outstanding")
# What the log may say of a way that is spoilt.
SPOILT = r"outcome=UPSTREAM|endpoint (ejected|unhealthy|healthy)"
RAW = [("Content-Type", "application/octet-stream")]
UPLOAD = cases.CLIENT + "/p/unstructured-assets/a"
PIECE = b"x" * 4096
HEADS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
              b"Content-Length: 1000000000000\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n"}

EVENT = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")


@functools.cache
def why_not():
    return hosts.why_not()


class Case(cases.Case):
    HOSTS = ("service",)

    def setUp(self):
        super().setUp()
        if reason := why_not():
            self.skipTest(reason)
        self.network = hosts.Network("gate", *self.HOSTS)
        self.addCleanup(self.network.close)
        self.enterContext(self.network.inside("gate"))

    def service_at(self, name="service", script=None, port=0):
        """A scripted service at the host NAME."""
        with self.network.inside(name) as address:
            return self.upstream(script, address=(address, port))

    def gate_before(self, services, settings=None, **options):
        """A gateway with short timers before SERVICES."""
        gate = self.gateway([s.url for s in services], {**SHORT, **(settings or {})}, **options)
        gate.tolerate(SPOILT)
        return gate

    def client(self, gate):
        made = gate.connect()
        self.addCleanup(made.close)
        return made

    # --- what is left -----------------------------------------------------------------

    def samples(self, gate):
        with wire.Connection(gate.admin) as connection:
            return scrape.samples(connection.request("GET", "/metrics").body.decode())

    def sample(self, gate, wanted):
        """The sum of all samples that begin with WANTED."""
        return sum(v for name, v in self.samples(gate).items() if name.startswith(wanted))

    def wait_sample(self, gate, wanted, value):
        """Waits until the sum is VALUE: an exchange ends after its reply has come."""
        self.wait_for(lambda: self.sample(gate, wanted) == value)

    def under_way(self, gate):
        """{gauge: value} of what is not at rest."""
        return {name: value for name, value in self.samples(gate).items()
                if name.partition("{")[0] in AT_REST and value}

    def rest(self, gate):
        """
        Has each worker serve, waits until all is at rest, and returns how
        many descriptors are open then.  libcurl lets go of its last dead
        connection when it makes the next, so each worker still has one.
        """
        for _ in range(16):
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.wait_for(lambda: not self.network.connected("gate"))
        self.wait_for(lambda: not self.under_way(gate))
        seen = []

        def same_again():
            seen.append(gate.descriptors())
            return len(seen) > 50 and len(set(seen[-50:])) == 1
        self.wait_for(same_again)
        return seen[-1]

    def assert_nothing_left(self, gate, before):
        """All that was under way has ended, all is served again, and no descriptor is left."""
        self.wait_for(lambda: not self.under_way(gate))
        self.assertEqual(self.rest(gate), before)


def pouring(connection):
    """
    A script: bytes without end for /length and /chunked, one event and then
    silence for /chat, nothing at all for /held, a small answer for the rest.
    """
    while True:
        request = connection.request(seconds=3600)
        kind = request.target.rpartition("/")[2]
        if kind in ("held", "chat"):
            connection.send(EVENT if kind == "chat" else b"")
            connection.wait_for_end(3600)
        if kind not in HEADS:
            connection.send(cases.OK)
            continue
        connection.send(HEADS[kind])
        piece = PIECE if kind == "length" else b"1000\r\n%s\r\n" % PIECE
        try:
            while True:
                connection.send(piece)
        except OSError:
            raise upstream.Gone("it is cut off") from None


def upload(client, started=lambda: None):
    """The reply to a POST whose body goes on until it is answered; STARTED() after its first bytes."""
    client.send(wire.request_bytes("POST", UPLOAD, None, [*RAW, ("Content-Length", str(1 << 40))]))
    client.send(PIECE)
    started()
    told = []
    reader = threading.Thread(target=lambda: told.append(client.reply("POST")))
    reader.start()
    try:
        while not told:
            client.send(PIECE)
    except OSError:
        pass                         # what is sent after the answer is not read for ever
    reader.join(wire.PATIENCE)
    return told[0]
