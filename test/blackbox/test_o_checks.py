"""Endpoints are asked how they are, and a service is spared what it can't take."""
import threading

import cases
import program
import scrape
import upstream
import wire
from edges import edge
from test_y_admin import Asked

OUT = r"endpoint ejected|outcome=UPSTREAM"
# Keeps no connection that would draw the next request.
COLD_OK = wire.reply_bytes(200, b'{"ok":true}', [("Connection", "close")])
COLD = upstream.always(COLD_OK)


class Breaker(Asked):
    """A service that has as many requests as it may have gets no more of them."""

    def held(self, settings):
        """(gateway, service) whose replies wait for self.release."""
        self.release = threading.Event()
        self.addCleanup(self.release.set)

        def script(connection):
            while True:
                connection.request(seconds=3600)
                self.release.wait(wire.PATIENCE)
                connection.send(cases.OK)
        return self.pair(script, settings)

    def count(self, gate, name):
        found = scrape.samples(self.ask(gate, "/metrics").body.decode())
        return found[name + '{upstream="upstream"}']

    @edge("upstream.max_connections")
    def test_one_more_than_max_connections_is_503_at_once(self):
        gate, service = self.held({"upstream.max_connections": 3})
        clients = [gate.connect() for _ in range(3)]
        for client in clients:
            self.addCleanup(client.close)
            client.request("GET", cases.CLIENT, reply=False)
        service.wait_requests(3)
        reply = gate.once("GET", cases.CLIENT)
        self.assert_error(reply, 503, "OVERLOADED")
        self.assertEqual(reply.field("Retry-After"), "1")
        self.assertEqual(self.count(gate, "dpgw_upstream_connections"), 3)
        self.release.set()
        for client in clients:
            self.assertEqual(client.reply("GET").status, 200)
        self.wait_for(lambda: self.count(gate, "dpgw_upstream_connections") == 0)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertEqual(self.count(gate, "dpgw_upstream_refused_total"), 1)

    @edge("upstream.max_pending")
    def test_one_more_than_max_pending_is_503_at_once(self):
        full = upstream.FullQueue()
        self.addCleanup(full.close)
        gate = self.gateway(full, {"upstream.max_pending": 2, "timeouts.upstream_connect": "20s"})
        gate.tolerate(OUT)
        clients = [gate.connect() for _ in range(2)]
        for client in clients:
            client.request("GET", cases.CLIENT, reply=False)
        self.wait_for(lambda: self.count(gate, "dpgw_upstream_pending") == 2)
        self.assert_error(gate.once("GET", cases.CLIENT), 503, "OVERLOADED")
        for client in clients:
            client.close()
        self.wait_for(lambda: self.count(gate, "dpgw_upstream_pending") == 0)

    def test_a_connection_that_is_made_is_not_pending(self):
        gate, service = self.held({"upstream.max_pending": 1})
        clients = [gate.connect() for _ in range(4)]
        for number, client in enumerate(clients, 1):
            self.addCleanup(client.close)
            client.request("GET", cases.CLIENT, reply=False)
            service.wait_requests(number)
        self.release.set()
        for client in clients:
            self.assertEqual(client.reply("GET").status, 200)


class Checks(Asked):
    """Endpoints are asked how they are, whether requests come or not."""

    SETTINGS = {"workers": 1, "upstream.health.path": "/health?deep=1",
                "upstream.health.interval": "20ms", "upstream.health.healthy": 2,
                "upstream.health.unhealthy": 3}

    def two(self, first, settings=None):
        """(gateway, services); FIRST(number of checks before) is the first one's status."""
        checks = []

        def choose(request):
            if request.target != "/health?deep=1":
                return COLD_OK
            checks.append(request)
            return wire.reply_bytes(first(len(checks) - 1), b"{}", [("Connection", "close")])
        services = [self.upstream(upstream.always(choose)), self.upstream(COLD)]
        gate = self.gateway([s.url for s in services], {**self.SETTINGS, **(settings or {})})
        gate.tolerate("endpoint (un)?healthy|outcome=UPSTREAM")
        return gate, services

    def served(self, service):
        return [r for r in service.requests if not r.target.startswith("/health")]

    def test_one_whose_checks_fail_gets_no_requests_until_they_pass(self):
        state = {"status": 200}
        gate, services = self.two(lambda _: state["status"])
        self.wait_for(lambda: len(services[0].requests) > 5)
        self.assertFalse(any("unhealthy" in line for line in gate.lines))
        request = services[0].requests[0]
        self.assertEqual((request.method, request.field("Host")),
                         ("GET", services[0].url.removeprefix("http://")))
        state["status"] = 503
        line = gate.wait_line("endpoint unhealthy .*").group(0)
        self.assertIn(f"upstream=upstream endpoint={services[0].url} ", line)
        before = len(self.served(services[0]))
        for _ in range(8):
            self.assertEqual(gate.once("POST", cases.CLIENT, b"{}").status, 200)
        self.assertEqual(len(self.served(services[0])), before)
        found = scrape.samples(self.ask(gate, "/metrics").body.decode())
        label = f'{{upstream="upstream",endpoint="{services[0].url}"}}'
        self.assertEqual((found["dpgw_endpoint_up" + label], found["dpgw_endpoint_healthy" + label]),
                         (0, 0))
        self.assertGreaterEqual(found["dpgw_endpoint_checks_failed_total" + label], 3)
        state["status"] = 399
        gate.wait_line("endpoint healthy ")
        for _ in range(4):
            gate.once("GET", cases.CLIENT)
        self.assertGreater(len(self.served(services[0])), before)

    @edge("upstream.health.unhealthy", "upstream.health.healthy")
    def test_as_many_in_a_row_as_are_asked_for(self):
        """Two failures change nothing, three do; one pass changes nothing, two do."""
        story = [200, 500, 500, 200, 500, 404, 500, 200, 500, 200, 200]
        gate, services = self.two(lambda n: story[n] if n < len(story) else 200)
        gate.wait_line("endpoint healthy ")
        lines = [line for line in gate.lines if "endpoint un" in line or "endpoint h" in line]
        self.assertEqual(len(lines), 2)
        found = scrape.samples(self.ask(gate, "/metrics").body.decode())
        label = f'{{upstream="upstream",endpoint="{services[0].url}"}}'
        self.assertEqual(found["dpgw_endpoint_checks_failed_total" + label], 6)
        self.assertGreaterEqual(found["dpgw_endpoint_checks_passed_total" + label], 5)

    def test_no_answer_in_time_and_no_connection_are_failures(self):
        def script(connection):
            connection.request()
            connection.wait_for_end()
        nobody = upstream.NoListener()
        self.addCleanup(nobody.close)
        slow, good = self.upstream(script), self.upstream(COLD)
        gate = self.gateway([slow.url, nobody.url, good.url],
                            {**self.SETTINGS, "upstream.health.timeout": "50ms"})
        gate.tolerate("endpoint unhealthy")
        gate.wait_line(f'unhealthy .*{slow.url} reason="no answer in time"')
        gate.wait_line(f'unhealthy .*{nobody.url} reason="no connection"')
        for _ in range(6):
            self.assertEqual(gate.once("POST", cases.CLIENT, b"{}").status, 200)

    def test_where_all_are_unhealthy_all_are_asked(self):
        gate, services = self.two(lambda _: 500)
        services[1].script = upstream.always(
            lambda r: wire.reply_bytes(500, b"{}", [("Connection", "close")])
            if r.target.startswith("/health") else COLD_OK)
        for service in services:
            gate.wait_line(f"endpoint unhealthy .*{service.url} ")
        for _ in range(6):
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertTrue(self.served(services[0]) and self.served(services[1]))

    def test_a_reload_switches_them_off(self):
        gate, services = self.two(lambda _: 500)
        gate.wait_line("endpoint unhealthy ")
        text = gate.config.read_text()
        gate.config.write_text(text.replace('"/health?deep=1"', "none"))
        self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
        for _ in range(4):
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertGreater(len(self.served(services[0])), 0)

    def test_a_path_that_is_none_is_refused(self):
        for path in ("health", "/a b", "/a\tb"):
            with self.subTest(path):
                status, _, error = program.run(
                    "check", "-c", "config/gateway.yaml", "--set", f"upstream.health.path={path}")
                self.assertEqual(status, 1)
                self.assertIn("upstream.health.path is none or begins with /", error)
