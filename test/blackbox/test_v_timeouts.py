"""Timeouts: none strikes early, each strikes in the end, and only while it waits for that side."""
import signal
import threading
import time

import cases
import edges
import upstream
import wire
from edges import BEYOND, CHUNKED, EVENTS, JSON, LARGE, RAW, chunk, edge


class Client(edges.Case):
    """What is waited for from the client."""

    @edge("timeouts.request_head")
    def test_a_head_is_408_however_it_drips(self):
        gate, service = self.timed(request_head=None)
        with gate.connect() as connection:
            time.sleep(BEYOND)   # nothing has begun yet
            begun = time.monotonic()
            head = wire.request_bytes("GET", cases.CLIENT, fields=[("X", "x" * 4000)])
            try:
                for at in range(len(head) - 4):
                    connection.send(head[at:at + 1])
                    if not connection.quiet(edges.SHORT_MS / 6000):
                        break
            except ConnectionError:
                pass
            self.assert_error(connection.reply(), 408, "REQUEST_TIMEOUT")
            self.assert_not_before(begun)
            self.assertEqual(connection.end(), "fin")
        self.assertEqual(service.requests, [])

    @edge("timeouts.request_head")
    def test_each_head_has_its_time(self):
        gate, _ = self.timed(request_head=None)

        def attempt(pauses):
            with gate.connect() as connection:
                head = wire.request_bytes("GET", cases.CLIENT)
                for _ in pauses.beyond():
                    connection.send(head[:9])
                    pauses()
                    connection.send(head[9:])
                    self.assert_passes(connection.reply())

        self.with_pauses(attempt)

    def upload(self, connection, body=None):
        fields = [RAW, CHUNKED] if body is None else [RAW, ("Content-Length", str(body))]
        connection.send(wire.request_bytes("POST", cases.CLIENT, None, fields))

    @edge("timeouts.request_body")
    def test_a_body_that_stalls_is_408(self):
        for fields, start in (([JSON, ("Content-Length", "9")], b'{"a"'),
                              ([RAW, CHUNKED], b"5\r\nab"), ([RAW, CHUNKED], b"")):
            gate, service = self.timed(request_body=None)
            with gate.connect() as connection:
                begun = time.monotonic()
                connection.send(wire.request_bytes("POST", cases.CLIENT, None, fields) + start)
                self.assert_error(connection.reply("POST"), 408, "REQUEST_TIMEOUT")
                self.assert_not_before(begun)
            self.assertNotIn("clean", [r.end for r in service.requests])

    @edge("timeouts.request_body")
    def test_a_body_that_drips_passes(self):
        gate, _ = self.timed(request_body=None)

        def attempt(pauses):
            with gate.connect() as connection:
                self.upload(connection)
                for _ in pauses.beyond():
                    connection.send(chunk(b"x"))
                connection.send(b"0\r\n\r\n")
                self.assert_passes(connection.reply("POST"))

        self.with_pauses(attempt)

    @edge("timeouts.request_body")
    def test_a_body_that_the_service_does_not_take_has_time(self):
        go_on = threading.Event()

        def script(connection):
            request = connection.head()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.body(request)
            connection.send(cases.OK)

        gate, _ = self.timed(script, receive_buffer=1 << 16, request_body=None,
                             settings={"limits.buffer_high": 65536, "limits.buffer_low": 4096})

        def attempt(pauses):
            go_on.clear()
            with gate.connect() as connection:
                self.upload(connection, LARGE)
                sent = connection.send_until_stuck(b"x" * 65536, LARGE - 65536, BEYOND)
                self.assertLess(sent, LARGE - 65536)
                pauses.begin()
                go_on.set()
                for at in range(sent, LARGE, 65536):
                    connection.send(b"x" * min(65536, LARGE - at))
                    pauses.look()
                self.assert_passes(connection.reply("POST"))

        self.with_pauses(attempt)

    def large(self, connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                        b"Content-Length: %d\r\n\r\n" % LARGE)

    @edge("timeouts.request_rate")
    def test_a_body_that_is_too_slow_is_408(self):
        """On average, and not before ten seconds; off, it may be as slow as it likes."""
        gate, _ = self.timed(request_rate=400)
        patient, _ = self.timed(request_rate=0)
        begun, ends = time.monotonic(), {}
        # gateway, bytes of each piece: half a second's at 400 a second are 200
        rates = {"fast": (gate, 300), "slow": (gate, 100), "patient": (patient, 1)}

        def drip(name, gate, size):
            with gate.connect() as connection:
                self.upload(connection)
                until = begun + 12
                while time.monotonic() < until and connection.quiet(0.5):
                    connection.send(chunk(b"x" * size))
                if time.monotonic() >= until:
                    connection.send(b"0\r\n\r\n")
                ends[name] = connection.reply("POST"), time.monotonic() - begun

        threads = [threading.Thread(target=drip, args=(name, *rate)) for name, rate in rates.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assert_passes(ends["fast"][0])
        self.assert_passes(ends["patient"][0])
        self.assert_error(ends["slow"][0], 408, "REQUEST_TIMEOUT")
        self.assertGreaterEqual(ends["slow"][1], 10 - edges.GRAIN)

    @edge("timeouts.reply")
    def test_a_client_that_does_not_read_is_reset(self):
        def script(connection):
            self.large(connection)
            try:
                connection.send(b"x" * LARGE)
            except ConnectionError:
                pass

        gate, service = self.timed(script, reply=None)
        with gate.connect(receive_buffer=1 << 16) as connection:
            begun = time.monotonic()
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait(lambda: service.connections and service.connections[0].over.is_set(),
                         "the end of the transfer")
            self.assert_not_before(begun)
            reply = connection.reply()
            self.assertEqual((reply.status, reply.end), (200, "reset"))

    @edge("timeouts.reply")
    def test_a_client_that_reads_slowly_gets_all(self):
        def script(connection):
            self.large(connection)
            try:
                connection.send(b"x" * LARGE)
                connection.wait_for_end(seconds=3600)
            except ConnectionError:
                pass

        gate, _ = self.timed(script, reply=None)

        def attempt(pauses):
            with gate.connect(receive_buffer=1 << 16) as connection:
                connection.send(wire.request_bytes("GET", cases.CLIENT))
                reply = connection.head()
                left = iter(pauses.beyond())
                since = [0]

                def pace(waiting):
                    since[0] += waiting
                    if since[0] > 2 << 20:
                        since[0] = 0
                        next(left, None)

                self.assertEqual(connection.read_body(reply, pace=pace).end, "clean")
                self.assertEqual(len(reply.body), LARGE)

        self.with_pauses(attempt)

    @edge("timeouts.reply")
    def test_a_client_that_has_nothing_to_read_has_time(self):
        def script(connection):
            connection.request()
            connection.send(EVENTS + chunk(b"data: 1\n\n"))
            time.sleep(BEYOND)
            connection.send(chunk(b"data: 2\n\n") + b"0\r\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, _ = self.timed(script, reply=None)
        reply = gate.once("GET", cases.CLIENT)
        self.assert_passes(reply)
        self.assertEqual(reply.body, b"data: 1\n\ndata: 2\n\n")

    @edge("timeouts.keep_alive")
    def test_a_silent_connection_is_closed(self):
        gate, _ = self.timed(keep_alive=None)
        begun = time.monotonic()
        with gate.connect() as connection:
            self.assertEqual(connection.end(), "fin")
            self.assert_not_before(begun)
        with gate.connect() as connection:
            begun = time.monotonic()
            self.assert_passes(connection.request("GET", cases.CLIENT))
            self.assertEqual(connection.end(), "fin")
            self.assert_not_before(begun)

    @edge("timeouts.keep_alive")
    def test_each_request_keeps_it_open(self):
        def script(connection):
            upstream.serve(connection, lambda r: time.sleep(
                BEYOND if r.target.endswith("slow") else 0) or cases.OK)

        gate, _ = self.timed(script, keep_alive=None)

        def attempt(pauses):
            with gate.connect() as connection:
                for _ in pauses.beyond():
                    self.assert_passes(connection.request("GET", cases.CLIENT))

        self.with_pauses(attempt)
        self.assert_passes(gate.once("GET", cases.CLIENT + "/slow"))

    @edge("timeouts.half_close")
    def test_a_half_closed_client_that_nothing_goes_on_for(self):
        ended = threading.Event()

        def script(connection):
            connection.request()
            connection.wait_for_end()
            ended.set()

        gate, service = self.timed(script, half_close=None)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, b"{}"))
            service.wait_requests(1)
            begun = time.monotonic()
            connection.half_close()
            self.assertEqual(connection.drain(), b"")
            self.assert_not_before(begun)
            self.assertTrue(ended.wait(wire.PATIENCE))

    @edge("timeouts.half_close")
    def test_a_half_closed_client_gets_a_reply_that_drips(self):
        gate, _ = self.timed(lambda connection: script(connection), half_close=None)

        def attempt(pauses):
            nonlocal script

            def script(connection):
                connection.request()
                connection.send(EVENTS)
                for step in pauses.beyond():
                    connection.send(chunk(b"data: %d\n\n" % step))
                connection.send(b"0\r\n\r\n")

            with gate.connect() as connection:
                connection.send(wire.request_bytes("POST", cases.CLIENT, b"{}"))
                connection.half_close()
                reply = connection.reply("POST")
                self.assert_passes(reply)
                self.assertEqual(reply.body.count(b"\n\n"), 9)

        script = None
        self.with_pauses(attempt)


class Whole(edges.Case):
    """A whole exchange, and a whole process."""

    @edge("timeouts.exchange")
    def test_exchange(self):
        """Neither a reply nor a request that drips prolongs it."""
        def script(connection):
            request = connection.head()
            try:
                if request.method == "POST":
                    connection.body(request)
                if request.target.endswith("drips"):
                    connection.send(EVENTS)
                    while not connection.over.wait(edges.SHORT_MS / 6000):
                        connection.send(chunk(b": \n\n"))
                connection.wait_for_end()
            except ConnectionError:
                pass

        gate, _ = self.timed(script, exchange=None)
        gate.tolerate("exchange")
        begun = time.monotonic()
        self.assert_error(gate.once("GET", cases.CLIENT), 504, "UPSTREAM_TIMEOUT")
        self.assert_not_before(begun)
        begun = time.monotonic()
        reply = gate.once("GET", cases.CLIENT + "/drips")
        self.assert_not_before(begun)
        self.assertEqual(reply.status, 200)
        self.assertNotEqual(reply.end, "clean")
        begun = time.monotonic()
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [RAW, CHUNKED]))
            while connection.quiet(edges.SHORT_MS / 6000):
                connection.send(chunk(b"x"))
            self.assert_error(connection.reply("POST"), 504, "UPSTREAM_TIMEOUT")
        self.assert_not_before(begun)

    @edge("timeouts.exchange")
    def test_each_exchange_has_its_time(self):
        gate, _ = self.timed(exchange=None)

        def attempt(pauses):
            with gate.connect() as connection:
                for _ in pauses.beyond():
                    self.assert_passes(connection.request("GET", cases.CLIENT))

        self.with_pauses(attempt)

    @edge("timeouts.drain")
    def test_drain(self):
        def silent(connection):
            connection.request()
            connection.wait_for_end()

        gate, service = self.timed(silent, drain=None)
        gate.expect_line("drain limit reached")
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            begun = time.monotonic()
            gate.signal(signal.SIGTERM)
            self.assertEqual(gate.wait_end(), 0)
            self.assert_not_before(begun)

    @edge("timeouts.drain")
    def test_what_ends_within_the_drain_is_whole(self):
        go_on = threading.Event()

        def script(connection):
            connection.request()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(cases.OK)

        gate, service = self.timed(script, drain="1h")
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            service.wait_requests(1)
            gate.signal(signal.SIGTERM)
            gate.wait_line("draining")
            go_on.set()
            self.assert_passes(connection.reply())
            self.assertEqual(gate.wait_end(), 0)
