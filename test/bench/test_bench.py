"""test_bench.py - a measurement that does not count is found out"""
import contextlib
import io
import json
import pathlib
import tempfile
import threading
import unittest
import unittest.mock
import xml.etree.ElementTree

import beside
import cases
import chart
import judge
import lineup
import probe
import proxies
import tables
import targets
import turns
import upstream
import wire
import work as works

ROW = lineup.Row("row", "row", None)
LOOSE = lineup.Row("loose", "loose", None, to_the_byte=False)
WHOLE, LARGE = works.works()[0], works.works()[-1]


def measured(*cpu, void=(), latency=(), at_least=False):
    """A row asked at 100 a second that took CPU, and half of that flat out, at 500."""
    return {"turns": [{"cpu_us": c} for c in cpu], "cpu_us": tables.spread(cpu),
            "flat": [{"cpu_us": c / 2} for c in cpu], "flat_cpu_us": tables.spread([c / 2 for c in cpu]),
            "rate": tables.spread([100]), "rps": tables.spread([500]), "at_least": at_least,
            "client_core": tables.spread([0.5]), "void": list(void), "latency": list(latency),
            "peak_bytes": 1 << 20}


class Judge(unittest.TestCase):
    """Of one reply, and of a whole run."""

    def assert_void(self, check, *arguments):
        with self.assertRaises(judge.Void):
            check(*arguments)

    def test_a_reply_is_right_to_the_byte(self):
        judge.reply(200, b'{"a":1.10}', b'{"a":1.10}', True)
        self.assert_void(judge.reply, 200, b'{"a":1.1}', b'{"a":1.10}', True)
        self.assert_void(judge.reply, 502, b'{"a":1.10}', b'{"a":1.10}', True)

    def test_a_decoded_reply_says_the_same(self):
        client, service = WHOLE.reply
        again = json.dumps(json.loads(client), sort_keys=True).encode()
        judge.reply(200, again, client, False)
        self.assert_void(judge.reply, 200, again, client, True)
        self.assert_void(judge.reply, 200, service, client, False)
        self.assert_void(judge.reply, 200, client[:-1], client, False)

    def test_what_counts_as_the_same(self):
        for one, other, same in (({"a": [1, 2]}, {"a": [1, 2]}, True), ([], {}, True),
                                 (9007199254740993, 9007199254740992, True), (1, 2, False),
                                 ([1, 2], [2, 1], False), ({"a": 1}, {"b": 1}, False),
                                 (True, 1, False), ("a", "b", False), (None, "", False),
                                 ([], [1], False), ({"a": {"b": []}}, {"a": {"b": {}}}, True)):
            self.assertEqual(judge.same(one, other), same, (one, other))

    def test_a_busy_client_voids(self):
        judge.client_core(0.9)
        self.assert_void(judge.client_core, 0.91)

    def test_a_slow_service_voids(self):
        judge.upstream(3000, 1000)
        self.assert_void(judge.upstream, 2999, 1000)

    def test_a_void_run_meets_no_target(self):
        works_ = {"1k": {"label": "1 KB", "void": [], "rows": {
            "dpgw": measured(30, 32), "nginx": measured(20, 16), "lua": measured(20, 20),
            "direct": measured(1)}}}
        bench = {"works": works_, "labels": {"dpgw": "dpgw", "nginx": "nginx", "lua": "lua"}}
        self.assertEqual([r[2:] for r in targets.rows(bench)],
                         [["1.75 (1.50–2.00), flat out 1.75", "met"],
                          ["1.55 (1.50–1.60), flat out 1.55", "not met"]])
        works_["1k"]["rows"]["nginx"]["void"] = ["busy"]
        self.assertEqual([r[3] for r in targets.rows(bench)], ["void", "not met"])
        works_["1k"]["void"] = ["slow"]
        self.assertEqual([r[3] for r in targets.rows(bench)], ["void", "void"])


class Caller(cases.Case):
    """Our own client, before a scripted service or the gateway."""

    def call(self, script, count, rate=0, row=ROW, expected=b"right"):
        service = self.upstream(script)
        (self.folder / "request").write_bytes(wire.request_bytes("GET", "/"))
        (self.folder / "expected").write_bytes(expected)
        return turns.call(self.folder, service.url.removeprefix("http://"),
                          WHOLE if rate else LARGE, row, count, rate, core=0)

    def test_right_replies_are_counted(self):
        result = self.call(upstream.always(wire.reply_bytes(200, b"right")), 20)
        self.assertEqual((result["requests"], result["errors"]), (20, 0))

    def test_a_wrong_reply_is_found_out(self):
        for wrong in (wire.reply_bytes(200, b"wrong"), wire.reply_bytes(200, b"righ"),
                      wire.reply_bytes(200, b"rightt"), wire.reply_bytes(500, b"right")):
            right = wire.reply_bytes(200, b"right")
            result = self.call(upstream.answers(right, wrong, right), 3)
            self.assertEqual((result["requests"], result["errors"]), (3, 1), wrong)

    def test_where_only_length_counts(self):
        right = wire.reply_bytes(200, b"right")
        self.assertEqual(self.call(upstream.answers(wire.reply_bytes(200, b"wrong"), right), 2,
                                   row=LOOSE)["errors"], 0)
        self.assertEqual(self.call(upstream.answers(wire.reply_bytes(200, b"wro"), right), 2,
                                   row=LOOSE)["errors"], 1)

    def test_chunked_replies_are_read(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunked = head + b"2;x=y\r\nri\r\n3\r\nght\r\n0\r\nA: b\r\n\r\n"
        self.assertEqual(self.call(upstream.always(chunked), 5)["errors"], 0)
        self.assertEqual(self.call(upstream.always(head + b"2\r\nri\r\n0\r\n\r\n"), 5)["errors"], 5)

    def test_a_broken_reply_voids(self):
        with self.assertRaises(judge.Void):
            self.call(lambda connection: connection.request() and connection.send(b"HTTP/1.1 2"), 1)

    def test_an_open_loop_waits_for_nobody(self):
        """Nobody is answered before all have asked; a closed loop would stand still."""
        everybody = threading.Barrier(8)

        def answer(_):
            everybody.wait(wire.PATIENCE)
            return wire.reply_bytes(200, b"right")

        result = self.call(upstream.always(answer), 8, rate=1000)
        self.assertEqual((result["requests"], result["errors"]), (8, 0))
        self.assertGreaterEqual(result["p99_us"], result["p50_us"])

    def test_a_reply_in_the_wrong_dialect_voids(self):
        """The gateway's own turn, before a service that answers what it should, and not."""
        for body, right in ((WHOLE.reply[works.SERVICE], True), (b'{"workspace":1}', False)):
            service = self.upstream(upstream.always(wire.reply_bytes(
                200, body, [("Content-Type", "application/json")])))
            gate = self.gateway(service)
            if right:
                turns.sample(gate.client, WHOLE, ROW)
            else:
                with self.assertRaises(judge.Void):
                    turns.sample(gate.client, WHOLE, ROW)


class Fake:
    """A proxy that is asked nothing, since `Rates` has no clients."""

    def __init__(self, *_):
        self.address = None

    def peak(self):
        return 1 << 20

    def finish(self):
        pass


class Rates(cases.Case):
    """How often each row is asked, and what follows of the clients' core; the clients are ours."""

    flat = {"dpgw": 1000, "fast": 3000, "slow": 100, "direct": 9000}

    def compared(self, busy, flat_busy=0.5, broken=()):
        """What becomes of three rows if the clients' core is BUSY; whom was what asked."""
        asked = []

        def turn(_folder, _running, _work, row, _count=None, rate=0, core=None):
            if row.name in broken and rate:
                raise judge.Void("broken")
            asked.append((row.name, rate))
            return {"cpu_us": 1, "rps": rate or self.flat[row.name], "p50_us": 1, "p99_us": 1,
                    "client_core": busy if rate else flat_busy}

        rows = [lineup.Row(name, name, Fake) for name in ("dpgw", "fast", "slow")]
        with unittest.mock.patch.multiple(turns, turn=turn, sample=unittest.mock.DEFAULT,
                                          asked=unittest.mock.DEFAULT), \
                unittest.mock.patch.object(proxies.Comparison, "_by_curl", lambda _: {"rps": 1}):
            folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
            found = proxies.Comparison(folder, Fake(), rows, WHOLE).run()
        return found, set(asked)

    def test_none_is_asked_for_more_than_the_gateway_can(self):
        found, asked = self.compared(0.5)
        self.assertEqual({one for one in asked if one[1]},
                         {("dpgw", 700), ("fast", 700), ("slow", 70), ("direct", 300)})
        self.assertEqual([found["void"], *(row["void"] for row in found["rows"].values())], [[]] * 6)

    def test_a_core_that_is_busy_at_that_rate_voids(self):
        found, _ = self.compared(0.91)
        self.assertIn("91 % busy", found["rows"]["dpgw"]["void"][0])

    def test_a_core_that_is_busy_flat_out_hides_the_most(self):
        for busy, hidden in ((0.91, True), (0.9, False)):
            row = self.compared(0.5, busy)[0]["rows"]["dpgw"]
            self.assertEqual((row["at_least"], row["void"]), (hidden, []))

    def test_a_slow_service_voids_all(self):
        self.flat = {**self.flat, "direct": 2099}
        self.assertIn("less than 3 times the 700", self.compared(0.5)[0]["void"][0])

    def test_a_service_that_fails_voids_all(self):
        found, _ = self.compared(0.5, broken=("direct",))
        self.assertIn("less than 3 times", found["void"][0])
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            tables.show_work(found, [lineup.Row(name, name, Fake) for name in self.flat])
        self.assertIn("void: the service answered 0 requests", shown.getvalue())

    def test_a_row_with_a_wrong_reply_is_out(self):
        found, _ = self.compared(0.5, broken=("fast",))
        self.assertEqual((found["rows"]["fast"]["void"], found["rows"]["fast"]["turns"]),
                         (["broken"], []))
        self.assertEqual(len(found["rows"]["slow"]["turns"]), proxies.ROUNDS["paced"])


class Probe(cases.Case):
    """What is found out about the gateway is what it promises."""

    def test_the_gateway_keeps_everything(self):
        row = lineup.Row("dpgw", "dpgw", lambda folder, address, _: self.running(folder, address))
        found = probe.probe(self.folder, row)
        self.assertEqual({k for k, v in found.items() if v is True},
                         {"numbers", "order", "duplicates", "empty", "escapes", "names", "streamed"})
        self.assertEqual((found["requests"], found["events"]), ("to the byte", "translated"))

    def running(self, _, address):
        gate = self.gateway(f"http://{address}")
        gate.address = gate.client
        return gate

    def test_a_service_bare_of_translation_shows(self):
        kept = probe.bytes_kept(b'{"workspaceId":"workspaceId","big":9007199254740992,"tenth":1.1,'
                                b'"a":3,"m":{"workspace":2},"z":1,"twice":2,"text":"x","none":{}}')
        self.assertEqual(set(kept.values()), {False})
        self.assertEqual(probe.became_of(works.dialects.both(works.REQUEST)[works.SERVICE]
                                         .replace(b"limit", b"limits")), "wrong")


class Figures(unittest.TestCase):
    """Tables and plot say what was measured."""

    bench = {"date": "2026-01-02", "commit": "abc", "machine": "a machine",
             "labels": {"dpgw": "**dpgw**", "nginx": "nginx `proxy_pass`", "direct": "direct"},
             "shares": {"paced": 0.7},
             "works": {"1k": {"label": "1 KB", "void": ["why"], "counted": False, "rows": {
                 "dpgw": measured(30, 40, 50, latency=[{"p50_us": 110, "p99_us": 210}]),
                 "nginx": measured(20, 20, 20, latency=[{"p50_us": 105, "p99_us": 205}],
                                   at_least=True),
                 "direct": {"turns": [], "flat": [{"cpu_us": 9}] * 3, "void": [],
                            "latency": [{"p50_us": 100, "p99_us": 200}], "peak_bytes": None}}}},
             "streams": {"dpgw": {"streams": 1000, "each_bytes": 20480, "a_second": 5,
                                  "cpu_us": 26, "translated": True}}}

    def test_ratios_are_taken_round_by_round(self):
        rows = self.bench["works"]["1k"]["rows"]
        self.assertEqual(tables.ratios(rows["dpgw"], rows["nginx"]),
                         {"median": 2, "least": 1.5, "most": 2.5})
        self.assertEqual(tables.ratios(measured(10, 40), measured(5, 10))["median"], 3)

    def test_a_row_of_the_table(self):
        _, rows = beside.requests(self.bench, self.bench["works"]["1k"])
        self.assertEqual(rows[0], ["**dpgw**", "40.0 (30.0–50.0)", "100", "–", "20.0", "–", "500",
                                   "10", "10", "1.0"])
        self.assertEqual(rows[1][3:7], ["2.00", "10.0", "2.00", "≥ 500"])

    def test_latency_added_has_its_target(self):
        """Twice nginx's is met, whatever the sign of what the machine's noise adds."""
        for p99, met in ((210, "met"), (211, "not met"), (190, "met")):
            works_ = {"1k": {**self.bench["works"]["1k"], "void": []}}
            works_["1k"]["rows"] = {**works_["1k"]["rows"], "dpgw": measured(
                30, latency=[{"p50_us": 110, "p99_us": p99}])}
            row = next(r for r in targets.rows({**self.bench, "works": works_}) if "p99" in r[0])
            self.assertEqual(row[2:], [f"{p99 - 200} µs, nginx 5 µs", met])
            works_["1k"]["rows"]["dpgw"]["void"].append("busy")
            row = next(r for r in targets.rows({**self.bench, "works": works_}) if "p99" in r[0])
            self.assertEqual(row[3], "void")

    def test_what_one_core_carries(self):
        _, rows = beside.sizing(self.bench)
        self.assertEqual([cells for _, cells in rows], ["500", "20.0 KiB", "13 %"])

    def test_what_was_not_measured_has_no_table(self):
        heads = [head[0] for head, _ in beside.all_tables({**self.bench, "works": {}}, None)]
        self.assertEqual(heads, ["target, within one run", "one worker on one core", ""])

    def test_why_it_is_void_is_said(self):
        *_, (head, rows) = beside.all_tables(self.bench, None)
        self.assertIn("void", head[0])
        self.assertEqual(rows, [["1 KB", "", "why"]])

    def test_the_plot_has_a_bar_each(self):
        drawn = xml.etree.ElementTree.fromstring(chart.svg(self.bench))
        kinds = [e.get("class") for e in drawn.iter("{http://www.w3.org/2000/svg}rect")]
        self.assertEqual(kinds, ["page", "own", "bar"])
        self.assertEqual([e.text for e in drawn.iter("{http://www.w3.org/2000/svg}text")
                          if "(void)" in e.text], ["40 µs (void)", "20 µs (void)"])


class Work(unittest.TestCase):
    """Documents are of their size, and both dialects differ in names alone."""

    def test_sizes(self):
        for work, size in zip(works.works(), (1 << 10, 12 << 10, 1 << 10, 1200 << 10, 12 << 20)):
            self.assertTrue(0.95 <= len(work.reply[works.SERVICE]) / size <= 1.05, work.name)

    def test_both_dialects_say_the_same(self):
        client, service = (json.loads(side) for side in WHOLE.reply)
        self.assertFalse(judge.same(client, service))
        self.assertEqual(client["data"]["dataProduct"]["revision"],
                         service["data"]["workspace"]["revision"])
