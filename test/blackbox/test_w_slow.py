"""Slow clients and slow services: each is cut by its timer, costs little, and holds up nobody."""
import asyncio
import dataclasses
import threading

import cases
import mappings
import pace
import peers
import program
import siege
import slowness
import upstream
import wire

RELEASE = program.BUILD.name == "release"
EACH = 10 if RELEASE else 3
LIMIT = 2.0 if RELEASE else 4.0
COST_LIMIT = 1.0 if RELEASE else 3.0
RAW = [slowness.RAW]
MIB = 1 << 20


class Sieges(cases.Case):
    def besiege(self, limit, attack):
        """Has ATTACK(gate, service), a coroutine, go on around a gateway with timers of LIMIT."""
        def gate_for(service):
            gate = self.gateway(service, slowness.settings(limit), mappings.EVERYTHING)
            for _ in range(20):
                self.assertEqual(gate.once("GET", "/nothing").status, 404)
            return gate

        return peers.play(lambda: peers.Service(slowness.ACTS), gate_for, attack)

    def test_every_way_at_once(self):
        """Peers of all kinds together; each ends as its kind says, and bystanders are served."""
        # The minimum rate has its turn in test/soak/slow.py.
        kinds = [k for k in slowness.KINDS.values() if k.timer != "request_rate"]

        async def attack(gate, service):
            beside = siege.Bystanders(gate)
            try:
                results = await siege.lay(gate, kinds, EACH, LIMIT)
            finally:
                seconds = await asyncio.to_thread(beside.stop)
            return results, seconds

        results, (served, own) = self.besiege(LIMIT, attack)
        faults = {r.kind.name: list(r.faults(LIMIT)) for r in results}
        self.assertEqual({name: told for name, told in faults.items() if told}, {})
        for result in results:
            self.assertEqual(sum(result.endings.values()), siege.number_of(result.kind, EACH))
        self.assertGreater(min(len(served), len(own)), 20)

    def cost(self, name, each):
        """Three waves of EACH peers: what one costs, and that later ones leave nothing behind."""
        kind = dataclasses.replace(slowness.KINDS[name], busy=False)

        async def attack(gate, service):
            held = [gate.memory()]
            for _ in range(3):
                result, = await siege.lay(gate, [kind], each, COST_LIMIT,
                                               lambda: held.append(gate.memory()))
                self.assertEqual(list(result.faults(COST_LIMIT)), [])
            return held

        before, first, second, third = held = self.besiege(COST_LIMIT, attack)
        if RELEASE:
            self.assertLess((first - before) / each, kind.own_bytes, held)
            self.assertLess(third, max(first, second) + (first - before) / 4 + MIB, held)

    def test_a_slow_head_costs_little(self):
        self.cost("head_stalls", 200 if RELEASE else 40)

    def test_a_stalled_upload_costs_little(self):
        self.cost("upload_stalls", 100 if RELEASE else 20)

    def test_an_unread_translated_reply_costs_little(self):
        self.cost("big_translated_unread", 40 if RELEASE else 10)

    def test_unread_events_cost_little(self):
        self.cost("big_events_unread", 40 if RELEASE else 10)

    def test_an_unread_pipeline_costs_little(self):
        self.cost("pipeline_unread", 40 if RELEASE else 10)

    def test_a_siege_can_fail(self):
        """A wrong ending and one before its time are both told."""
        result = siege.Result(slowness.Kind("k", None, "408 clean", timer="request_head"))
        result.endings["200 clean"] += 1
        result.seconds.append(LIMIT / 2)
        self.assertEqual(len(list(result.faults(LIMIT))), 2)


class NobodyAccepts(cases.Case):
    def test_a_service_that_never_accepts_is_502(self):
        """Its queue is full: handshakes go unanswered, for hundreds at once."""
        full = upstream.FullQueue()
        self.addCleanup(full.close)
        gate = self.gateway(full, {"timeouts.upstream_connect": "1s"})
        gate.tolerate("(?i)upstream")
        count = 200 if RELEASE else 40
        begun = wire.time.monotonic()
        waiting = [gate.connect() for _ in range(count)]
        for connection in waiting:
            self.addCleanup(connection.close)
            connection.send(wire.request_bytes("GET", cases.CLIENT))
        self.assertEqual(gate.once("GET", "/nothing").status, 404)
        for connection in waiting:
            self.assert_error(connection.reply(), 502, "UPSTREAM_UNREACHABLE")
        self.assertGreater(wire.time.monotonic() - begun, 0.95)
        if RELEASE:
            self.assertLess(gate.memory_peak(), 48 * MIB)


class OnlyWhileWaitingForIt(cases.Case):
    """Each clock stands while the gateway waits for someone else, and runs again after that."""

    def slow_timers(self, **short):
        values = {f"timeouts.{name}": "60s" for name in slowness.TIMERS}
        values.update({f"timeouts.{name}": "400ms" for name in short})
        return values

    def test_the_clients_stall_clock_stands_while_the_service_does_not_read(self):
        go_on = threading.Event()

        def script(connection):
            request = connection.head()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.body(request)
            connection.send(cases.OK)

        gate, service = self.pair(script, self.slow_timers(request_body=1), receive_buffer=65536)
        gate.tolerate("(?i)upstream")
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None,
                                               RAW + [("Content-Length", str(96 * MIB))]))
            connection.send_until_stuck(b"x" * 65536, 64 * MIB)
            self.assertTrue(connection.quiet(1.2), "the client was blamed")
            go_on.set()
            self.assert_error(connection.reply("POST"), 408, "REQUEST_TIMEOUT")
        service.wait(lambda: service.requests[0].end is not None, "the end of the upload")
        self.assertNotEqual(service.requests[0].end, "clean")

    def test_the_services_clock_stands_while_the_client_does_not_read(self):
        stuck, go_on = threading.Event(), threading.Event()
        total = 64 * MIB

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: %d\r\n\r\n" % total)
            sent = connection.send_until_stuck(b"y" * 65536, total)
            stuck.set()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(b"y" * (total - sent - 1))
            connection.wait_for_end(seconds=3600)

        gate, _ = self.pair(script, self.slow_timers(upstream_between_bytes=1))
        with gate.connect(receive_buffer=65536) as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            reply = connection.head()
            self.assertTrue(stuck.wait(wire.PATIENCE))
            self.assertFalse(connection.quiet(0.8))
            threading.Event().wait(0.8)
            go_on.set()
            read = []
            connection.read_body(reply, sink=lambda piece: read.append(len(piece)))
        # All but the byte that the service kept for too long.
        self.assertEqual((sum(read), reply.end), (total - 1, "truncated"))

    def test_the_services_clocks_stand_while_the_client_sends(self):
        """An upload whose client pauses: first_byte has not begun, between_bytes is held up."""
        gate, _ = self.pair(settings=self.slow_timers(upstream_first_byte=1,
                                                      upstream_between_bytes=1))
        for fields, body in ((RAW, b"u" * 4000),
                             ([("Content-Type", "application/json")], b'"' + b"j" * 100_000 + b'"'),
                             ([("Content-Type", "application/json")], b'{"a":1}')):
            with self.subTest(str(len(body))), gate.connect() as connection:
                whole = wire.request_bytes("POST", cases.CLIENT, body, fields)
                connection.send(whole[:-3])
                self.assertTrue(connection.quiet(1), "the service was blamed")
                connection.send(whole[-3:])
                self.assertEqual(connection.reply("POST").status, 200)

    def test_the_readers_clock_stands_while_nothing_waits_for_it(self):
        """Neither a reply that has not begun nor a pause within it is the client's doing."""
        steps = threading.Semaphore(0)

        def script(connection):
            connection.request()
            connection.send(slowness.EVENT_HEAD)
            self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
            connection.send(b"5\r\n: x\n\n\r\n")
            self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
            connection.send(b"0\r\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, service = self.pair(script, self.slow_timers(reply=1, keep_alive=1, request_head=1,
                                                           request_body=1))
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            reply = connection.head()
            self.assertTrue(connection.quiet(1))
            steps.release()
            connection.until(b": x\n\n\r\n")
            self.assertTrue(connection.quiet(1))
            steps.release()
            self.assertEqual(connection.read_body(reply).end, "clean")

    def test_the_heads_clock_stands_until_it_begins(self):
        gate, _ = self.pair(settings=self.slow_timers(request_head=1))
        with gate.connect() as connection:
            for _ in range(2):
                self.assertTrue(connection.quiet(0.8))
                self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)

    def test_a_half_closed_clients_clock_stands_while_its_upload_moves(self):
        """The service reads on long after the client has sent all and FIN."""
        def script(connection):
            request = connection.head()
            rate = pace.Pace(2_000_000)     # what the kernel holds is gone well within half_close
            connection.body(request, sink=lambda piece: rate(len(piece)))
            connection.send(cases.OK)

        service = self.upstream(script)
        peers.keep_little(service.listener)
        gate = self.gateway(service, {"timeouts.half_close": "5s"})
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, b"u" * 14_000_000, RAW))
            connection.half_close()
            self.assertEqual(connection.reply("POST").status, 200)
