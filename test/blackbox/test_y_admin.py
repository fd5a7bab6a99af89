"""What operators ask: health, metrics, routes, settings; and who may ask."""
import contextlib
import json
import signal
import threading
import time

import cases
import scrape
import upstream
import wire

TOKEN = "a-token-of-some-length"


class Asked(cases.Case):
    """A gateway whose admin addresses can be asked."""

    def ask(self, gate, path, method="GET", fields=(), address=None):
        with wire.Connection(address or gate.admin) as connection:
            return connection.request(method, path, fields=fields)

    def until(self, gate, path, condition):
        """The reply at PATH once CONDITION holds for it: an exchange ends after its reply came."""
        deadline = wire.deadline_in()
        while not condition(reply := self.ask(gate, path)):
            self.assertGreater(deadline, time.monotonic(), reply)
        return reply

    def metrics(self, gate, **wanted):
        """The samples, once the sum of dpgw_requests_total is what is WANTED."""
        if wanted:
            self.until(gate, "/metrics", lambda reply: sum(
                value for name, value in scrape.samples(reply.body.decode()).items()
                if name.startswith("dpgw_requests_total")) == wanted["requests"])
        reply = self.ask(gate, "/metrics")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
        return scrape.samples(reply.body.decode())


class Pages(Asked):
    def test_pages(self):
        gate, _ = self.pair()
        for path in ("/healthz", "/readyz", "/metrics", "/routes", "/-/config", "/-/log-level"):
            with self.subTest(path=path):
                self.assertEqual(self.ask(gate, path).status, 200)
                head = self.ask(gate, path, "HEAD")
                self.assertEqual((head.status, head.body), (200, b""))
        missing = self.ask(gate, "/nothing")
        self.assertEqual(missing.status, 404)
        self.assertIn(b"/metrics", missing.body)
        wrong = self.ask(gate, "/metrics", "POST")
        self.assertEqual((wrong.status, wrong.field("Allow")), (405, "GET, HEAD"))
        self.assertEqual(self.ask(gate, "/-/reload").status, 405)

    def test_ready_tells_of_the_service(self):
        def once(connection):
            connection.request()
            if connection.number == 0:
                connection.send(cases.OK)

        gate, _ = self.pair(once)
        self.assertIn(b"service not asked yet", self.ask(gate, "/readyz").body)
        gate.once("GET", cases.CLIENT)
        self.until(gate, "/readyz", lambda reply: b"service answers" in reply.body)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 502)
        ready = self.until(gate, "/readyz", lambda r: b"service UPSTREAM_UNREACHABLE" in r.body)
        self.assertEqual(ready.status, 200)

    def test_routes_are_those_of_the_mapping(self):
        gate, _ = self.pair(mapping=(
            'version: 1\nroutes:\n  - {client: "/a/{x}", upstream: "/b/{x}", methods: [GET, {PUT: POST}]}\n'
            'passthrough: [{path: "/c/**"}]\n'))
        routes = self.ask(gate, "/routes").json()
        self.assertEqual([(r["client"], r["upstream"], r["passthrough"]) for r in routes],
                         [("/a/{x}", "/b/{x}", False), ("/c/**", "/c/**", True)])
        self.assertEqual(routes[0]["methods"]["PUT"], "POST")
        self.assertEqual((routes[0]["line"], routes[0]["file"].endswith("mapping.yaml")), (3, True))

    def test_settings_and_where_they_come_from(self):
        token = self.folder / "token"
        token.write_text(TOKEN + "\n")
        gate = self.gateway(self.upstream(), {"limits.json_depth": 77, "admin_token_file": "token"},
                            env={"DPGW_LIMITS__JSON_NUMBER": "2KiB"})
        reply = self.ask(gate, "/-/config")
        settings = reply.json()
        self.assertEqual((settings["limits.json_depth"]["value"],
                          settings["limits.json_depth"]["from"]), ("77", "file"))
        self.assertEqual(settings["limits.json_number"],
                         {"value": "2KiB", "from": "environment"})
        self.assertEqual(settings["limits.record"], {"value": "1MiB", "from": "default"})
        self.assertNotIn(TOKEN.encode(), reply.body)

    def test_log_level(self):
        gate, _ = self.pair()
        self.assertEqual(self.ask(gate, "/-/log-level").json(), {"level": "info"})
        self.assertEqual(self.ask(gate, "/-/log-level?level=warn", "POST").json(),
                         {"level": "warn"})
        gate.once("GET", "/quiet")
        self.metrics(gate, requests=1)     # it has ended
        self.assertEqual(self.ask(gate, "/-/log-level?level=info", "POST").json(),
                         {"level": "info"})
        gate.once("GET", "/loud")
        gate.wait_line(r"exchange .*NO_ROUTE")
        self.assertEqual(sum(" exchange " in line for line in gate.lines), 1)
        self.assertEqual(self.ask(gate, "/-/log-level?level=shout", "POST").status, 400)


class Counts(Asked):
    def test_requests_are_counted_by_route(self):
        gate, _ = self.pair(upstream.always(
            wire.reply_bytes(200, b'{"workspaceId":1,"a":{"workspaceId":2}}')))
        gate.once("GET", cases.CLIENT)
        gate.once("POST", cases.CLIENT, b'{"dataProductId":1}', [("Content-Type", "application/json")])
        gate.once("POST", cases.CLIENT, b'{"dataProductId":', [("Content-Type", "application/json")])
        gate.once("GET", "/secret-path?secret=1")
        got = self.metrics(gate, requests=4)
        route = "/api/v1/accounts/{accountId}/data-products"
        for line, count in {
                f'dpgw_requests_total{{route="{route}",method="GET",status="200"}}': 1,
                f'dpgw_requests_total{{route="{route}",method="POST",status="200"}}': 1,
                f'dpgw_requests_total{{route="{route}",method="POST",status="400"}}': 1,
                'dpgw_requests_total{route="none",method="GET",status="404"}': 1,
                'dpgw_outcomes_total{outcome="INVALID_JSON"}': 1,
                'dpgw_invalid_documents_total{direction="request"}': 1,
                'dpgw_renames_total{name="dataProductId",at="",direction="response"}': 4,
                'dpgw_renames_total{name="dataProductId",at="",direction="request"}': 2,
                f'dpgw_request_duration_seconds_count{{route="{route}"}}': 3,
                f'dpgw_upstream_duration_seconds_count{{route="{route}"}}': 2,
                "dpgw_exchanges": 0, "dpgw_event_streams": 0}.items():
            self.assertEqual(got.get(line), count, line)
        self.assertNotIn("secret", json.dumps(got))
        sent = sum(v for k, v in got.items() if k.startswith("dpgw_upstream_requests_total"))
        self.assertEqual(sent, 2)
        self.assertGreater(got["process_resident_memory_bytes"], 1 << 20)

    def test_what_is_open(self):
        def stream(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, _ = self.pair(stream)
        with gate.connect() as idle, gate.connect() as busy:
            self.assertEqual(idle.request("GET", "/nothing").status, 404)
            busy.send(wire.request_bytes("GET", cases.CLIENT))
            busy.see(b"data: 1")
            got = self.metrics(gate, requests=1)
            self.assertEqual([got[f"dpgw_{name}"] for name in
                              ("connections", "exchanges", "event_streams")], [2, 1, 1])


class Guarded(Asked):
    """An address that other machines reach takes GET alone, and /-/ only with the token."""

    def addresses(self, gate):
        return [line.split("address=")[1].split()[0] for line in gate.lines if "role=admin" in line]

    def test_other_machines(self):
        for token in (None, TOKEN):
            with self.subTest(token=token):
                settings = {"admin": ["127.0.0.1:0", "0.0.0.0:0"]}
                if token:
                    (self.folder / "token").write_text(token)
                    settings["admin_token_file"] = "token"
                gate = self.gateway(self.upstream(), settings)
                gate.wait_line(r" ready ")
                local, other = self.addresses(gate)
                other = other.replace("0.0.0.0", "127.0.0.1")
                self.assertEqual(self.ask(gate, "/metrics", address=other).status, 200)
                self.assertEqual(self.ask(gate, "/-/reload", "POST", address=local).status, 200)
                for path, method in (("/-/reload", "POST"), ("/-/config", "GET"),
                                     ("/metrics", "DELETE"), ("/-/nothing", "GET")):
                    refused = self.ask(gate, path, method, address=other)
                    self.assertEqual(refused.status, 401 if token else 403, path)
                    wrong = self.ask(gate, path, method, [("Authorization", "Bearer wrong")], other)
                    self.assertEqual(wrong.status, 401 if token else 403, path)
                right = [("Authorization", f"Bearer {TOKEN}")]
                got = self.ask(gate, "/-/reload", "POST", right, other)
                self.assertEqual(got.status, 200 if token else 403)
                self.assertNotIn(TOKEN, "\n".join(gate.lines))

    def test_the_token_may_change_with_a_reload(self):
        file = self.folder / "token"
        file.write_text(TOKEN)
        gate = self.gateway(self.upstream(), {"admin": "0.0.0.0:0", "admin_token_file": "token"})
        gate.tolerate("reload refused|configuration complaint")
        address = gate.admin.replace("0.0.0.0", "127.0.0.1")

        def reload(token):
            return self.ask(gate, "/-/reload", "POST", [("Authorization", f"Bearer {token}")],
                            address).status
        file.write_text("another-token-of-some-length")
        self.assertEqual(reload("another-token-of-some-length"), 401)
        self.assertEqual(reload(TOKEN), 200)
        self.assertEqual(reload(TOKEN), 401)
        self.assertEqual(reload("another-token-of-some-length"), 200)
        file.write_text("weak")
        self.assertEqual(reload("another-token-of-some-length"), 422)
        self.assertEqual(reload("weak"), 401)

    def test_a_unix_socket_is_local(self):
        gate = self.gateway(self.upstream(), {"admin": f"unix:{self.folder}/admin"})
        self.assertEqual(self.ask(gate, "/-/reload", "POST", address=gate.admin).status, 200)


class Busy(Asked):
    """Whoever asks slowly, or much, holds up neither other askers nor clients."""

    ROUTES = 500
    SLOW = 300   # more than are welcome and more than wait for a last answer (server/guests.h)
    BOUND = 5.0  # seconds for each bystander's request

    def in_time(self, ask, status=200):
        begun = time.monotonic()
        self.assertEqual(ask().status, status)
        self.assertLess(time.monotonic() - begun, self.BOUND)

    def test_slow_askers(self):
        gate, _ = self.pair()
        with contextlib.ExitStack() as held:
            for number in range(self.SLOW):
                slow = held.enter_context(wire.Connection(gate.admin, source="127.0.0.2"))
                slow.send((b"GET /metr", b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: ",
                           wire.request_bytes("GET", "/metrics"), b"")[number % 4])
            for _ in range(5):
                for path in ("/healthz", "/readyz", "/metrics"):
                    self.in_time(lambda path=path: self.ask(gate, path))
                self.in_time(lambda: gate.once("GET", cases.CLIENT))

    def test_many_routes(self):
        """A page of many routes, read without a pause, and clients beside it."""
        routes = "".join(f'  - {{client: "/r{n}/{{x}}", upstream: "/s{n}/{{x}}", methods: [GET]}}\n'
                         for n in range(self.ROUTES))
        gate, _ = self.pair(mapping=f"version: 1\nroutes:\n{routes}")
        over, pages = threading.Event(), []

        def read_on():
            with wire.Connection(gate.admin) as connection:
                while not over.is_set():
                    pages.append(connection.request("GET", "/metrics"))

        with gate.connect() as client:
            for number in range(self.ROUTES):
                self.assertEqual(client.request("GET", f"/r{number}/1").status, 200)
            reader = threading.Thread(target=read_on)
            reader.start()
            try:
                for number in range(self.ROUTES):
                    self.in_time(lambda n=number: client.request("GET", f"/r{n}/1"))
            finally:
                over.set()
                reader.join(wire.PATIENCE)
        self.assertGreater(len(pages), 0)
        self.assertEqual({page.status for page in pages}, {200})
        got = self.metrics(gate, requests=2 * self.ROUTES)
        self.assertEqual(sum(name.startswith("dpgw_request_duration_seconds_count{")
                             for name in got), self.ROUTES)

    def test_draining(self):
        """A gateway that drains is alive, not ready, and says so on its page."""
        def stream(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, _ = self.pair(stream)
        with gate.connect() as client:
            client.send(wire.request_bytes("GET", cases.CLIENT))
            client.see(b"data: 1")
            gate.signal(signal.SIGTERM)
            gate.wait_line(r" draining ")
            ready = self.until(gate, "/readyz", lambda reply: reply.status == 503)
            self.assertIn(b"draining", ready.body)
            self.assertEqual(self.ask(gate, "/healthz").status, 200)
            self.assertEqual(self.metrics(gate)["dpgw_draining"], 1)
