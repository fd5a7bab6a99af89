"""test_n_tls_wire.py - TLS with clients who are slow, rude, many, or there during a reload"""
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

import cases
import certificates
import program
import scrape
import wire

IDLE = 200                       # connections at once
IDLE_BYTES_MAX = 64 << 10        # of memory each; 18 KiB were measured
RELOADS, CLIENTS = 6, 3
# Files of cases that hold for any connection, and pass over TLS as they are.
ALSO_OVER_TLS = {"test_g_client": 20, "test_i_flow": 10}
RAW = ("Content-Type", "application/octet-stream")


class Drip:
    """A client at ADDRESS whose every byte is a segment of its own."""

    def __init__(self, address):
        host, _, port = address.partition(" ")[0].rpartition(":")
        self.sock = socket.create_connection((host, int(port)), wire.PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = wire.tls_context().wrap_bio(self.came, self.goes)

    def until_done(self, step):
        """What STEP returns once it wants no more bytes from the other side."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                done = None
            for byte in self.goes.read():
                self.sock.sendall(bytes([byte]))
            if done is not None:
                return done
            self.came.write(self.sock.recv(65536))

    def request(self, request):
        """The first bytes of the reply to REQUEST."""
        self.until_done(lambda: self.tls.do_handshake() or True)
        self.until_done(lambda: self.tls.write(request))
        return self.until_done(lambda: self.tls.read(65536))


class Tls(cases.Case):

    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.folder)
        self.pair_files = self.authority.issue("server", ["gateway.test"])

    def serve(self, script=None, **settings):
        """The gateway with one certificate, before a service with SCRIPT."""
        self.service = self.upstream(script)
        return self.gateway(self.service, {
            "listen": ["127.0.0.1:0 tls"], "tls.certificates": [str(self.pair_files.certificate)],
            "tls.keys": [str(self.pair_files.key)], **settings})


class Clients(Tls):

    def test_a_handshake_and_a_request_in_single_bytes(self):
        gate = self.serve()
        drip = Drip(gate.client)
        self.addCleanup(drip.sock.close)
        reply = drip.request(wire.request_bytes("GET", cases.CLIENT))
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 "), reply)

    def test_a_fin_without_a_word_is_a_client_who_is_gone(self):
        """Within a body and behind a whole request alike; the service hears of it."""
        def script(connection):
            request = connection.head()
            try:
                connection.body(request)
            except Exception:       # cut short, as it may be
                pass
            connection.wait_for_end()

        gate = self.serve(script)
        for length in (3, 300):
            before = len(self.service.connections)
            with gate.connect() as connection:
                connection.send(wire.request_bytes(
                    "POST", cases.CLIENT, None, [RAW, ("Content-Length", str(length))]) + b"abc")
                self.service.wait(lambda seen=before: len(self.service.connections) > seen)
                socket.socket.shutdown(connection.sock, socket.SHUT_WR)
                self.service.wait(lambda: self.service.connections[-1].over.is_set(),
                                  "the end of the transfer")
        self.wait_for(lambda: sum("outcome=CLIENT_GONE" in line for line in gate.lines) == 2)

    def test_renegotiation_is_refused(self):
        gate = self.serve()
        done = subprocess.run(
            ["openssl", "s_client", "-tls1_2", "-connect", gate.client.partition(" ")[0]],
            input=b"R\n", timeout=60, capture_output=True, check=False)
        text = (done.stdout + done.stderr).decode("latin-1")
        self.assertIn("RENEGOTIATING", text)
        self.assertIn("no renegotiation", text)

    def test_without_a_certificate_where_one_is_required(self):
        own = self.authority.issue("own", usage="clientAuth")
        gate = self.serve(**{"tls.client_ca": str(self.authority.certificate),
                             "tls.client_auth": "require"})
        with self.assertRaises((ssl.SSLError, wire.NoReply, ConnectionError)):
            gate.once("GET", "/none")
        gate.wait_line("tls handshake failed .*reason=certificate")
        context = wire.tls_context()
        context.load_cert_chain(own.certificate, own.key)
        with gate.connect(context=context) as connection:
            self.assertEqual(connection.request("GET", "/none").status, 404)

    def test_an_idle_connection_costs_little(self):
        gate, open_ones = self.serve(workers=1), []
        gate.once("GET", "/none")
        before = gate.memory()
        for _ in range(IDLE):
            open_ones.append(gate.connect())
            self.addCleanup(open_ones[-1].close)
        for connection in open_ones:
            self.assertEqual(connection.request("GET", "/none").status, 404)
        each = (gate.memory() - before) // IDLE
        print(f"# {each} bytes of memory for an idle connection over TLS", flush=True)
        if program.BUILD.name == "release":
            self.assertLess(each, IDLE_BYTES_MAX)

    def test_all_of_it_is_counted(self):
        gate = self.serve()
        context = wire.tls_context()
        with gate.connect(context=context) as first:
            first.request("GET", "/none")
            session = first.sock.session
        with gate.connect(context=context, session=session) as second:
            second.request("GET", "/none")
        with wire.Connection(gate.client.partition(" ")[0]) as plain:
            plain.send(wire.request_bytes("GET", "/none"))
            plain.end()
        with wire.Connection(gate.admin) as admin:
            found = scrape.samples(admin.request("GET", "/metrics").body.decode())
        self.assertEqual(found['dpgw_tls_handshakes_total{version="1.3"}'], 2)
        self.assertEqual(found['dpgw_tls_handshakes_total{version="1.2"}'], 0)
        self.assertEqual(found["dpgw_tls_resumptions_total"], 1)
        self.assertEqual(found['dpgw_tls_handshake_failures_total{reason="plain_http"}'], 1)
        ends = certificates.openssl("x509", "-noout", "-enddate", "-in",
                                    self.pair_files.certificate).decode().strip()
        self.assertEqual(
            [v for k, v in found.items() if "certificate_expiry" in k],
            [ssl.cert_time_to_seconds(ends.removeprefix("notAfter="))])


class Reload(Tls):

    def test_new_certificates_under_load_fail_nobody(self):
        gate, seen, statuses, over = self.serve(), set(), [], threading.Event()
        pairs = [(pair.certificate.read_text(), pair.key.read_text()) for pair in (
            self.authority.issue("other", ["gateway.test"]), self.pair_files)]
        context = ssl.create_default_context(cafile=str(self.authority.certificate))

        def client():
            try:
                while not over.is_set():
                    with gate.connect(context=context, name="gateway.test") as connection:
                        seen.add(connection.sock.getpeercert()["serialNumber"])
                        for _ in range(3):
                            statuses.append(connection.request("GET", cases.CLIENT).status)
            except Exception as fault:       # told below
                statuses.append(fault)

        clients = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for number in range(RELOADS):
            certificate, key = pairs[number % 2]
            self.pair_files.certificate.write_text(certificate)
            self.pair_files.key.write_text(key)
            gate.signal(signal.SIGHUP)
            self.wait_for(lambda wanted=number + 1: sum(
                " info reloaded " in line for line in gate.lines) == wanted)
            asked = len(statuses)
            self.wait_for(lambda least=asked + 3 * 2 * CLIENTS: len(statuses) >= least
                          or not all(one.is_alive() for one in clients))
        over.set()
        for one in clients:
            one.join(wire.PATIENCE)
        self.assertEqual([s for s in statuses if s != 200], [])
        self.assertEqual(len(seen), 2)


class Also(cases.Case):

    def test_what_holds_for_any_connection_holds_over_tls(self):
        for file, least in ALSO_OVER_TLS.items():
            with self.subTest(file):
                done = subprocess.run(
                    [sys.executable, str(pathlib.Path(__file__).parent / "run.py"),
                     f"file={file}"], env={**os.environ, "OVER_TLS": "1"}, timeout=300,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertGreaterEqual(done.stdout.count("\nok ") + 1, least, done.stdout)
