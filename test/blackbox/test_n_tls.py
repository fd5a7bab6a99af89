"""test_n_tls.py - TLS with clients and with the service"""
import signal
import socket
import ssl
import subprocess
import threading
import time

import cases
import certificates
import edges
import wire

HANDSHAKE_S = 2


class Listener(cases.Case):
    """One gateway with two certificates and clients' certificates, if they like."""

    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.folder)
        self.one = self.authority.issue("one", ["one.test"])
        self.two = self.authority.issue("two", ["two.test", "*.two.test"])
        self.service = self.upstream()
        self.settings = {
            "listen": ["127.0.0.1:0 tls"],
            "tls.certificates": [str(self.one.certificate), str(self.two.certificate)],
            "tls.keys": [str(self.one.key), str(self.two.key)],
            "tls.client_ca": str(self.authority.certificate), "tls.client_auth": "optional"}
        self.gate = self.gateway(self.service, self.settings)

    def context(self, pair=None):
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        return context

    def shown(self, name):
        """The serial number of the certificate that is shown to who asks for NAME."""
        with self.gate.connect(context=wire.tls_context(), name=name) as connection:
            return ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(True))

    def s_client(self, *options, said=b""):
        address = self.gate.client.partition(" ")[0]
        done = subprocess.run(["openssl", "s_client", "-connect", address, *options], timeout=60,
                              input=said, capture_output=True, check=False)
        return done.returncode, (done.stdout + done.stderr).decode("latin-1")

    def test_the_certificate_is_that_of_the_name(self):
        one, two = self.one.certificate.read_text(), self.two.certificate.read_text()
        for name, wanted in (("one.test", one), ("two.test", two), ("a.two.test", two),
                             ("a.b.two.test", one), ("other.test", one), (None, one)):
            self.assertEqual(self.shown(name).split(), wanted.split(), name)

    def test_versions_ciphers_and_protocols(self):
        for options in (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-alpn", "h2"],
                        ["-tls1_2", "-cipher", "AES128-SHA"], ["-tls1_2", "-cipher",
                         "ECDHE-ECDSA-AES128-SHA256"]):
            code, text = self.s_client(*options)
            self.assertNotEqual(code, 0, text)
        for options, wanted in ((["-tls1_2"], "Protocol  : TLSv1.2"), (["-tls1_3"], "TLSv1.3"),
                                (["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1")):
            code, text = self.s_client(*options)
            self.assertEqual((code, wanted in text), (0, True), text)

    def test_sessions_are_resumed_by_any_worker(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context, session = self.context(), None
            context.minimum_version = context.maximum_version = version
            for attempt in range(8):
                with self.gate.connect(context=context, name="one.test", session=session) as c:
                    self.assertEqual(c.sock.session_reused, attempt > 0)
                    c.request("GET", "/none")
                    session = c.sock.session

    def test_sessions_outlive_a_reload_of_certificates(self):
        """The keys of tickets are the process's, not those of its certificates."""
        said = wire.request_bytes("GET", "/none", fields=[("Connection", "close")])
        common = ["-servername", "one.test", "-ign_eof"]
        kept = {version: self.folder / version for version in ("-tls1_2", "-tls1_3")}
        for version, file in kept.items():
            _, text = self.s_client(version, *common, "-sess_out", str(file), said=said)
            self.assertIn("\nNew, TLSv1", text)
        new = self.authority.issue("new", ["one.test"])
        self.one.certificate.write_text(new.certificate.read_text())
        self.one.key.write_text(new.key.read_text())
        self.gate.signal(signal.SIGHUP)
        self.gate.wait_line("info reloaded")
        for version, file in kept.items():
            _, text = self.s_client(version, *common, "-sess_in", str(file), said=said)
            self.assertIn("\nReused, TLSv1", text)
            self.assertIn("404", text)
        self.assertEqual(self.shown("one.test").split(), new.certificate.read_text().split())

    def test_the_subject_goes_up_and_is_never_forged(self):
        client = self.authority.issue("client", subject="/O=Test/CN=Ann, B\\, é",
                                      usage="clientAuth")
        forged = [("X-Client-Subject", "CN=Eve"), ("x_client_subject", "CN=Eve")]
        for pair, wanted in ((client, 1), (None, 0)):
            with self.gate.connect(context=self.context(pair), name="one.test") as connection:
                connection.request("GET", cases.CLIENT, fields=forged)
            seen = self.service.requests[-1].fields
            self.assertEqual(len(seen.all("X-Client-Subject")), wanted, seen)
            self.assertNotIn("Eve", str(seen))
            self.assertEqual(seen.one("X-Forwarded-Proto"), "https")

    def test_who_is_vouched_for_by_nobody_is_refused(self):
        other = certificates.Authority(self.folder, "other")
        for pair in (other.issue("stranger", usage="clientAuth"),
                     self.authority.issue("late", days=-1, usage="clientAuth"),
                     self.authority.issue("server", usage="serverAuth")):
            with self.assertRaises((ssl.SSLError, wire.NoReply, ConnectionError)):
                with self.gate.connect(context=self.context(pair), name="one.test") as connection:
                    connection.request("GET", "/none")
        self.gate.wait_line("tls handshake failed .*reason=certificate")

    def test_plain_http_is_closed_and_told(self):
        with wire.Connection(self.gate.client.partition(" ")[0]) as connection:
            connection.send(wire.request_bytes("GET", "/none"))
            self.assertIn(connection.end(), ("fin", "reset"))
        self.gate.wait_line("tls handshake failed .*reason=plain_http")

    def test_a_bad_reload_changes_nothing_and_a_good_one_only_the_new(self):
        old, new = self.one.certificate.read_text(), self.authority.issue("new", ["one.test"])
        with self.gate.connect(context=self.context(), name="one.test") as before:
            self.gate.expect_line("configuration complaint .*one.key is not the key of")
            self.gate.expect_line("reload refused")
            self.one.certificate.write_text(new.certificate.read_text())
            self.gate.signal(signal.SIGHUP)
            self.gate.wait_line("reload refused")
            self.assertEqual(self.shown("one.test").split(), old.split())
            self.one.key.write_text(new.key.read_text())
            self.gate.signal(signal.SIGHUP)
            self.gate.wait_line("info reloaded")
            self.assertEqual(self.shown("one.test").split(), new.certificate.read_text().split())
            self.assertEqual(before.request("GET", "/none").status, 404)


class Handshake(cases.Case):

    @edges.edge("timeouts.tls_handshake")
    def test_it_has_its_time_and_no_more(self):
        """A handshake that stalls is closed; one that is done in time serves on."""
        _, pair = certificates.usual()
        gate = self.gateway(self.upstream(), {
            "listen": ["127.0.0.1:0 tls"], "tls.certificates": [str(pair.certificate)],
            "tls.keys": [str(pair.key)], "timeouts.tls_handshake": f"{HANDSHAKE_S}s"})
        begun = time.monotonic()
        with wire.Connection(gate.client.partition(" ")[0]) as stalled, gate.connect() as done:
            stalled.send(b"\x16\x03\x01")
            self.assertEqual(stalled.end(), "fin")
            self.assertGreaterEqual(time.monotonic() - begun, HANDSHAKE_S - edges.GRAIN)
            gate.wait_line("tls handshake failed .*reason=timeout")
            self.assertEqual(done.request("GET", "/none").status, 404)


class Service(cases.Case):
    """A service that wants certificates, and what of the settings it takes to ask it."""

    def serve(self, context):
        """The port of a service that answers each request; its connections are counted."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        self.connections = 0

        def answer(sock):
            try:
                with context.wrap_socket(sock, server_side=True) as connection:
                    self.connections += 1
                    buffer = b""
                    while piece := connection.recv(65536):
                        buffer += piece
                        if buffer.endswith(b"\r\n\r\n"):
                            self.reply(connection, buffer)
                            buffer = b""
            except OSError:
                pass

        def accept():
            try:
                while True:
                    sock, _ = listening.accept()
                    threading.Thread(target=answer, args=(sock,), daemon=True).start()
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        return listening.getsockname()[1]

    @staticmethod
    def reply(connection, request):
        """One reply; asked to poison, with the beginning of another in its last record."""
        poison = b"poison" in request
        body = b"x" * (30000 if poison else 2)
        connection.sendall(wire.reply_bytes(body=body[:-1], framing="none", fields=[
            ("Content-Length", str(len(body))), ("Content-Type", "text/plain")]))
        connection.sendall(body[-1:] + (wire.reply_bytes(body=b"POISON") if poison else b""))

    def test_who_is_asked_and_how(self):
        authority = certificates.Authority(self.folder)
        server = authority.issue("service", ["service.test"])
        own = authority.issue("own", usage="clientAuth")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.certificate, server.key)
        context.load_verify_locations(authority.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        url = f"https://127.0.0.1:{self.serve(context)}"
        full = {"workers": 1, "upstream.tls.ca": str(authority.certificate),
                "upstream.tls.certificate": str(own.certificate),
                "upstream.tls.key": str(own.key), "upstream.tls.server_name": "service.test"}
        gate = self.gateway(url, full)
        self.assertEqual([gate.once("GET", cases.CLIENT).status for _ in range(5)], [200] * 5)
        self.assertEqual(self.connections, 1)
        self.assertEqual(len(gate.once("GET", cases.CLIENT + "?a=poison").body), 30000)
        self.assertEqual(gate.once("GET", cases.CLIENT).body, b"xx")
        for missing in ("upstream.tls.ca", "upstream.tls.server_name"):
            gate = self.gateway(url, {k: v for k, v in full.items() if k != missing})
            gate.expect_line("upstream tls failed .*reason=")
            reply = gate.once("GET", cases.CLIENT)
            self.assertEqual((reply.status, reply.json()["error"]["code"]),
                             (502, "UPSTREAM_UNREACHABLE"))

    def service_of(self, authority, name, asks=False):
        """The URL of a service that AUTHORITY vouches for as NAME; ASKS: for a certificate, too."""
        pair = authority.issue(name, [f"{name}.test"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        if asks:
            context.load_verify_locations(authority.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        return f"https://127.0.0.1:{self.serve(context)}"

    def test_each_service_has_tls_of_its_own(self):
        """What one does not say it has from `upstream`; what is wrong with it is nothing to others."""
        usual, strict = (certificates.Authority(self.folder, n) for n in ("one-ca", "two-ca"))
        own = strict.issue("own", usage="clientAuth")
        settings = {
            "upstream.tls.ca": str(usual.certificate), "upstream.tls.server_name": "first.test",
            "upstreams.same.url": self.service_of(usual, "same"),
            "upstreams.same.tls.server_name": "same.test",
            "upstreams.strict.url": self.service_of(strict, "strict", asks=True),
            "upstreams.strict.tls.server_name": "strict.test",
            "upstreams.strict.tls.ca": str(strict.certificate),
            "upstreams.strict.tls.certificate": str(own.certificate),
            "upstreams.strict.tls.key": str(own.key)}
        url = self.service_of(usual, "first")
        routes = "".join(f'  - {{client: "/{name}", upstream: "/", methods: [GET]{more}}}\n'
                         for name, more in (("first", ""), ("same", ", service: same"),
                                            ("strict", ", service: strict")))
        for missing, lost in ((None, []), ("upstreams.same.tls.server_name", ["same"]),
                              ("upstreams.strict.tls.ca", ["strict"])):
            gate = self.gateway(url, {k: v for k, v in settings.items() if k != missing},
                                "version: 1\nroutes:\n" + routes)
            if lost:
                gate.expect_line("upstream tls failed .*reason=")
            for name in ("first", "same", "strict"):
                with self.subTest(name, missing=missing):
                    self.assertEqual(gate.once("GET", f"/{name}").status,
                                     502 if name in lost else 200)
