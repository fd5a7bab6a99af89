"""A cut cable to the service, or the gateway's own, while requests of every kind are under way."""
import collections
import threading

import cases
import ground
import test_d_black_hole
import wire

EACH = 2
# What a client gets of each kind of exchange; 200 was there before the cut.
ENDS = {"held": (504, "clean"), "length": (200, "truncated"), "chunked": (200, "truncated"),
        "chat": (200, "truncated"), "upload": (504, "clean")}
HALF = b"h" * 300_000


class Cut(ground.Case):
    def begin(self, gate, service, kind, ends):
        """Begins an exchange of KIND and returns once it is under way; its end goes to ENDS."""
        client, seen, heard = self.client(gate), len(service.requests), threading.Event()

        def live():
            if kind == "upload":
                reply = ground.upload(client)
            else:
                client.request("GET", f"{ground.UPLOAD}/{kind}", reply=False)
                reply = client.head()
                heard.set()
                client.read_body(reply, sink=len)
            ends[kind, reply.status, reply.end] += 1
            client.close()
        thread = threading.Thread(target=live)
        thread.start()
        self.addCleanup(thread.join, wire.PATIENCE)
        service.wait_requests(seen + 1)
        if ENDS[kind][0] == 200:
            self.assertTrue(heard.wait(wire.PATIENCE))
        return thread

    def cut(self, host):
        service = self.service_at(script=ground.pouring)
        gate = self.gate_before([service])
        before = self.rest(gate)
        ends = collections.Counter()
        living = [self.begin(gate, service, kind, ends) for kind in list(ENDS) * EACH]
        self.assertEqual(self.samples(gate)["dpgw_exchanges"], len(living))
        self.assertEqual(self.sample(gate, "dpgw_upstream_connections"), len(living))
        count = len(service.requests)
        self.network.cut(host)
        for one in living:
            one.join(wire.PATIENCE)
        self.assertEqual(ends, {(kind, *end): EACH for kind, end in ENDS.items()})
        self.assert_error(gate.once("POST", cases.CLIENT, b"{}"), 502, "UPSTREAM_UNREACHABLE")
        self.wait_for(lambda: not self.under_way(gate))
        self.network.mend(host)
        self.assertEqual(len(service.requests), count)
        self.assert_nothing_left(gate, before)      # and the very next requests are served

    def test_the_services(self):
        self.cut("service")

    def test_the_gateways_own(self):
        self.cut("gate")

    def test_that_is_mended_in_time_costs_no_byte(self):
        """The other half is sent while the cable is out, both ways."""
        go = threading.Event()
        self.addCleanup(go.set)

        def script(connection):
            while True:
                request = connection.request(seconds=3600)
                if request.method == "POST":
                    self.assertEqual(request.body, HALF * 2)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n" + HALF)
                go.wait(wire.PATIENCE)
                connection.send(HALF)
        service = self.service_at(script=script)
        gate = self.gate_before([service], {f"timeouts.{name}": "60s" for name in ground.TIMERS})
        reading, sending = self.client(gate), self.client(gate)
        reading.request("GET", ground.UPLOAD, reply=False)
        reply = reading.head()
        sending.send(wire.request_bytes("POST", ground.UPLOAD, None, [
            *ground.RAW, ("Content-Length", "600000")]) + HALF)
        service.wait_requests(2)
        self.network.cut("service")
        go.set()
        sending.send(HALF)
        self.assertTrue(sending.quiet())
        self.network.mend("service")
        reading.read_body(reply)
        self.assertEqual((reply.end, reply.body), ("clean", HALF * 2))
        reply = sending.reply("POST")
        self.assertEqual((reply.status, reply.end, reply.body), (200, "clean", HALF * 2))
        self.assertEqual([r.method for r in service.requests], ["GET", "POST"])

    def test_checks_tell_when_it_is_mended(self):
        """As soon as so many checks in a row have passed as it takes, and those under way ended."""
        service = self.service_at()
        gate = self.gate_before([service], {
            "upstream.health.path": "/", "upstream.health.interval": "100ms",
            "upstream.health.timeout": "400ms", "upstream.health.unhealthy": 2,
            "upstream.health.healthy": 2})
        self.network.cut("service")
        gate.wait_line("endpoint unhealthy")
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual(self.sample(gate, "dpgw_endpoint_up"), 0)
        self.network.mend("service")
        failed = self.sample(gate, "dpgw_endpoint_checks_failed_total")
        gate.wait_line("endpoint healthy")
        more = self.sample(gate, "dpgw_endpoint_checks_failed_total") - failed
        self.assertLessEqual(more, 1)
        self.assertEqual(self.sample(gate, "dpgw_endpoint_up"), 1)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)


class Others(test_d_black_hole.Others):
    """Two services, and the cable of one is out."""

    def lose(self, name):
        self.network.cut(name)

    def find(self, name):
        self.network.mend(name)
