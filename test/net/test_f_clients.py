"""Clients behind a cut cable: timers end what they left, and nothing of it stays."""
import cases
import ground
import wire


class Clients(ground.Case):
    HOSTS = ("service", "clients")

    def remote(self, gate):
        """A connection from the host of the clients."""
        port = gate.client.rpartition(":")[2]
        with self.network.inside("clients"):
            made = wire.Connection(f"{self.network.addresses['gate']}:{port}")
        self.addCleanup(made.close)
        return made

    def test_all_that_is_theirs_ends(self):
        """Idle ones, half a head, half a body, and replies and events that nobody reads."""
        service = self.service_at(script=ground.pouring)
        gate = self.gate_before([service], {"listen": "0.0.0.0:0"})
        before = self.rest(gate)
        idle, head, body, length, chunked, chat = (self.remote(gate) for _ in range(6))
        self.assertEqual(idle.request("GET", cases.CLIENT).status, 200)
        head.send(b"GET / HTTP/1.1\r\nHost:")
        body.send(wire.request_bytes("POST", ground.UPLOAD, None, [
            *ground.RAW, ("Content-Length", "1000000")]) + ground.PIECE)
        for kind, client in (("length", length), ("chunked", chunked), ("chat", chat)):
            client.request("GET", f"{ground.UPLOAD}/{kind}", reply=False)
            self.assertEqual(client.head().status, 200)
        self.network.cut("clients")
        self.assertGreater(len(self.under_way(gate)), 2)
        self.wait_for(lambda: not self.under_way(gate))
        self.network.mend("clients")
        self.assert_nothing_left(gate, before)
        self.assertEqual(self.remote(gate).request("GET", cases.CLIENT).status, 200)
        outcomes = {name.partition('"')[2].rstrip('"}'): value
                    for name, value in self.samples(gate).items()
                    if name.startswith("dpgw_outcomes_total") and value}
        self.assertLessEqual({"OK", "REQUEST_SLOW", "CLIENT_GONE"}, set(outcomes), outcomes)
