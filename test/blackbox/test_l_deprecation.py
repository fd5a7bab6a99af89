"""Deprecated paths: what every reply says of their end, who still calls, and when they are off."""
import datetime
import json
import unittest

import cases
import mappings
import upstream
import walltime
import wire
from test_y_admin import Asked

SINCE = ("Deprecation", "@1772409600")
SUNSET = ("Sunset", "Tue, 02 Mar 2027 00:00:00 GMT")
ROUTE = "/api/v1/accounts/{accountId}/workspaces/**"
PATH = 'path: "/api/v1/accounts/{accountId}/workspaces/**"'
ANNOUNCED = """
    deprecated: "2026-03-02"
    sunset: "2027-03-02"
    successor: "/api/v1/accounts/{accountId}/data-products/**"
    caller: X-Client-Name"""
ALWAYS = ("2026-03-02T00:00:00Z", "9999-12-31T23:59:59Z")
OURS = ("via", "x-request-id", "deprecation", "sunset")


def announced(*windows, plain=False):
    """A mapping whose passthrough is deprecated, and off in WINDOWS; or PLAIN."""
    brownout = "".join(f'\n      - {{from: "{a}", to: "{b}"}}' for a, b in windows)
    end = ANNOUNCED + ("\n    brownout:" + brownout if windows else "")
    return mappings.EVERYTHING.replace(PATH, PATH + ("" if plain else end))


def link(tail=""):
    return ("Link", f'<{cases.CLIENT}{tail}>; rel="successor-version"')


class Told(cases.Case):
    """What replies carry."""

    def told(self, reply):
        """The fields that tell of the end, in order."""
        return [(n, v) for n, v in reply.fields if n in ("Deprecation", "Link", "Sunset")]

    def test_the_shipped_mapping_tells_it(self):
        gate, service = self.pair()
        rows = [("GET", "", ""), ("HEAD", "", ""), ("POST", "", ""), ("OPTIONS", "", ""),
                ("PUT", "", None), ("GET", "/w1", "/w1"), ("PATCH", "/w1", "/w1"),
                ("POST", "/w1", None), ("GET", "/w1?workspaceId=3", "/w1"),
                ("GET", "/a%2Fb;v=1", "/a%2Fb;v=1"), ("GET", "/w1/skills/", "/w1/skills/"),
                ("PUT", "/w1/skills/s", "/w1/skills/s"), ("GET", "/w1/chat", None),
                ("POST", "/w1/chat/stream", "/w1/chat/stream"), ("GET", "/w1/chat-threads", None),
                ("GET", "/", None)]
        for method, tail, successor in rows:
            for version in ("1.1", "1.0"):
                with self.subTest(f"{method} {tail} {version}"):
                    reply = gate.once(method, cases.SERVICE + tail, version=version)
                    self.assertEqual((reply.status, reply.end), (200, "clean"))
                    self.assertEqual(self.told(reply), [SINCE] + [
                        link(successor)] * (successor is not None))
                    self.assertEqual(service.requests[-1].target, cases.SERVICE + tail)

    def test_a_literal_with_escapes_is_the_same_path(self):
        gate, _ = self.pair(mapping=announced())
        reply = gate.once("GET", cases.SERVICE.replace("workspaces", "work%73paces") + "/%57")
        self.assertEqual(self.told(reply), [SINCE, link("/%57"), SUNSET])

    def test_an_absolute_target_is_one_too(self):
        gate, _ = self.pair(mapping=announced())
        reply = gate.once("GET", f"http://gateway.test{cases.SERVICE}/w1?x=1")
        self.assertEqual(self.told(reply), [SINCE, link("/w1"), SUNSET])

    def test_replies_of_every_kind_tell_it_and_are_else_untouched(self):
        body = b'{"workspaceId" : 1.0, "dataProductId":2}'
        mine = [("Content-Type", "application/json"), ("Link", "</api/v1/x>; rel=next"),
                ("ETag", '"v1"'), ("Location", cases.SERVICE + "/w9"), ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"), ("X-Workspace-Id", "7")]
        replies = {
            "ok": wire.reply_bytes(200, body, mine),
            "chunked": wire.reply_bytes(200, body * 5000, mine, framing="chunked"),
            "created": wire.reply_bytes(201, body, mine),
            "none": b"HTTP/1.1 204 No Content\r\nETag: \"v1\"\r\n\r\n",
            "same": b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n",
            "missing": wire.reply_bytes(404, b'{"ok":false}', mine),
            "broken": wire.reply_bytes(500, b"<h1>workspace</h1>", [("Content-Type", "text/html")]),
            "coded": wire.reply_bytes(200, b"\x1f\x8b\x08workspaceId", mine + [
                ("Content-Encoding", "gzip")]),
        }
        service = self.upstream(upstream.always(
            lambda request: replies[request.target.rpartition("/")[2]]))
        plain = self.gateway(service, mapping=announced(plain=True))
        told = {}
        for name in replies:
            told[name] = plain.once("GET", f"{cases.SERVICE}/w/x/{name}")
        plain.finish()
        gate = self.gateway(service, mapping=announced())
        for name, before in told.items():
            with self.subTest(name):
                reply = gate.once("GET", f"{cases.SERVICE}/w/x/{name}")
                self.assertEqual((reply.status, reply.reason, reply.body, reply.framing, reply.end),
                                 (before.status, before.reason, before.body, before.framing,
                                  before.end))
                self.assertEqual([f for f in reply.fields if f[0].lower() not in OURS],
                                 [f for f in before.fields if f[0].lower() not in OURS])
                self.assertEqual((reply.field(SINCE[0]), reply.field(SUNSET[0])),
                                 (SINCE[1], SUNSET[1]))

    def test_the_services_own_days_make_way_and_its_links_stay(self):
        own = [("Deprecation", "@1"), ("Sunset", "Sun, 06 Nov 1994 08:49:37 GMT"),
               ("Link", "</x>; rel=next")]
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, b"{}", own)), mapping=announced())
        self.assertEqual(self.told(gate.once("GET", cases.SERVICE)),
                         [("Link", "</x>; rel=next"), SINCE, link(), SUNSET])
        translated = gate.once("GET", cases.CLIENT)
        self.assertEqual(self.told(translated), [("Link", "</x>; rel=next")])

    def test_only_an_announced_sunset_replaces_the_services(self):
        own = [("Deprecation", "@1"), ("Sunset", "Sun, 06 Nov 1994 08:49:37 GMT")]
        gate, _ = self.pair(upstream.always(wire.reply_bytes(200, b"{}", own)))
        self.assertEqual(self.told(gate.once("GET", cases.SERVICE)), [own[1], SINCE, link()])

    def test_errors_of_the_gateway_tell_it(self):
        nobody = upstream.NoListener()
        self.addCleanup(nobody.close)
        gate = self.gateway(nobody, {"limits.body_other": "1KiB"}, announced())
        gate.tolerate("upstream")
        for method, body, status in (("GET", None, 502), ("HEAD", None, 502),
                                     ("PUT", b"x" * 2000, 413)):
            with self.subTest(method):
                reply = gate.once(method, cases.SERVICE + "/w1", body)
                self.assertEqual(reply.status, status)
                self.assertEqual(self.told(reply),
                                 [SINCE] + [link("/w1")] * (method != "PUT") + [SUNSET])
        for target in ("/nothing", cases.SERVICE + "/..%2f", cases.CLIENT + "/1/2"):
            with self.subTest(target):
                self.assertEqual(self.told(gate.once("GET", target)), [])

    def test_an_event_stream_is_told_at_its_head(self):
        def stream(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
            connection.wait_for_end()

        gate, _ = self.pair(stream, mapping=announced())
        with gate.connect() as client:
            client.send(wire.request_bytes("POST", cases.SERVICE + "/w1/chat", b"{}"))
            head = client.see(b"data: 1")
            self.assertIn(b"\r\nDeprecation: @1772409600\r\n", head)
            self.assertIn(b'/w1/chat>; rel="successor-version"\r\n', head)

    def test_the_demo_service_is_as_it_was_and_the_successor_answers(self):
        service = self.service()
        gate = self.gateway(service)
        new = gate.once("POST", cases.CLIENT, json.dumps({"name": "n"}).encode())
        self.assertEqual(new.status, 201, new)
        tail = "/" + new.json()["data"]["dataProduct"]["id"]
        with wire.Connection(service.url.removeprefix("http://")) as connection:
            direct = connection.request("GET", cases.SERVICE + tail)
        through = gate.once("GET", cases.SERVICE + tail)
        self.assertEqual((through.status, through.body), (200, direct.body))
        self.assertIn(b"orkspace", through.body)
        target = through.field("Link").partition(">")[0].removeprefix("<")
        self.assertEqual(target, cases.CLIENT + tail)
        successor = gate.once("GET", target)
        self.assertEqual(successor.status, 200)
        self.assertNotIn(b"orkspace", successor.body)
        self.assertEqual(self.told(successor), [])


class Callers(Asked):
    """Who still calls."""

    def counted(self, gate, requests):
        """{client: count} of the only deprecated route, once REQUESTS have ended."""
        head = f'dpgw_deprecated_requests_total{{route="{ROUTE}",client="'
        found = {name: count for name, count in self.metrics(gate, requests=requests).items()
                 if name.startswith("dpgw_deprecated_requests_total")}
        self.assertTrue(all(name.startswith(head) for name in found), found)
        return {name[len(head):-2]: count for name, count in found.items()}

    def test_callers_are_counted_listed_and_logged(self):
        gate, _ = self.pair(mapping=announced())
        for fields in ([("User-Agent", "curl/7.88.1")], [("User-Agent", "curl/8.0")], [],
                       [("User-Agent", "Mozilla/5.0 (X11)"), ("X-Client-Name", "sales portal")],
                       [("x-client-name", 'a"}\\x,{\xe9')]):
            self.assertEqual(gate.once("GET", cases.SERVICE, fields=fields).status, 200)
        gate.once("GET", cases.CLIENT, fields=[("X-Client-Name", "of-the-new-api")])
        wanted = {"curl": 2, "none": 1, "sales_portal": 1, "a___x___": 1}
        self.assertEqual(self.counted(gate, 6), wanted)
        listed = self.ask(gate, "/deprecated")
        self.assertEqual(listed.field("Content-Type"), "application/json")
        [entry] = listed.json()
        self.assertEqual({c["name"]: c["count"] for c in entry["callers"]}, wanted)
        today = datetime.datetime.now(datetime.timezone.utc)
        for caller in entry["callers"]:
            last = datetime.datetime.strptime(caller["last"], "%Y-%m-%dT%H:%M:%S%z")
            self.assertLess(abs(today - last), datetime.timedelta(hours=1))
        self.assertEqual({k: v for k, v in entry.items() if k != "callers"}, {
            "route": ROUTE, "deprecated": "2026-03-02", "sunset": "2027-03-02",
            "successor": "/api/v1/accounts/{accountId}/data-products/**",
            "caller": "X-Client-Name", "brownouts": []})
        gate.wait_line(r" exchange .* outcome=OK deprecated=true caller=sales_portal ")
        gate.finish()
        self.assertEqual(sum("deprecated=true" in line for line in gate.lines), 5)
        self.assertNotIn("of-the-new-api", "\n".join(gate.lines))

    def test_names_that_somebody_makes_up_are_few(self):
        gate, _ = self.pair(mapping=announced())
        with gate.connect() as connection:
            for n in range(300):
                connection.request("GET", cases.SERVICE, fields=[
                    ("X-Client-Name", f"made-up-{n}-" + "x" * 5000 * (n % 2))])
        counted = self.counted(gate, 300)
        self.assertEqual((len(counted), sum(counted.values()), counted["other"]), (51, 300, 250))
        self.assertLessEqual(max(map(len, counted)), 48)

    def test_counts_outlive_a_reload(self):
        gate, _ = self.pair(mapping=announced())
        gate.once("GET", cases.SERVICE, fields=[("User-Agent", "curl/8")])
        self.assertEqual(self.counted(gate, 1), {"curl": 1})
        (self.folder / "mapping.yaml").write_text(announced(plain=True))
        self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)
        gate.once("GET", cases.SERVICE, fields=[("User-Agent", "curl/8")])
        self.assertEqual(self.counted(gate, 2), {"curl": 1})
        self.assertEqual(self.ask(gate, "/deprecated").json(), [])


class Reloaded(Asked):
    """A reload tells it, takes it back, and switches off."""

    def reload(self, gate, mapping):
        (self.folder / "mapping.yaml").write_text(mapping)
        self.assertEqual(self.ask(gate, "/-/reload", "POST").status, 200)

    def test_on_one_connection(self):
        gate, service = self.pair(mapping=announced(plain=True))
        with gate.connect() as connection:
            seen = []
            for mapping in (None, announced(), announced(ALWAYS), announced(plain=True)):
                if mapping:
                    self.reload(gate, mapping)
                reply = connection.request("GET", cases.SERVICE)
                seen.append((reply.status, reply.field("Deprecation"), reply.field("Sunset")))
        self.assertEqual(seen, [(200, None, None), (200, SINCE[1], SUNSET[1]),
                                (410, SINCE[1], SUNSET[1]), (200, None, None)])
        self.assertEqual(len(service.requests), 3)

    def test_bad_days_leave_the_old_ones(self):
        gate, _ = self.pair(mapping=announced())
        gate.expect_line("the sunset is before the day of deprecation, 2026-03-02")
        gate.expect_line("reload refused")
        (self.folder / "mapping.yaml").write_text(announced().replace("2027", "2025"))
        refused = self.ask(gate, "/-/reload", "POST")
        self.assertEqual(refused.status, 422)
        self.assertIn(b"sunset-first", refused.body)
        self.assertEqual(gate.once("GET", cases.SERVICE).field("Sunset"), SUNSET[1])


class Brownout(Asked):
    """Windows in which a path is off."""

    def test_it_is_gone_with_its_successor_and_no_error(self):
        gate, service = self.pair(mapping=announced(ALWAYS))
        for version in ("1.1", "1.0"):
            reply = gate.once("GET", cases.SERVICE + "/w1?x=1", version=version,
                              fields=[("User-Agent", "curl/8")])
            error = self.assert_error(reply, 410, "GONE")
            self.assertEqual(error["details"]["successor"], cases.CLIENT + "/w1")
            self.assertEqual([reply.field(n) for n in ("Deprecation", "Link", "Sunset",
                                                       "Cache-Control")],
                             [SINCE[1], link("/w1")[1], SUNSET[1], "no-store"])
        head = gate.once("HEAD", cases.SERVICE)
        self.assertEqual((head.status, head.body, head.field("Link")), (410, b"", link()[1]))
        upload = gate.once("POST", cases.SERVICE + "/w1", b"x" * 100000)
        self.assertNotIn("successor", self.assert_error(upload, 410, "GONE")["details"])
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertEqual([r.target for r in service.requests], [cases.SERVICE])
        got = self.metrics(gate, requests=5)
        self.assertEqual(got['dpgw_outcomes_total{outcome="BROWNOUT"}'], 4)
        self.assertEqual(
            got[f'dpgw_deprecated_requests_total{{route="{ROUTE}",client="curl"}}'], 2)
        self.assertTrue(self.ask(gate, "/deprecated").json()[0]["brownouts"][0]["open"])
        line = gate.wait_line(r" info exchange .* outcome=BROWNOUT ").string
        self.assertIn(" deprecated=true caller=curl ", line)

    def test_who_waits_for_100_is_told_at_once(self):
        gate, _ = self.pair(mapping=announced(ALWAYS))
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.SERVICE, b"", [
                ("Content-Length", "5"), ("Expect", "100-continue")]))
            reply = connection.reply()
        self.assertEqual((reply.status, reply.interim), (410, []))

    def test_windows_around_now_and_beside_it(self):
        now = datetime.datetime.now(datetime.timezone.utc)

        def at(days):
            return (now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

        for windows, status in (([(at(-1), at(1))], 410), ([(at(-2), at(-1)), (at(1), at(2))], 200),
                                ([(at(-2), at(-1)), (at(-1), at(1))], 410)):
            with self.subTest(windows):
                gate, _ = self.pair(mapping=announced(*windows))
                self.assertEqual(gate.once("GET", cases.SERVICE).status, status)

    @unittest.skipUnless(walltime.LIBRARY, walltime.NEEDED)
    def test_a_window_opens_and_closes_by_the_clock(self):
        clock = walltime.WallTime(self.folder)
        clock.set("2026-12-01 08:59:59")
        gate = self.gateway(self.upstream(), mapping=announced(
            ("2026-12-01T09:00:00Z", "2026-12-01T09:15:00Z")), env=clock.env)
        with gate.connect() as connection:
            for time, status in (("08:59:59", 200), ("09:00:00", 410), ("09:14:59", 410),
                                 ("09:15:00", 200)):
                clock.set(f"2026-12-01 {time}")
                with self.subTest(time):
                    reply = connection.request("GET", cases.SERVICE)
                    self.assertEqual(reply.status, status)
                    [entry] = self.ask(gate, "/deprecated").json()
                    self.assertEqual(entry["brownouts"][0]["open"], status == 410)
