"""Black holes: whoever says nothing is given up by the timer it was waited for with."""
import threading

import cases
import ground
import upstream
import wire

BODY = b'{"name":"n"}'


class Swallowed(ground.Case):
    def test_before_a_connection(self):
        service = self.service_at()
        gate = self.gate_before([service])
        before = self.rest(gate)
        count = len(service.requests)
        self.network.swallow("service")
        clients = [self.client(gate) for _ in range(6)]
        for number, client in enumerate(clients):
            client.request("POST" if number % 2 else "GET", cases.CLIENT,
                           BODY if number % 2 else None, reply=False)
        for number, client in enumerate(clients):
            self.assert_error(client.reply(), 502, "UPSTREAM_UNREACHABLE")
            client.close()
        self.network.clear()
        self.assertEqual(len(service.requests), count)
        self.assert_nothing_left(gate, before)

    def test_before_the_first_byte(self):
        """The service has the request, and its answer is lost."""
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while True:
                request = connection.request(seconds=3600)
                if request.target.endswith("/held"):
                    release.wait(wire.PATIENCE)
                connection.send(cases.OK)
        service = self.service_at(script=script)
        gate = self.gate_before([service])
        before = self.rest(gate)
        for method in ("GET", "POST"):
            with self.subTest(method):
                count = len(service.requests)
                client = self.client(gate)
                client.request(method, ground.UPLOAD + "/held", BODY if method == "POST" else None,
                               reply=False)
                service.wait_requests(count + 1)
                self.network.swallow("service")
                release.set()
                self.assert_error(client.reply(method), 504, "UPSTREAM_TIMEOUT")
                client.close()
                self.network.clear()
                release.clear()
                self.assertEqual(len(service.requests), count + 1)
        self.assert_nothing_left(gate, before)

    def test_on_a_kept_connection(self):
        service = self.service_at()
        gate = self.gate_before([service], {"workers": 1, "timeouts.upstream_idle": "60s"})
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.network.swallow("service")
        self.assert_error(gate.once("GET", cases.CLIENT), 504, "UPSTREAM_TIMEOUT")
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_UNREACHABLE")
        self.network.clear()
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

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
                self.network.swallow("service")
                client.read_body(reply)
                self.network.clear()
                client.close()
                self.assertEqual((reply.status, reply.end), (200, "truncated"))
        self.wait_sample(gate, 'dpgw_outcomes_total{outcome="UPSTREAM_SLOW"', 2)
        self.assert_nothing_left(gate, before)

    def test_within_an_upload(self):
        """The gateway takes what its buffers hold, waits for the service, and gives up."""
        service = self.service_at()
        gate = self.gate_before([service])
        before = self.rest(gate)
        count = len(service.requests)
        client = self.client(gate)

        def started():
            service.wait_requests(count + 1)
            self.network.swallow("service")
        self.assert_error(ground.upload(client, started), 504, "UPSTREAM_TIMEOUT")
        client.close()
        self.network.clear()
        self.assertEqual(len(service.requests), count + 1)
        self.assert_nothing_left(gate, before)


class Others(ground.Case):
    """Two services, and only the way to one is gone."""

    HOSTS = ("one", "two")
    SETTINGS = {"workers": 1, "upstream.ejection.failures": 2, "upstream.ejection.base": "500ms",
                "upstream.ejection.longest": "500ms"}

    def lose(self, name):
        self.network.swallow(name)

    def find(self, _):
        self.network.clear()

    def both(self, **settings):
        """(gateway, {host: its service}): each answers with its own name, and closes."""
        services = {name: self.service_at(name, upstream.always(wire.reply_bytes(
            200, b'{"by":"%s"}' % name.encode(), [("Connection", "close")])))
            for name in self.HOSTS}
        return self.gate_before(services.values(), {**self.SETTINGS, **settings}), services

    def asked(self, gate, method="GET", target=cases.CLIENT, body=None):
        """Who has answered."""
        reply = gate.once(method, target, body)
        self.assertEqual((reply.status, reply.end), (200, "clean"), reply)
        return reply.json()["by"]

    def test_the_other_takes_over_and_the_lost_one_is_ejected(self):
        """No request is lost, whatever its method: none was sent where no connection came about."""
        gate, services = self.both()
        before = self.rest(gate)
        self.assertEqual({self.asked(gate) for _ in range(4)}, {"one", "two"})
        self.lose("one")
        count = len(services["one"].requests)

        def ejected():
            self.assertEqual(self.asked(gate, "POST", cases.CLIENT, BODY), "two")
            self.assertEqual(self.asked(gate, "DELETE", cases.CLIENT + "/p"), "two")
            return any("endpoint ejected" in line for line in gate.lines)
        self.wait_for(ejected)
        line = next(line for line in gate.lines if "endpoint ejected" in line)
        self.assertIn(f"endpoint={services['one'].url} failures=2 for_ms=500", line)
        self.assertEqual(len(services["one"].requests), count)
        self.find("one")
        # Once its time is over it is asked again.
        self.wait_for(lambda: self.asked(gate) == "one")
        gate.wait_line("endpoint returned")
        self.assert_nothing_left(gate, before)

    def test_checks_find_it_before_requests_do(self):
        gate, services = self.both(**{
            "upstream.health.path": "/", "upstream.health.interval": "100ms",
            "upstream.health.timeout": "300ms", "upstream.health.unhealthy": 2,
            "upstream.health.healthy": 2})
        self.assertEqual({self.asked(gate) for _ in range(4)}, {"one", "two"})
        self.lose("one")
        gate.wait_line(rf"endpoint unhealthy .*endpoint={services['one'].url} ")
        self.assertEqual({self.asked(gate) for _ in range(8)}, {"two"})
        self.assertEqual(self.sample(gate, "dpgw_endpoint_failures_total"), 0)
        self.find("one")
        gate.wait_line(rf"endpoint healthy .*endpoint={services['one'].url} ")
        self.assertEqual({self.asked(gate) for _ in range(4)}, {"one", "two"})
