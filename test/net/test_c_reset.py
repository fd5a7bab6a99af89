"""Resets on the way: an error before the reply's head, a cut reply after it, no POST sent twice."""
import cases
import ground
import wire

BODY = b'{"name":"n"}'


class Reset(ground.Case):
    def test_new_connections(self):
        """Nothing reaches the service; the next request after that does."""
        service = self.service_at()
        gate = self.gate_before([service])
        before = self.rest(gate)
        count = len(service.requests)
        self.network.reset("service", "tcp flags & (syn | ack) == syn")
        for method in ("GET", "POST", "PATCH", "DELETE"):
            target = cases.CLIENT + ("" if method == "POST" else "/p")
            reply = gate.once(method, target, None if method == "GET" else BODY)
            self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual(len(service.requests), count)
        self.network.clear()
        self.assert_nothing_left(gate, before)

    def kept(self):
        """(gateway of one worker, service, only the connection kept between them may be reset)"""
        service = self.service_at()
        gate = self.gate_before([service], {"workers": 1, "timeouts.upstream_idle": "60s"})
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        _, port = service.connections[0].sock.getpeername()
        self.network.reset("service", f"tcp sport {port}")
        return gate, service

    def test_a_kept_connection_under_an_idempotent_request(self):
        """It is sent once more, on a connection of its own."""
        gate, service = self.kept()
        reply = gate.once("DELETE", cases.CLIENT + "/p")
        self.assertEqual((reply.status, reply.body), (200, b'{"ok":true}'))
        self.assertEqual([r.method for r in service.requests], ["GET", "DELETE"])
        self.wait_sample(gate, "dpgw_upstream_retries_total", 1)

    def test_a_kept_connection_under_a_post(self):
        gate, service = self.kept()
        self.assert_error(gate.once("POST", cases.CLIENT, BODY), 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual([r.method for r in service.requests], ["GET"])
        self.assertEqual(gate.once("POST", cases.CLIENT, BODY).status, 200)
        self.assertEqual([r.method for r in service.requests], ["GET", "POST"])

    def test_within_a_reply(self):
        service = self.service_at(script=ground.pouring)
        gate = self.gate_before([service])
        before = self.rest(gate)
        for framing in ground.HEADS:
            with self.subTest(framing):
                client = self.client(gate)
                client.request("GET", f"{ground.UPLOAD}/{framing}", reply=False)
                reply = client.head()
                client.see(ground.PIECE)
                self.network.reset("service")
                client.read_body(reply)
                self.network.clear()
                client.close()
                self.assertEqual((reply.status, reply.end), (200, "truncated"))
        self.wait_sample(gate, 'dpgw_outcomes_total{outcome="UPSTREAM_INVALID"', 2)
        self.assert_nothing_left(gate, before)

    def test_within_an_upload(self):
        """Held up by nobody: the error comes while the client still sends."""
        service = self.service_at()
        gate = self.gate_before([service])
        before = self.rest(gate)
        for method in ("POST", "PATCH", "DELETE"):
            with self.subTest(method):
                count = len(service.requests)
                client = self.client(gate)
                client.send(wire.request_bytes(method, ground.UPLOAD, None, [
                    *ground.RAW, ("Content-Length", "1000000")]))
                client.send(ground.PIECE * 20)
                service.wait_requests(count + 1)
                self.network.reset("service")
                client.send(ground.PIECE * 20)
                self.assert_error(client.reply(method), 502, "UPSTREAM_UNREACHABLE")
                client.close()
                self.network.clear()
                self.assertEqual(len(service.requests), count + 1)
        self.assert_nothing_left(gate, before)
