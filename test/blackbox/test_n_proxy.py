"""test_n_proxy.py - PROXY headers: who the client is, as a balancer in front says"""
import pathlib
import socket
import struct
import subprocess

import cases
import certificates
import program
import scrape
import wire

HAPROXY = program.ROOT / "build/tools/haproxy/usr"
HAPROXY_CONFIG = """
global
    nbthread 1
defaults
    mode tcp
    timeout connect 60s
    timeout client 60s
    timeout server 60s
listen first
    bind fd@{first}
    server gateway {gateway} send-proxy
listen second
    bind fd@{second}
    server gateway {gateway} send-proxy-v2 proxy-v2-options crc32c,unique-id
"""
FAMILIES = {socket.AF_UNSPEC: 0x00, socket.AF_INET: 0x11, socket.AF_INET6: 0x21,
            socket.AF_UNIX: 0x31}
REFUSED = "proxy header refused"


def version_1(address, port=40000):
    family, own = ("TCP6", "2001:db8::2") if ":" in address else ("TCP4", "192.0.2.2")
    return f"PROXY {family} {address} {own} {port} 443\r\n".encode()


def version_2(address=None, command=0x21, port=40000, more=b"", family=None):
    """A header that tells ADDRESS; MORE is what follows the addresses in its block."""
    if address is None:
        family, block = family or socket.AF_UNSPEC, b""
    else:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        packed = socket.inet_pton(family, address)
        block = packed + packed + struct.pack("!HH", port, 443)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, FAMILIES[family]])
            + struct.pack("!H", len(block + more)) + block + more)


# {header: what X-Forwarded-For says then}
TOLD = {
    version_1("203.0.113.7"): "203.0.113.7",
    version_1("2001:db8::7"): "2001:db8::7",
    b"PROXY UNKNOWN\r\n": "127.0.0.1",
    version_2("203.0.113.7"): "203.0.113.7",
    version_2("2001:db8::7"): "2001:db8::7",
    version_2("203.0.113.7", more=b"\x04\x00\x04nope" + b"\xea\x00\x02up"): "203.0.113.7",
    version_2("203.0.113.7", more=bytes(4096 - 16 - 12)): "203.0.113.7",
    version_2(command=0x20): "127.0.0.1",
    version_2("203.0.113.7", command=0x20): "127.0.0.1",
    version_2(): "127.0.0.1",
    version_2(more=bytes(216), family=socket.AF_UNIX): "unix",
}


class Proxied(cases.Case):
    """A gateway that wants the header, over TLS if OVER_TLS, and one client after another."""

    def begin(self, settings=None, over_tls=False):
        values = {"listen": ["127.0.0.1:0 proxy_protocol"], **(settings or {})}
        if over_tls:
            _, pair = certificates.usual()
            values.update({"listen": ["127.0.0.1:0 tls proxy_protocol"],
                           "tls.certificates": [str(pair.certificate)],
                           "tls.keys": [str(pair.key)]})
        self.service = self.upstream()
        self.gate = self.gateway(self.service, values)

    def connect(self, preface, cut=None):
        """A connection on which PREFACE goes out before anything else."""
        return self.gate.connect(preface=preface, cut=cut)

    def bare(self):
        """A connection on which nothing is sent by itself."""
        return wire.Connection(self.gate.client.partition(" ")[0])

    def forwarded(self):
        """What the service was told of who sent its last request."""
        return self.service.requests[-1].field("X-Forwarded-For")

    def served(self, connection):
        reply = connection.request("GET", cases.CLIENT)
        self.assertEqual(reply.status, 200, reply)
        return self.forwarded()

    def counted(self):
        with wire.Connection(self.gate.admin) as connection:
            return scrape.samples(connection.request("GET", "/metrics").body.decode())

    def failures(self):
        """{reason: how often} of the headers that failed to come."""
        name, found = 'dpgw_proxy_header_failures_total{reason="%s"}', self.counted()
        return {reason: found[name % reason] for reason in ("malformed", "timeout", "closed")}


class Told(Proxied):

    def test_each_kind_of_header(self):
        self.begin()
        for header, wanted in TOLD.items():
            with self.connect(header) as connection:
                self.assertEqual(self.served(connection), wanted, header)
                self.assertEqual(self.served(connection), wanted, header)
        self.assertEqual(sum(self.failures().values()), 0)

    def test_the_request_comes_in_the_same_segment(self):
        self.begin()
        for header, wanted in TOLD.items():
            requests = 2 * wire.request_bytes("GET", cases.CLIENT)
            with self.bare() as connection:
                connection.send(header + requests)
                self.assertEqual([connection.reply("GET").status for _ in range(2)], [200] * 2)
                self.assertEqual(self.forwarded(), wanted, header)

    def test_cut_at_every_byte(self):
        """The part before the cut is taken before the rest is sent: nothing is left to be read."""
        self.begin()
        for header in (version_1("203.0.113.7"), version_2("2001:db8::7", more=b"\x04\x00\x00")):
            both = header + wire.request_bytes("GET", cases.CLIENT)
            for cut in range(1, len(header) + 2):
                with self.bare() as connection:
                    connection.send(both[:cut])
                    self.wait_for(lambda sent=connection: self.taken(sent))
                    connection.send(both[cut:])
                    self.assertEqual(connection.reply("GET").status, 200, (header, cut))
                    self.assertIn(self.forwarded(), ("203.0.113.7", "2001:db8::7"))
            with self.bare() as connection:
                connection.send(both, cut=1)
                self.assertEqual(connection.reply("GET").status, 200, header)

    @staticmethod
    def taken(connection):
        """True once the gateway has read all that CONNECTION sent: nothing is there to wake it."""
        ends = ":%04X" % connection.sock.getpeername()[1], ":%04X" % connection.sock.getsockname()[1]
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines():
            words = line.split()
            if words[1].endswith(ends[0]) and words[2].endswith(ends[1]):
                return words[4].endswith(":00000000")
        raise AssertionError("no such connection")

    def test_tls_begins_behind_it(self):
        self.begin(over_tls=True)
        for header, wanted in TOLD.items():
            with self.connect(header) as connection:
                self.assertEqual(self.served(connection), wanted, header)
        for header in (version_1("203.0.113.7"), version_2("2001:db8::7")):
            with self.connect(header, cut=1) as connection:
                self.served(connection)
        self.assertEqual(self.service.requests[-1].field("X-Forwarded-Proto"), "https")
        self.assertEqual(sum(self.failures().values()), 0)

    def test_who_was_told_is_who_is_trusted(self):
        self.begin({"trusted_hops": ["203.0.113.0/24"]})
        given = [("X-Forwarded-For", "198.51.100.1")]
        for address, wanted in (("203.0.113.7", "198.51.100.1, 203.0.113.7"),
                                ("192.0.2.1", "192.0.2.1"), (None, "127.0.0.1")):
            with self.connect(version_2(address)) as connection:
                connection.request("GET", cases.CLIENT, fields=given)
            self.assertEqual(self.forwarded(), wanted)

    def test_each_client_told_has_its_share(self):
        self.begin({"limits.connections_per_client": 2})
        with self.connect(version_1("203.0.113.7")) as one, \
                self.connect(version_2("203.0.113.7")) as two, \
                self.connect(version_1("203.0.113.8")) as other:
            for connection in (one, two, other):
                self.served(connection)
            with self.connect(version_1("203.0.113.7")) as three:
                self.assert_error(three.request("GET", cases.CLIENT), 503, "OVERLOADED")
        found = self.counted()
        self.assertEqual([found['dpgw_accepted_connections_total{result="%s"}' % result]
                          for result in ("welcomed", "refused")], [3, 1])

    def test_a_plain_address_takes_no_header(self):
        self.service = self.upstream()
        self.gate = self.gateway(self.service)
        for header, status, code in ((version_1("203.0.113.7"), 501, "NOT_IMPLEMENTED"),
                                     (version_2("203.0.113.7"), 400, "BAD_REQUEST")):
            with self.gate.connect() as connection:
                connection.send(header + wire.request_bytes("GET", cases.CLIENT))
                self.assert_error(connection.reply("GET"), status, code)
                self.assertEqual(connection.end(), "fin")
        self.assertEqual(self.service.requests, [])


class Refused(Proxied):

    def closed(self, connection):
        self.assertIn(connection.end(), ("fin", "reset"))

    def test_what_is_no_header_is_closed_counted_and_told_once(self):
        self.begin()
        self.gate.expect_line(REFUSED)
        wrong = [wire.request_bytes("GET", cases.CLIENT), b"\x16\x03\x01\x02\x00\x01",
                 b"PROXY TCP4 203.0.113.7\r\n", b"PROXY " + b"x" * 101,
                 b"PROXY UNKNOWN\n", version_2("203.0.113.7", command=0x11),
                 version_2("203.0.113.7", more=bytes(4096)), b"\r\n\r\n\r\n"]
        for preface in wrong:
            with self.bare() as connection:
                connection.send(preface)
                self.closed(connection)
        self.assertEqual(self.failures(), {"malformed": len(wrong), "timeout": 0, "closed": 0})
        self.gate.wait_line(REFUSED)
        self.assertEqual(len([line for line in self.gate.lines if REFUSED in line]), 1)
        self.assertEqual(self.service.requests, [])

    def test_who_goes_before_is_counted_and_not_told(self):
        self.begin()
        header = version_1("203.0.113.7")
        for preface in (b"", header[:1], header[:-1], version_2("203.0.113.7")[:-1]):
            with self.bare() as connection:
                connection.send(preface)
                connection.sock.shutdown(socket.SHUT_WR)
                self.closed(connection)
        self.assertEqual(self.failures(), {"malformed": 0, "timeout": 0, "closed": 4})

    def test_it_has_its_time_and_no_more(self):
        """A header that does not come whole in time is closed; one that did serves on."""
        for over_tls in (False, True):
            self.begin({"timeouts.request_head": "1s"}, over_tls)
            self.gate.expect_line(f"{REFUSED} .*reason=timeout")
            with self.connect(version_1("203.0.113.7")) as done, self.bare() as silent, \
                    self.bare() as part:
                part.send(b"PROXY TCP4 203.")
                self.closed(part)
                self.closed(silent)
                self.served(done)
            self.assertEqual(self.failures(), {"malformed": 0, "timeout": 2, "closed": 0})

    def test_a_drain_waits_for_nobody_without_one(self):
        self.begin({"timeouts.drain": "60s"})
        with self.bare() as silent:
            with self.connect(version_1("203.0.113.7")) as other:
                self.served(other)
            self.assertEqual(self.gate.stop(), 0)
            self.closed(silent)


class Senders(Proxied):

    def test_curl(self):
        self.begin()
        done = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--haproxy-protocol", "-o", "/dev/null", "-w",
             "%{http_code}", f"http://{self.gate.client}{cases.CLIENT}"],
            timeout=60, capture_output=True, check=False)
        self.assertEqual((done.stdout, done.stderr), (b"200", b""))
        self.assertEqual(self.forwarded(), "127.0.0.1")

    def haproxy(self):
        """HAProxy in front of the gateway; the addresses where it sends either version."""
        listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY_CONFIG.format(
            gateway=self.gate.client.partition(" ")[0],
            first=listening[0].fileno(), second=listening[1].fileno()))
        if not (HAPROXY / "sbin/haproxy").exists():
            self.skipTest("no HAProxy: make build/tools/haproxy/usr/sbin/haproxy")
        [libraries] = (HAPROXY / "lib").glob("*-linux-gnu")
        running = program.Program([str(HAPROXY / "sbin/haproxy"), "-db", "-f", str(config)],
                                  env={"LD_LIBRARY_PATH": str(libraries)},
                                  descriptors=[one.fileno() for one in listening])
        self.addCleanup(running.stop)
        addresses = ["127.0.0.1:%d" % one.getsockname()[1] for one in listening]
        for one in listening:
            one.close()
        return addresses

    def test_haproxy(self):
        for over_tls in (False, True):
            self.begin(over_tls=over_tls)
            word = " tls" if over_tls else ""
            for address in self.haproxy():
                with wire.Connection(address + word, source="127.0.0.9") as connection:
                    self.assertEqual(self.served(connection), "127.0.0.9")
                    self.assertEqual(self.served(connection), "127.0.0.9")
            self.assertEqual(sum(self.failures().values()), 0)
