"""A gateway that has seen everything: its page, and who reads it, Prometheus among them."""
import re
import time

import cases
import certificates
import program
import queries
import scrape
import tools
import upstream
import wire

JSON = [("Content-Type", "application/json")]
BOTH = b'{"workspaceId":1,"a":{"workspaceId":2,"dataProductId":3}}'
STREAM = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
REFUSED = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
OUTCOME = re.compile(r"\bX\(([A-Z_]+), ")


def answer(request):
    """What the query says."""
    reply = {"bad": wire.reply_bytes(200, b"{]"), "both": wire.reply_bytes(200, BOTH),
             "stream": STREAM, "status": wire.reply_bytes(999, b"{}")}
    return reply.get(request.target.partition("?")[2], cases.OK)


class Seen(cases.Case):
    """A gateway, and the traffic that every family of the page counts something of."""

    def start(self):
        _, pair = certificates.usual()
        self.gate, self.service = self.pair(upstream.always(answer), {
            "listen": ["127.0.0.1:0", "127.0.0.1:0 tls"],
            "tls.certificates": [str(pair.certificate)], "tls.keys": [str(pair.key)]})
        self.gate.tolerate("(?i)upstream|reload refused|configuration complaint")
        self.traffic()

    def traffic(self):
        gate = self.gate
        for query, status in (("", 200), ("?both", 200), ("?bad", 502), ("?status", 999)):
            with gate.connect() as connection:
                connection.send(wire.request_bytes("GET", cases.CLIENT + query))
                connection.see(f"HTTP/1.1 {status} ".encode())
        for body in (b'{"dataProductId":1}', b"{]", BOTH):
            gate.once("POST", cases.CLIENT, body, JSON)
        gate.once("GET", cases.SERVICE, fields=[("User-Agent", "curl/7.88.1")])
        gate.once("GET", "/nothing")
        gate.once("DELETE", cases.CLIENT)
        with gate.connect() as connection:
            connection.send(REFUSED)
            connection.reply()

    def admin(self, path, method="GET"):
        with wire.Connection(self.gate.admin) as connection:
            return connection.request(method, path)

    def reload(self, good):
        """One reload that is taken or refused."""
        whole = self.gate.config.read_text()
        if not good:
            self.gate.config.write_text(whole + "nonsense: 1\n")
        self.assertEqual(self.admin("/-/reload", "POST").status, 200 if good else 422)
        self.gate.config.write_text(whole)

    def text(self):
        return self.admin("/metrics").body.decode()

    def page(self):
        """The page once all of the traffic has ended."""
        deadline = wire.deadline_in()
        while (scrape.samples(text := self.text())["dpgw_exchanges"] > 0
               or 'method="none"' not in text):     # a refused head takes no place
            self.assertGreater(deadline, time.monotonic(), text)
        return scrape.Page(text)


@tools.needed
class Page(Seen):
    def test_promtool_has_nothing_to_say(self):
        self.start()
        self.reload(True)
        self.reload(False)
        with self.gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT + "?stream"))
            connection.see(b"data: 1")
            page = self.text()
            self.assertEqual(scrape.samples(page)["dpgw_event_streams"], 1)
            self.assertEqual(tools.promtool("check", "metrics", stdin=page.encode()), (0, ""))
        for name, mutant in (
                ("without a help", re.sub(r"# HELP dpgw_exchanges .*\n", "", page)),
                ("a counter's name", page.replace("dpgw_outcomes_total", "dpgw_outcomes")),
                ("no number", page.replace("dpgw_draining 0", "dpgw_draining none")),
                ("a bare quote", page.replace('outcome="OK"', 'outcome="O"K"'))):
            with self.subTest(name):
                self.assertNotEqual(page, mutant)
                self.assertNotEqual(tools.promtool("check", "metrics", stdin=mutant.encode())[0], 0)

    def test_labels_come_from_the_mapping_and_the_tables(self):
        self.start()
        page = self.page()
        routes = {r["client"] for r in self.admin("/routes").json()}
        table = (program.ROOT / "gateway/exchange/outcome.h").read_text()
        for name, labels in page.values.items():
            self.assertLessEqual(labels.get("route", set()), routes | {"none"}, name)
        requests = page.values["dpgw_requests_total"]
        self.assertEqual(requests["method"], {"GET", "POST", "DELETE", "none"})
        self.assertEqual(requests["status"], {"200", "400", "404", "405", "502", "other"})
        self.assertEqual(page.values["dpgw_deprecated_requests_total"]["client"], {"curl"})
        self.assertEqual(page.values["dpgw_outcomes_total"]["outcome"], set(OUTCOME.findall(table)))

    def test_the_dashboard_and_the_alerts_ask_for_what_there_is(self):
        self.start()
        page = self.page()
        asked = {**queries.of_alerts(), **queries.of_dashboard()}
        for where, query in asked.items():
            with self.subTest(where):
                self.assertEqual(queries.complaints(query, page), [])
        for broken in ('rate(dpgw_request_total[5m])', 'dpgw_requests_total{path="/"}',
                       'dpgw_outcomes_total{outcome=~"OK|UPSTREAM_SLO"}',
                       'sum by (rout) (dpgw_requests_total)'):
            with self.subTest(broken):
                self.assertEqual(len(queries.complaints(broken, page)), 1)
        named = {name for query in asked.values() for name, _ in queries.METRIC.findall(query)}
        unseen = {family for family in page.types if family.startswith("dpgw_") and not any(
            name.startswith(family) for name in named)}
        self.assertEqual(unseen, set(), "families that nobody looks at")

    def test_readme_has_every_family(self):
        self.start()
        page = self.page()
        table = ["| family | type | labels | what it is |", "|---|---|---|---|"]
        for family, kind in page.types.items():
            if family.startswith("dpgw_"):
                sample = family + "_count" * (kind == "histogram")
                labels = ", ".join(f"`{label}`" for label in page.values.get(sample, {}))
                table.append(f"| `{family}` | {kind} | {labels} | {page.helps[family]} |")
        readme = (program.ROOT / "README.md").read_text()
        found = re.search(r"<!-- metrics: begin -->\n(.*?)<!-- metrics: end -->", readme, re.S)
        self.assertEqual(found.group(1).splitlines(), table, "\n".join(table))

    def test_the_dashboard_is_whole(self):
        board = queries.dashboard()
        panels = board["panels"]
        self.assertEqual((board["uid"], board["title"]), ("dpgw", "Data Products Gateway"))
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
            for target in panel.get("targets", []):
                self.assertEqual(target["datasource"]["uid"], "${datasource}")
        variables = {v["name"] for v in board["templating"]["list"]}
        used = set(re.findall(r"\$\{?(\w+)", queries.DASHBOARD.read_text())) - {
            "__rate_interval", "__all"}
        self.assertEqual(used, variables)


@tools.needed
class Read(Seen):
    def test_prometheus_answers_every_query(self):
        self.start()
        reader = tools.Prometheus(self.folder, self.gate.admin)
        self.addCleanup(lambda: self.assertEqual(reader.stop(), 0))

        def until(condition):
            deadline = wire.deadline_in()
            while not condition():
                self.assertGreater(deadline, time.monotonic(), reader.lines[-5:])

        def count(query):
            return float((reader.query(query) or [{"value": [0, "0"]}])[0]["value"][1])

        until(lambda: count("count_over_time(dpgw_build_info[5m])") >= 1)
        self.traffic()
        self.reload(False)
        until(lambda: count("max_over_time(dpgw_reloads_total{result=\"refused\"}[5m])") == 1)
        self.assertEqual(count('up{job="dpgw"}'), 1)
        for where, query in queries.of_dashboard().items():
            with self.subTest(where):
                self.assertNotEqual(reader.query(query.removesuffix(" > 0")), [], query)

        def alerts():
            return {rule["name"]: rule for group in reader.ask("rules")["groups"]
                    for rule in group["rules"]}
        until(lambda: alerts()["DpgwReloadRefused"]["state"] == "pending")
        for name, alert in alerts().items():
            self.assertEqual(alert["health"], "ok", (name, alert))
        self.assertEqual(alerts()["DpgwMemoryPressure"]["state"], "inactive")
