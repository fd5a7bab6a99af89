"""Several endpoints: who is asked, who is left alone, and what is lost when one dies."""
import collections
import signal
import threading

import cases
import program
import scrape
import upstream
import wire
from test_y_admin import Asked

OUT = r"endpoint ejected|outcome=UPSTREAM"


def named(name, fields=()):
    """A service that answers with its own NAME."""
    return upstream.always(wire.reply_bytes(200, b'{"by":"%s"}' % name.encode(), fields))


# Keeps no connection that would draw the next request.
COLD = named("good", [("Connection", "close")])
COLD_OK = wire.reply_bytes(200, b'{"ok":true}', [("Connection", "close")])


class Balance(cases.Case):
    def three(self, script, settings=None):
        """A gateway before three services that run SCRIPT."""
        services = [self.upstream(script) for _ in range(3)]
        gate = self.gateway([s.url for s in services], settings)
        return gate, services

    def test_requests_that_wait_are_spread_evenly_over_all_workers(self):
        """The n-th request begins when all before it are seen, so each finds exact counts."""
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while True:
                connection.request(seconds=3600)
                release.wait(wire.PATIENCE)
                connection.send(cases.OK)
        gate, services = self.three(script, {"workers": 2})
        self.spread(gate, services, release)

    def test_one_that_comes_back_has_an_even_part_again(self):
        gone = upstream.NoListener()
        port = int(gone.url.rpartition(":")[2])
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while True:
                request = connection.request(seconds=3600)
                if request.target.endswith("?held"):
                    release.wait(wire.PATIENCE)
                connection.send(COLD_OK)
                return
        services = [self.upstream(script) for _ in range(2)]
        gate = self.gateway([gone.url, *(s.url for s in services)], {
            "workers": 2, "upstream.ejection.base": "200ms", "upstream.ejection.longest": "200ms",
            "upstream.ejection.failures": 3})
        gate.tolerate(OUT)

        def ejected():
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
            return any("endpoint ejected" in line for line in gate.lines)
        self.wait_for(ejected)
        gone.close()
        back = self.upstream(script, address=("127.0.0.1", port))

        def asked():
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
            return back.requests
        self.wait_for(asked)
        for service in (back, *services):
            service.requests.clear()
        self.spread(gate, (back, *services), release)

    def spread(self, gate, services, release):
        """Twelve requests that are answered only on RELEASE: each service gets four."""
        clients = []
        for count in range(1, 13):
            client = gate.connect()
            self.addCleanup(client.close)
            clients.append(client)
            client.request("GET", cases.CLIENT + "?held", reply=False)
            self.wait_for(lambda count=count: sum(len(s.requests) for s in services) == count)
        self.assertEqual([len(s.requests) for s in services], [4, 4, 4])
        release.set()
        for client in clients:
            self.assertEqual(client.reply("GET").status, 200)

    def test_one_after_another_stays_where_the_connection_is_warm(self):
        gate, services = self.three(None, {"workers": 1})
        with gate.connect() as client:
            for _ in range(20):
                self.assertEqual(client.request("GET", cases.CLIENT).status, 200)
        self.assertEqual(sorted(len(s.requests) for s in services), [0, 0, 20])
        self.assertEqual(sum(len(s.connections) for s in services), 1)

    def test_each_is_asked_under_its_own_name_and_its_urls_are_rewritten(self):
        def choose(request):
            return wire.reply_bytes(201, b"{}", [
                ("Connection", "close"),
                ("Location", f"http://{request.field('Host')}{cases.SERVICE}/w")])
        gate, services = self.three(upstream.always(choose), {"workers": 1})
        for _ in range(6):
            reply = gate.once("GET", cases.CLIENT)
            self.assertEqual(reply.field("Location"), f"http://gateway.test{cases.CLIENT}/w")
        for service in services:
            self.assertEqual([f"http://{r.field('Host')}" for r in service.requests],
                             [service.url] * 2)


class Elsewhere(cases.Case):
    """What one endpoint did not take goes to another, if that does no harm."""

    def refused_and_good(self, settings=None, **options):
        refusing = upstream.NoListener()
        self.addCleanup(refusing.close)
        good = self.upstream(COLD)
        gate = self.gateway([refusing.url, good.url], {"workers": 1, **(settings or {})}, **options)
        gate.tolerate(OUT)
        return gate, good

    def test_a_refused_connection_costs_no_request_whatever_its_method(self):
        gate, good = self.refused_and_good({"upstream.ejection.failures": 0})
        body = b'{"name":"n"}'
        for method in ("GET", "POST", "PATCH", "DELETE", "PUT") * 4:
            target = cases.CLIENT + {"POST": "", "PUT": "/p/skills/s"}.get(method, "/p")
            with self.subTest(method):
                reply = gate.once(method, target, None if method == "GET" else body)
                self.assertEqual((reply.status, reply.body), (200, b'{"by":"good"}'))
        self.assertEqual(len(good.requests), 20)
        self.assertTrue(any("resend_count=1" in line for line in gate.lines))

    def test_an_upload_that_streams_goes_elsewhere_whole(self):
        gate, good = self.refused_and_good({"upstream.ejection.failures": 0})
        body = bytes(range(256)) * 4096
        target = cases.CLIENT + "/p/unstructured-assets/a"
        for framing in ("length", "chunked") * 2:
            with self.subTest(framing), gate.connect() as client:
                if framing == "length":
                    reply = client.request("POST", target, body, [
                        ("Content-Type", "application/octet-stream")])
                else:
                    client.request("POST", target, fields=[
                        ("Content-Type", "application/octet-stream"),
                        ("Transfer-Encoding", "chunked")], reply=False)
                    client.send(wire.chunked(body))
                    reply = client.reply("POST")
                self.assertEqual(reply.status, 200)
                self.assertEqual(good.requests[-1].body, body)

    def breaking_and_good(self):
        """(gateway, one that reads requests and closes, one that answers)"""
        breaking = self.upstream(lambda connection: connection.request())
        good = self.upstream(COLD)
        gate = self.gateway([breaking.url, good.url],
                            {"workers": 1, "upstream.ejection.failures": 0})
        gate.tolerate(OUT)
        return gate, breaking, good

    def test_what_was_sent_goes_elsewhere_only_if_it_is_idempotent(self):
        gate, breaking, good = self.breaking_and_good()
        for _ in range(6):
            reply = gate.once("DELETE", cases.CLIENT + "/p")
            self.assertEqual((reply.status, reply.body), (200, b'{"by":"good"}'))
        self.assertEqual(len(good.requests), 6)
        self.assertGreater(len(breaking.requests), 0)

    def test_a_post_is_never_sent_twice(self):
        gate, breaking, good = self.breaking_and_good()
        statuses = collections.Counter()
        for number in range(8):
            reply = gate.once("POST", cases.CLIENT, b'{"n":%d}' % number)
            statuses[reply.status] += 1
        self.assertEqual(statuses[502], len(breaking.requests))
        self.assertEqual(statuses[200], len(good.requests))
        self.assertEqual(statuses[200] + statuses[502], 8)
        self.assertGreater(statuses[502], 0)

    def test_one_that_fails_is_left_alone_for_a_while_and_then_tried(self):
        gate, good = self.refused_and_good({
            "upstream.ejection.failures": 2, "upstream.ejection.base": "200ms",
            "upstream.ejection.longest": "200ms"})

        def again():
            gate.once("GET", cases.CLIENT)
            return sum("endpoint ejected" in line for line in gate.lines) >= 2
        self.wait_for(again)
        self.assertTrue(any("endpoint returned" in line for line in gate.lines))
        first = next(line for line in gate.lines if "endpoint ejected" in line)
        self.assertRegex(first, r"warn endpoint ejected upstream=upstream endpoint=http://127\.0\.0"
                                r"\.1:\d+ failures=2 for_ms=200")
        self.assertGreater(len(good.requests), 2)


class Local(cases.Case):
    """A service on a unix socket."""

    def service_at(self, script=None, name="service.sock"):
        return self.upstream(script, address=str(self.folder / name))

    def test_requests_of_every_kind(self):
        def echo(request):
            return wire.reply_bytes(200, request.body, [
                ("Content-Type", "application/octet-stream"), ("X-Host", request.field("Host"))])
        service = self.service_at(upstream.always(echo))
        gate = self.gateway(service)
        big = bytes(range(256)) * 2048
        raw = [("Content-Type", "application/octet-stream")]
        with gate.connect() as client:
            for _ in range(3):
                reply = client.request("GET", cases.CLIENT)
                self.assertEqual((reply.status, reply.field("X-Host")), (200, "localhost"))
                reply = client.request("POST", cases.CLIENT + "/p/unstructured-assets/a", big, raw)
                self.assertEqual((reply.status, reply.body), (200, big))
        # Whether something waits on a kept one can't be known, so none is kept.
        self.assertEqual(len(service.connections), len(service.requests))

    def test_an_early_answer_to_an_upload_arrives(self):
        def script(connection):
            connection.head()
            connection.send(wire.reply_bytes(400, b"{}", [("Connection", "close")]))
            connection.wait_for_end()
        gate = self.gateway(self.service_at(script))
        with gate.connect() as client:
            client.request("POST", cases.CLIENT + "/p/unstructured-assets/a", fields=[
                ("Content-Type", "application/octet-stream"),
                ("Transfer-Encoding", "chunked")], reply=False)
            client.send(wire.chunked(b"x" * 1000)[:-5])
            self.assertEqual(client.reply("POST").status, 400)

    def test_one_that_is_not_there_costs_no_request_if_another_is(self):
        good = self.service_at(COLD)
        gate = self.gateway([f"unix:{self.folder}/nobody.sock", good.url], {
            "workers": 1, "upstream.ejection.failures": 0})
        for _ in range(4):
            self.assertEqual(gate.once("POST", cases.CLIENT, b"{}").status, 200)

    def test_one_that_is_not_there_is_502(self):
        gate = self.gateway(f"unix:{self.folder}/nobody.sock")
        gate.tolerate(OUT)
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_UNREACHABLE")


class Reloads(Asked):
    def test_endpoints_change_while_it_runs(self):
        services = [self.upstream(named(n)) for n in "abc"]
        gate = self.gateway([services[0].url, services[1].url], {"workers": 1})
        with gate.connect() as client:
            self.assertEqual(client.request("GET", cases.CLIENT).status, 200)
            text = gate.config.read_text()
            gate.config.write_text(text.replace(f'"{services[0].url}", "{services[1].url}"',
                                                f'"{services[2].url}"'))
            self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
            for _ in range(4):
                self.assertEqual(client.request("GET", cases.CLIENT).json(), {"by": "c"})
            # What was kept to those that are gone is let go of.
            for service in services[:2]:
                for connection in service.connections:
                    self.assertTrue(connection.over.wait(wire.PATIENCE))
        self.assertEqual(len(services[2].requests), 4)


class Killed(Asked):
    """One of three processes dies by SIGKILL under load and comes back."""

    CLIENTS = 6

    def start(self, address="127.0.0.1:0"):
        made = program.Service("--pause", "1ms", listen=address)
        self.addCleanup(self.end, made)
        return made

    @staticmethod
    def end(service):
        if service.running:
            service.signal(signal.SIGKILL)
        service.wait_end()

    def load(self, gate, stop, counts, lost):
        """Asks again and again over kept connections until STOP."""
        while not stop.is_set():
            with gate.connect() as client:
                for _ in range(50):
                    reply = client.request("GET", cases.CLIENT)
                    counts[reply.status] += 1
                    if reply.status != 200 or reply.end != "clean":
                        lost.append(reply)
                    if stop.is_set():
                        break

    def picks(self, gate):
        """{endpoint: how often it was picked}"""
        found = scrape.samples(self.ask(gate, "/metrics").body.decode())
        return {name.partition('endpoint="')[2].partition('"')[0]: value
                for name, value in found.items()
                if name.startswith("dpgw_endpoint_picks_total{")}

    def moved(self, gate, urls, least):
        """Waits until each of URLS was picked LEAST times more."""
        before = self.picks(gate)
        self.wait_for(lambda: all(self.picks(gate)[u] - before[u] >= least for u in urls))

    def test_no_idempotent_request_is_lost_and_the_balance_comes_back(self):
        services = [self.start() for _ in range(3)]
        urls = [s.url for s in services]
        gate = self.gateway(urls, {"upstream.ejection.base": "300ms",
                                   "upstream.ejection.longest": "300ms"})
        gate.tolerate(OUT)
        stop, lost = threading.Event(), []
        counts = [collections.Counter() for _ in range(self.CLIENTS)]
        clients = [threading.Thread(target=self.load, args=(gate, stop, c, lost)) for c in counts]
        for client in clients:
            client.start()
        self.addCleanup(lambda: [client.join(wire.PATIENCE) for client in clients])
        self.addCleanup(stop.set)
        self.moved(gate, urls, 100)
        services[0].signal(signal.SIGKILL)
        services[0].wait_end()
        gate.wait_line("endpoint ejected")
        self.moved(gate, urls[1:], 200)
        self.start(services[0].address)
        self.moved(gate, urls, 200)
        self.moved(gate, urls, 200)  # each of the three has its part of the load again
        stop.set()
        for client in clients:
            client.join(wire.PATIENCE)
        self.assertEqual(lost, [])
        self.assertGreater(sum(c[200] for c in counts), 1500)
