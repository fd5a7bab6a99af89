"""Several services: which of them a route goes to, and what each has for itself."""
import threading

import cases
import program
import scrape
import upstream
import wire
from test_y_admin import Asked

MAPPING = """version: 1
routes:
  - client: "/c/{x}"
    upstream: "/s/{x}"
    methods: [GET, PUT, POST]
    service: other
    resources:
      deep: [GET]
      back: {methods: [GET], service: upstream}
  - {client: "/plain/{x}", upstream: "/p/{x}", methods: [GET, POST]}
passthrough:
  - {path: "/raw/**", service: other}
  - {path: "/own/**"}
"""
OUT = r"endpoint ejected|outcome=UPSTREAM"


def named(name):
    """A service that answers with its own NAME and a link to itself."""
    def reply(request):
        return wire.reply_bytes(201, b'{"by":"%s"}' % name.encode(), [
            ("Connection", "close"), ("Content-Type", "application/json"),
            ("Location", f"http://{request.field('Host')}/s/7")])
    return upstream.always(reply)


class Two(Asked):
    """A gateway before two services, `upstream` and `other`."""

    def two(self, settings=None, first=named("first"), second=named("second")):
        self.first, self.second = self.upstream(first), self.upstream(second)
        return self.gateway(self.first, {"upstreams.other.url": self.second.url, "workers": 1,
                                         **(settings or {})}, MAPPING)

    def by(self, gate, path):
        """Who answers at PATH."""
        return gate.once("GET", path).json()["by"]

    def metrics(self, gate):
        return scrape.samples(self.ask(gate, "/metrics").body.decode())


class Routes(Two):
    def test_each_goes_where_its_service_is(self):
        gate = self.two()
        for path, name, target in (
                ("/c/1", "second", "/s/1"), ("/c/1/deep", "second", "/s/1/deep"),
                ("/c/1/back", "first", "/s/1/back"), ("/plain/1", "first", "/p/1"),
                ("/raw/a/b", "second", "/raw/a/b"), ("/own/a", "first", "/own/a")):
            with self.subTest(path):
                asked = {"first": self.first, "second": self.second}[name]
                before = len(asked.requests)
                self.assertEqual(self.by(gate, path), name)
                self.assertEqual(len(asked.requests), before + 1)
                self.assertEqual(asked.requests[-1].target, target)
                self.assertEqual(f"http://{asked.requests[-1].field('Host')}", asked.url)
        self.assertEqual((len(self.first.requests), len(self.second.requests)), (3, 3))

    def test_only_urls_of_the_service_asked_are_rewritten(self):
        gate = self.two()
        self.assertEqual(gate.once("GET", "/c/1").field("Location"), "http://gateway.test/c/7")
        self.assertEqual(gate.once("GET", "/c/1/back").field("Location"), "http://gateway.test/c/7")
        other = self.second.url

        def foreign(_):
            return wire.reply_bytes(201, b"{}", [("Connection", "close"),
                                                 ("Location", f"{other}/s/7")])
        third = self.upstream(upstream.always(foreign))
        again = self.gateway(third, {"upstreams.other.url": other}, MAPPING)
        self.assertEqual(again.once("GET", "/plain/1").field("Location"), f"{other}/s/7")

    def test_the_host_of_a_client_is_a_setting_of_one_of_them(self):
        gate = self.two({"upstreams.other.host": "client"})
        self.by(gate, "/c/1")
        self.by(gate, "/plain/1")
        self.assertEqual(self.second.requests[-1].field("Host"), "gateway.test")
        self.assertEqual(f"http://{self.first.requests[-1].field('Host')}", self.first.url)


class Keys(Two):
    """Where a service's settings come from: the file, then the environment, then --set."""

    def test_the_environment_reaches_a_service_that_the_file_names(self):
        self.first, self.second = self.upstream(named("first")), self.upstream(named("second"))
        gate = self.gateway(self.first, {"upstreams.other.url": self.second.url}, MAPPING,
                            env={"DPGW_UPSTREAMS__OTHER__HOST": "client"})
        self.assertEqual((self.by(gate, "/c/1"), self.by(gate, "/plain/1")), ("second", "first"))
        self.assertEqual(self.second.requests[-1].field("Host"), "gateway.test")
        self.assertEqual(f"http://{self.first.requests[-1].field('Host')}", self.first.url)

    def checked(self, *options, env=None):
        """What `dpgw check` makes of a file with two services: (status, settings, complaints)."""
        (self.folder / "mapping.yaml").write_text(MAPPING)
        file = self.folder / "gateway.yaml"
        file.write_text("version: 1\nmapping: mapping.yaml\nupstream: {url: \"http://a.test\"}\n"
                        "upstreams: {other: {url: \"http://b.test\", refresh: 11s}}\n")
        status, out, error = program.run("check", "--print", "-c", str(file), *options, env=env)
        rows = (line.split() for line in out.splitlines())
        return status, {row[0]: tuple(row[1:3]) for row in rows}, error

    def test_each_layer_is_over_the_one_before(self):
        key, mine = "upstreams.other.refresh", "DPGW_UPSTREAMS__OTHER__REFRESH"
        file = f"{self.folder / 'gateway.yaml'}:4"
        for options, env, wanted in (
                ([], {}, ("11s", file)),
                ([], {"DPGW_UPSTREAM__REFRESH": "12s"}, ("11s", file)),
                ([], {mine: "13s"}, ("13s", f"${mine}")),
                (["--set", f"{key}=14s"], {mine: "13s"}, ("14s", "--set"))):
            status, found, error = self.checked(*options, env=env)
            self.assertEqual((status, error, found[key]), (0, "", wanted))
        self.assertEqual(found["upstream.refresh"], ("30s", "default"))

    def test_what_is_wrong_with_one_is_told_by_its_name(self):
        for options, env, status, words in (
                (["--set", "upstreams.other.refresh=1"], {}, 1,
                 '--set: error: upstreams.other.refresh can\'t be "1": it needs a unit'),
                (["--set", "upstreams.othr.refresh=1s"], {}, 1,
                 "--set: error: upstreams.othr.refresh is no setting"),
                ([], {"DPGW_UPSTREAMS__OTHER__REFRESH": "1"}, 1,
                 'DPGW_UPSTREAMS__OTHER__REFRESH: error: upstreams.other.refresh can\'t be "1"'),
                ([], {"DPGW_UPSTREAMS__OTHR__REFRESH": "1s"}, 0,
                 "warning: DPGW_UPSTREAMS__OTHR__REFRESH is no setting")):
            got, _, error = self.checked(*options, env=env)
            self.assertEqual(got, status, error)
            self.assertIn(words, error)


class Apart(Two):
    """What befalls one service is nothing to another."""

    def test_a_request_is_sent_again_within_its_service(self):
        dead = [upstream.NoListener() for _ in range(2)]
        for one in dead:
            self.addCleanup(one.close)
        gate = self.two({"upstreams.other.url": [d.url for d in dead],
                         "upstreams.other.ejection.failures": 2})
        gate.tolerate(OUT)
        for _ in range(4):
            self.assert_error(gate.once("GET", "/c/1"), 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual(self.first.requests, [])
        self.assertEqual(self.by(gate, "/plain/1"), "first")
        found = self.metrics(gate)
        up = {key: value for key, value in found.items() if key.startswith("dpgw_endpoint_up{")}
        self.assertEqual(len(up), 3)
        mine = f'dpgw_endpoint_up{{upstream="upstream",endpoint="{self.first.url}"}}'
        self.assertEqual(up[mine], 1)
        self.assertLess(sum(up.values()), 3)

    def test_a_breaker_is_one_services(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def held(connection):
            while True:
                connection.request(seconds=3600)
                release.wait(wire.PATIENCE)
                connection.send(cases.OK)
        gate = self.two({"upstreams.other.max_connections": 1}, second=held)
        with gate.connect() as client:
            client.request("GET", "/c/1", reply=False)
            self.second.wait_requests(1)
            self.assert_error(gate.once("GET", "/c/1"), 503, "OVERLOADED")
            self.assertEqual(self.by(gate, "/plain/1"), "first")
            found = self.metrics(gate)
            self.assertEqual(found['dpgw_upstream_refused_total{upstream="other"}'], 1)
            self.assertEqual(found['dpgw_upstream_refused_total{upstream="upstream"}'], 0)
            self.assertEqual(found['dpgw_upstream_connections{upstream="other"}'], 1)
            release.set()
            self.assertEqual(client.reply("GET").status, 200)

    def test_checks_are_one_services_and_ready_does_not_depend_on_them(self):
        sick = upstream.always(wire.reply_bytes(500, b"", [("Connection", "close")]))
        gate = self.two({"upstreams.other.health.path": "/how", "upstreams.other.health.unhealthy": 1,
                         "upstreams.other.health.interval": "20ms"}, second=sick)
        gate.tolerate("endpoint unhealthy")
        endpoint = f'{{upstream="other",endpoint="{self.second.url}"}}'
        self.wait_for(lambda: self.metrics(gate)["dpgw_endpoint_healthy" + endpoint] == 0)
        ready = self.ask(gate, "/readyz")
        self.assertEqual(ready.status, 200)
        self.assertEqual(ready.body.decode().splitlines()[3:],
                         ["endpoints up upstream 1 of 1", "endpoints up other 0 of 1"])
        self.assertEqual(self.by(gate, "/plain/1"), "first")
        self.assertEqual([r.target for r in self.first.requests], ["/p/1"])


class Reloads(Two):
    def write(self, gate, mapping, **urls):
        """The files from now on: MAPPING, and services by name."""
        (self.folder / "mapping.yaml").write_text(mapping)
        text = gate.config.read_text().partition("\nupstreams:")[0]
        lines = [f"  {name}: {{url: \"{url}\"}}" for name, url in urls.items()]
        gate.config.write_text("\n".join([text, *(["upstreams:"] if lines else []), *lines, ""]))

    def reload(self, gate, status=200):
        reply = self.ask(gate, "/-/reload", "POST")
        self.assertEqual(reply.status, status, reply)
        return reply.json()

    def test_services_come_change_and_go(self):
        gate = self.two()
        third = self.upstream(named("third"))
        self.assertEqual(self.by(gate, "/c/1"), "second")
        gate.expect_line("no route of the mapping goes to .*other")
        self.write(gate, MAPPING.replace("other", "more"), other=self.second.url, more=third.url)
        self.reload(gate)
        self.assertEqual((self.by(gate, "/c/1"), self.by(gate, "/plain/1")), ("third", "first"))
        self.write(gate, MAPPING, other=third.url)
        self.reload(gate)
        self.assertEqual((self.by(gate, "/c/1"), self.by(gate, "/plain/1")), ("third", "first"))
        self.write(gate, MAPPING.replace("service: other", "service: upstream"))
        self.reload(gate)
        self.assertEqual((self.by(gate, "/c/1"), self.by(gate, "/raw/a")), ("first", "first"))
        self.assertNotIn('upstream="other"', self.ask(gate, "/metrics").body.decode())

    def test_an_unknown_name_is_refused_and_all_stays(self):
        gate = self.two()
        gate.expect_line(" reload refused ")
        gate.tolerate(" configuration complaint ")
        self.write(gate, MAPPING, othr=self.second.url)
        found = self.reload(gate, 422)
        self.assertIn('there is no service "other"', str(found))
        self.assertIn('did you mean "othr"?', str(found))
        self.assertEqual(self.by(gate, "/c/1"), "second")

    def test_a_request_under_way_ends_where_it_began_and_its_connection_with_it(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def held(_):
            release.wait(wire.PATIENCE)
            return wire.reply_bytes(200, b'{"by":"second"}')
        gate = self.two({"timeouts.upstream_idle": "1h"}, second=upstream.always(held))
        with gate.connect() as client:
            client.request("GET", "/c/1", reply=False)
            self.second.wait_requests(1)
            self.write(gate, MAPPING.replace("service: other", "service: upstream"))
            self.reload(gate)
            self.assertEqual(self.by(gate, "/c/1"), "first")
            release.set()
            self.assertEqual(client.reply("GET").json()["by"], "second")
        self.assertTrue(self.second.connections[0].over.wait(wire.PATIENCE))
