"""Reload: when it happens, what it changes, and whom it leaves alone."""
import contextlib
import os
import pathlib
import re
import signal
import threading

import cases
import scrape
import wire
from test_y_admin import Asked

MAPPING = ('version: 1\nroutes:\n  - {client: "/c/{x}", upstream: "/s/{x}", methods: [GET, PUT]}\n'
           'fields: {%s: inner}\n')
INNER = wire.reply_bytes(200, b'{"inner":1}', [("Content-Type", "application/json")])


class Reloaded(Asked):
    """A gateway whose mapping calls the service's `inner` by another name."""

    def start(self, reply=INNER, settings=None, name="first", reload="signal", **options):
        script = reply if callable(reply) else lambda c: cases.upstream.serve(c, lambda _: reply)
        self.mapping = self.folder / "mapping.yaml"
        return self.pair(script, {"reload": reload, **(settings or {})}, MAPPING % name, **options)

    def call(self, name):
        """From now on the mapping's file says NAME."""
        self.mapping.write_text(MAPPING % name)

    def reset(self, gate, key, value):
        """From now on the settings' file has VALUE for its only line that begins with KEY."""
        text = gate.config.read_text()
        found = re.findall(rf"(?m)^ *{key}: .*$", text)
        self.assertEqual(len(found), 1, text)
        gate.config.write_text(text.replace(found[0], found[0].split(":")[0] + f": {value}"))

    def named(self, gate):
        """What a client reads for `inner`."""
        return list(gate.once("GET", "/c/1").json())[0]

    def count(self, gate, pattern):
        return sum(bool(re.search(pattern, line)) for line in gate.lines)

    def wait_lines(self, gate, pattern, count):
        """Waits until there are COUNT lines like PATTERN, and no more of them."""
        with gate.news:
            gate.news.wait_for(lambda: self.count(gate, pattern) >= count, wire.PATIENCE)
        self.assertEqual(self.count(gate, pattern), count, gate.lines[-20:])

    def post(self, gate, status=200):
        """The body of POST /-/reload, which is answered with STATUS."""
        reply = self.ask(gate, "/-/reload", "POST")
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.field("Content-Type"), "application/json")
        body = reply.json()
        self.assertIs(body["ok"], status == 200)
        return body

    def refusals(self, gate):
        """Refusals are what the test wants."""
        gate.expect_line(" reload refused ")
        gate.tolerate(" configuration complaint ")

    def reloads(self, gate):
        """(taken, refused, whether the newest was taken) by the metrics."""
        got = scrape.samples(self.ask(gate, "/metrics").body.decode())
        return (got['dpgw_reloads_total{result="taken"}'],
                got['dpgw_reloads_total{result="refused"}'], got["dpgw_last_reload_successful"])


class Asking(Reloaded):
    def test_hangup(self):
        gate, _ = self.start()
        self.assertEqual(self.named(gate), "first")
        self.call("second")
        gate.signal(signal.SIGHUP)
        self.wait_lines(gate, " reloaded why=signal ", 1)
        self.assertEqual(self.named(gate), "second")

    def test_post(self):
        gate, _ = self.start()
        before = self.post(gate)["mapping"]
        self.call("second")
        after = self.post(gate)
        self.assertEqual(after["complaints"], [])
        self.assertRegex(after["mapping"], "^[0-9a-f]{8,}$")
        self.assertNotEqual(after["mapping"], before)
        self.assertEqual(self.named(gate), "second")
        self.assertIn(f"mapping {after['mapping']}", self.ask(gate, "/readyz").body.decode())
        self.assertEqual(self.reloads(gate), (2, 0, 1))

    def test_whoever_was_answered_has_it_in_every_worker(self):
        """No request on any connection gets the old mapping once the answer is there."""
        gate, _ = self.start(settings={"workers": 4})
        clients = [gate.connect() for _ in range(12)]
        for client in clients:
            self.addCleanup(client.close)
        for turn in range(20):
            self.call(f"name{turn}")
            self.post(gate)
            for client in clients:
                client.send(wire.request_bytes("GET", "/c/1"))
            for client in clients:
                self.assertEqual(client.reply().body, b'{"name%d":1}' % turn)

    def test_a_bad_mapping_changes_nothing(self):
        gate, _ = self.start()
        self.refusals(gate)
        digest = self.post(gate)["mapping"]
        self.mapping.write_text((MAPPING % "second").replace("PUT", "PTU"))
        refused = self.post(gate, 422)
        self.assertEqual(refused["mapping"], digest)
        complaint, = refused["complaints"]
        self.assertEqual((complaint["file"], complaint["line"], complaint["severity"]),
                         (str(self.mapping), 3, "error"))
        self.assertIn("PTU", complaint["message"])
        self.assertEqual(complaint["hint"], "did you mean PUT?")
        line = gate.wait_line(" error configuration complaint .*").group(0)
        self.assertIn(f'file={self.mapping} line=3 ', line)
        self.assertIn('message="no such method: \\"PTU\\""', line)
        self.assertIn('hint="did you mean PUT?"', line)
        gate.wait_line(f" error reload refused why=asked mapping={digest} ")
        self.assertEqual(self.named(gate), "first")
        self.assertEqual(self.reloads(gate), (1, 1, 0))
        self.call("second")
        self.post(gate)
        self.assertEqual(self.reloads(gate), (2, 1, 1))
        self.assertEqual(self.named(gate), "second")

    def test_files_that_cannot_be_read(self):
        gate, _ = self.start()
        self.refusals(gate)
        for file in (self.mapping, gate.config):
            text = file.read_text()
            file.unlink()
            refused = self.post(gate, 422)
            self.assertIn("No such file", refused["complaints"][0]["message"])
            file.mkdir()
            refused = self.post(gate, 422)
            self.assertIn("Is a directory", refused["complaints"][0]["message"])
            file.rmdir()
            file.write_text(text)
            self.post(gate)
        self.assertEqual(self.named(gate), "first")

    def test_many_complaints_are_all_told(self):
        gate, _ = self.start()
        self.refusals(gate)
        self.mapping.write_text((MAPPING % "second").replace(
            "PUT", ", ".join(f"M{n}" for n in range(30))))
        self.assertEqual(len(self.post(gate, 422)["complaints"]), 30)
        gate.wait_line(" reload refused .* errors=30 ")
        self.assertEqual(self.count(gate, " configuration complaint "), 10)

    def test_a_mapping_of_another_name(self):
        gate, _ = self.start(reload="auto")
        other = self.folder / "other.yaml"
        other.write_text(MAPPING % "second")
        self.reset(gate, "mapping", '"other.yaml"')
        self.wait_lines(gate, " reloaded why=\"file changed\"", 1)
        self.assertEqual(self.named(gate), "second")
        self.mapping.write_text("nobody reads this: [")
        other.write_text(MAPPING % "third")
        self.wait_lines(gate, " reloaded why=\"file changed\"", 2)
        self.assertEqual(self.named(gate), "third")

    def test_during_a_drain(self):
        """It neither keeps the gateway from its end nor harms what it waits for."""
        go = threading.Event()

        def script(connection):
            connection.request()
            go.wait(wire.PATIENCE)
            connection.send(INNER)

        gate, service = self.start(script)
        with gate.connect() as client:
            client.send(wire.request_bytes("GET", "/c/1"))
            service.wait_requests(1)
            gate.signal(signal.SIGTERM)
            gate.wait_line(" draining ")
            self.call("second")
            for turn in range(3):
                gate.signal(signal.SIGHUP)
                self.wait_lines(gate, " reloaded ", turn + 1)
            go.set()
            self.assertEqual(client.reply().body, b'{"first":1}')


class Watching(Reloaded):
    CHANGED = ' reloaded why="file changed" '

    def changes(self, gate, change, name, count):
        change(name)
        self.wait_lines(gate, self.CHANGED, count)
        self.assertEqual(self.named(gate), name)

    def rename(self, name):
        """As editors save."""
        fresh = self.folder / ".mapping.yaml.swp"
        fresh.write_text(MAPPING % name)
        fresh.rename(self.mapping)

    def test_ways_to_save(self):
        gate, _ = self.start(reload="auto")
        self.changes(gate, self.call, "written", 1)
        self.changes(gate, self.rename, "renamed", 2)
        self.changes(gate, self.call, "again", 3)
        os.utime(self.mapping)
        self.call("again")
        self.rename("again")
        (self.folder / "another").write_text("no file of ours")
        self.changes(gate, self.rename, "last", 4)
        self.assertEqual(self.reloads(gate), (4, 0, 1))

    def test_a_map_of_kubernetes(self):
        """Files are links through ..data, a link to a folder with a name of its own."""
        def lay(name):
            self.laid += 1
            folder = self.folder / f"..{self.laid}"
            folder.mkdir()
            (folder / "mapping.yaml").write_text(MAPPING % name)
            os.symlink(folder.name, self.folder / "..tmp")
            (self.folder / "..tmp").rename(self.folder / "..data")
            old = self.folder / f"..{self.laid - 1}"
            if old.exists():
                (old / "mapping.yaml").unlink()
                old.rmdir()

        self.laid = 0
        lay("first")
        os.symlink("..data/mapping.yaml", self.folder / "rules.yaml")
        gate, _ = self.start(reload="auto", settings={"mapping": str(self.folder / "rules.yaml")})
        for turn in range(1, 4):
            self.changes(gate, lay, f"name{turn}", turn)

    def test_a_folder_that_is_a_link(self):
        """And what is written in the folder it leads to after its swap counts too."""
        for number in (1, 2):
            folder = self.folder / f"release{number}"
            folder.mkdir()
            (folder / "mapping.yaml").write_text(MAPPING % f"release{number}")
        link = self.folder / "current"
        link.symlink_to("release1")
        gate, _ = self.start(reload="auto", settings={"mapping": str(link / "mapping.yaml")})
        (self.folder / "next").symlink_to("release2")
        self.changes(gate, lambda _: (self.folder / "next").rename(link), "release2", 1)
        self.changes(gate, lambda name: (link / "mapping.yaml").write_text(MAPPING % name),
                     "written", 2)

    def test_deleted_and_there_again(self):
        """What is gone for long is told; when it is back, it counts again."""
        gate, _ = self.start(reload="auto")
        self.refusals(gate)
        self.mapping.unlink()
        gate.wait_line(" reload refused why=\"file changed\"")
        self.assertEqual(self.named(gate), "first")
        self.changes(gate, self.call, "first", 1)
        self.mapping.unlink()
        self.changes(gate, self.call, "soon", 2)
        self.assertEqual(self.count(gate, " reload refused "), 1)

    def test_a_bad_file_and_its_cure(self):
        gate, _ = self.start(reload="auto")
        self.refusals(gate)
        self.mapping.write_text("version: [")
        gate.wait_line(" reload refused why=\"file changed\"")
        self.assertEqual(self.reloads(gate), (0, 1, 0))
        self.changes(gate, self.call, "first", 1)

    def call_and_post(self, gate, name):
        """The file says NAME, and the request is there before the change can be looked at."""
        with wire.Connection(gate.admin) as operator:
            self.assertEqual(operator.request("GET", "/healthz").status, 200)
            gate.freeze()
            self.call(name)
            operator.send(wire.request_bytes("POST", "/-/reload"))
            gate.thaw()
            self.assertEqual(operator.reply("POST").status, 200)

    def test_what_was_asked_for_is_not_done_twice(self):
        gate, _ = self.start(reload="auto")
        self.call_and_post(gate, "second")
        self.changes(gate, self.call, "third", 1)
        self.assertEqual(self.reloads(gate), (2, 0, 1))

    def watches(self, gate):
        """How many descriptors of inotify the gateway has."""
        found = 0
        for entry in pathlib.Path(f"/proc/{gate.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                found += "inotify" in os.readlink(entry)
        return found

    def test_one_descriptor_however_often(self):
        gate, _ = self.start(reload="auto")
        for turn in range(5):
            self.call_and_post(gate, f"name{turn}")
        self.changes(gate, self.call, "last", 1)
        self.until(gate, "/healthz", lambda _: self.watches(gate) == 1)

    def test_by_signal_alone(self):
        gate, _ = self.start(reload="signal")
        self.assertEqual(self.watches(gate), 0)


class UnderWay(Reloaded):
    def test_who_began_before(self):
        """A request held at the service ends by the old rules, both its bodies; the next by new."""
        go = threading.Event()

        def script(connection):
            while True:
                request = connection.request(3600)
                if request.target == "/s/held":
                    go.wait(wire.PATIENCE)
                connection.send(INNER)

        gate, service = self.start(script)
        with gate.connect() as old:
            old.send(wire.request_bytes("PUT", "/c/held", b'{"first":2,"second":3}'))
            service.wait_requests(1)
            self.call("second")
            self.post(gate)
            self.assertEqual(self.named(gate), "second")
            go.set()
            self.assertEqual(old.reply("PUT").body, b'{"first":1}')
            self.assertEqual(old.request("PUT", "/c/1", b'{"first":2,"second":3}').body,
                             b'{"second":1}')
        self.assertEqual([r.body for r in service.requests if r.method == "PUT"],
                         [b'{"inner":2,"second":3}', b'{"first":2,"inner":3}'])

    def test_a_body_half_sent(self):
        gate, service = self.start()
        body = b'{"first":2,"second":3}'
        with gate.connect() as client:
            client.send(wire.request_bytes("PUT", "/c/1", body)[:-8])
            self.wait_open(gate, 1)
            self.call("second")
            self.post(gate)
            client.send(body[-8:])
            self.assertEqual(client.reply("PUT").body, b'{"first":1}')
        self.assertEqual(service.requests[0].body, b'{"inner":2,"second":3}')

    def wait_open(self, gate, count):
        self.until(gate, "/metrics", lambda reply:
                   scrape.samples(reply.body.decode())["dpgw_exchanges"] == count)

    def test_marks_of_tags(self):
        """A tag that the old mapping marked is the service's own again, strength and all."""
        reply = wire.reply_bytes(200, b'{"inner":1}', [("Content-Type", "application/json"),
                                                       ("ETag", '"v1"')])
        gate, service = self.start(reply)
        old = gate.once("GET", "/c/1").field("ETag")
        self.call("second")
        self.post(gate)
        new = gate.once("GET", "/c/1").field("ETag")
        self.assertNotEqual(old, new)
        self.assertTrue(old.startswith('"v1;dp-s'), old)
        gate.once("PUT", "/c/1", b"{}", [("If-Match", old)])
        gate.once("GET", "/c/1", fields=[("If-None-Match", f"{old}, {new}")])
        self.assertEqual(service.requests[-2].field("If-Match"), '"v1"')
        self.assertEqual(service.requests[-1].field("If-None-Match"), '"v1"')


class Settings(Reloaded):
    def test_fixed_ones_are_named(self):
        gate, _ = self.start(settings={"limits.exchanges": 50})
        self.refusals(gate)
        good = gate.config.read_text()
        for key, value in (("listen", "[\"127.0.0.1:0\", \"127.0.0.1:1\"]"), ("workers", 1),
                           ("exchanges", 51), ("reload", "auto")):
            with self.subTest(key=key):
                self.reset(gate, key, value)
                complaint, = self.post(gate, 422)["complaints"]
                self.assertRegex(complaint["message"],
                                 rf"^[a-z.]*{key} can't change while the gateway runs: it is ")
                self.assertEqual(complaint["hint"], "put it back, or restart the gateway")
                self.assertEqual(good.splitlines()[complaint["line"] - 1].split(":")[0].strip(), key)
                gate.config.write_text(good)
        self.call("second")
        self.post(gate)
        self.assertEqual(self.named(gate), "second")

    def test_live_ones_hold_on_open_connections(self):
        gate, service = self.start(settings={
            "limits.json_depth": 10, "limits.request_fields": 50, "timeouts.keep_alive": "60s",
            "trusted_hops": "none", "upstream.host": "upstream", "log.level": "info"})
        deep = b"[" * 5 + b"]" * 5
        hop = [("X-Forwarded-For", "192.0.2.7")]
        with gate.connect() as client:
            self.assertEqual(client.request("PUT", "/c/1", deep, hop).status, 200)
            self.assertNotIn("192.0.2.7", service.requests[-1].field("X-Forwarded-For"))
            self.assertEqual(service.requests[-1].field("Host"), service.url.removeprefix("http://"))
            for key, value in (("json_depth", 4), ("trusted_hops", "127.0.0.0/8"),
                               ("host", "client")):
                self.reset(gate, key, value)
            self.post(gate)
            self.assertEqual(client.request("PUT", "/c/1", b"[]", hop).status, 200)
            self.assertEqual(service.requests[-1].field("X-Forwarded-For"), "192.0.2.7, 127.0.0.1")
            self.assertEqual(service.requests[-1].field("Host"), "gateway.test")
            self.assert_error(client.request("PUT", "/c/1", deep), 400, "INVALID_JSON")
        with gate.connect() as client:
            fields = [(f"X-{n}", "1") for n in range(20)]
            self.assertEqual(client.request("GET", "/c/1", fields=fields).status, 200)
            self.reset(gate, "request_fields", 10)
            self.post(gate)
            self.assert_error(client.request("GET", "/c/1", fields=fields), 431,
                              "HEADERS_TOO_LARGE")
        with gate.connect() as client:
            self.reset(gate, "request_fields", 3000)
            self.post(gate)
            fields = [(f"X-{n}", "1") for n in range(2000)]
            self.assertEqual(client.request("GET", "/c/1", fields=fields).status, 200)
            self.reset(gate, "keep_alive", "100ms")
            self.post(gate)
            self.assertEqual(client.end(), "fin")

    def test_timeouts(self):
        gate, service = self.start(lambda c: [c.request(), c.wait_for_end()], {
            "timeouts.upstream_first_byte": "60s", "timeouts.drain": "30s"})
        with gate.connect() as client:
            self.reset(gate, "upstream_first_byte", "50ms")
            self.reset(gate, "drain", "29s")
            self.post(gate)
            self.assert_error(client.request("GET", "/c/1"), 504, "UPSTREAM_TIMEOUT")
        gate.signal(signal.SIGTERM)
        gate.wait_line(" draining .*limit_ms=29000")
        self.assertEqual(len(service.requests), 1)

    def test_log(self):
        """The level is the file's after a reload, whatever was set by hand; so is the format."""
        gate, _ = self.start()
        self.ask(gate, "/-/log-level?level=error", "POST")
        self.named(gate)
        self.metrics(gate, requests=1)  # so it would have been logged
        self.post(gate)
        self.named(gate)
        self.wait_lines(gate, " info exchange ", 1)
        self.reset(gate, "format", "json")
        self.post(gate)
        gate.wait_line('"event":"reloaded"')
        self.named(gate)
        gate.wait_line('^{.*"event":"exchange"')

    def test_the_token_is_read_again(self):
        token = self.folder / "token"
        token.write_text("the-first-of-two-tokens")
        gate, _ = self.start(settings={"admin": ["127.0.0.1:0", "0.0.0.0:0"],
                                       "admin_token_file": str(token)}, reload="auto")
        gate.wait_line(" ready ")
        other = [line.split("address=")[1].split()[0] for line in gate.lines
                 if "role=admin" in line][1].replace("0.0.0.0", "127.0.0.1")

        def status(secret):
            return self.ask(gate, "/-/config", fields=[("Authorization", f"Bearer {secret}")],
                            address=other).status

        self.assertEqual(status("the-first-of-two-tokens"), 200)
        token.write_text("the-second-of-two-tokens")
        self.wait_lines(gate, " reloaded ", 1)
        self.assertEqual((status("the-first-of-two-tokens"), status("the-second-of-two-tokens")),
                         (401, 200))
