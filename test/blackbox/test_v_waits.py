"""What is waited for from the service: never longer than it is said, and never less."""
import socket
import threading
import time

import cases
import edges
import mappings
import wire
from edges import BEYOND, CHUNKED, EVENTS, LARGE, RAW, SHORT, chunk, edge

# A route with a timeout of its own.
ROUTE = mappings.EVERYTHING.replace('"chat": ', '"quick": {methods: [GET, POST], timeout: %s}\n'
                                    '      "chat": ')


class Full:
    """An address that never answers a connect: its queue is full."""

    def __init__(self, case):
        self.listener = socket.socket()
        case.addCleanup(self.listener.close)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        place = self.listener.getsockname()
        self.url = "http://127.0.0.1:%d" % place[1]
        for _ in range(4):
            waiting = socket.socket()
            case.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(place)


class Service(edges.Case):
    """What is waited for from the service."""

    @edge("timeouts.upstream_connect")
    def test_connecting(self):
        gate = self.gateway(Full(self), {"workers": 1, "timeouts.upstream_connect": SHORT})
        gate.tolerate(edges.PROVOKED)
        begun = time.monotonic()
        self.assert_error(gate.once("GET", cases.CLIENT), 502, "UPSTREAM_UNREACHABLE")
        self.assert_not_before(begun)

    @staticmethod
    def silent(connection):
        connection.request()
        connection.wait_for_end()

    def late(self, connection):
        connection.request()
        time.sleep(BEYOND)
        connection.send(cases.OK)

    @edge("timeouts.upstream_first_byte")
    def test_first_byte(self):
        gate, service = self.timed(self.silent, upstream_first_byte=None)
        for method, body in (("GET", None), ("POST", b"{}")):
            begun = time.monotonic()
            self.assert_error(gate.once(method, cases.CLIENT, body), 504, "UPSTREAM_TIMEOUT")
            self.assert_not_before(begun)
        service.wait(lambda: all(c.over.is_set() for c in service.connections), "both ends")
        self.assertEqual(len(service.requests), 2)

    @edge("timeouts.upstream_first_byte", "timeouts.upstream_between_bytes")
    def test_the_service_has_time_while_the_client_sends(self):
        gate, _ = self.timed(upstream_first_byte=None, upstream_between_bytes=None)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None, [RAW, CHUNKED])
                            + chunk(b"x"))
            time.sleep(BEYOND)
            connection.send(b"0\r\n\r\n")
            self.assert_passes(connection.reply("POST"))

    @edge("timeouts.upstream_first_byte")
    def test_interim_replies_are_no_reply(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            connection.wait_for_end()

        gate, _ = self.timed(script, upstream_first_byte=None)
        begun = time.monotonic()
        self.assert_error(gate.once("GET", cases.CLIENT), 504, "UPSTREAM_TIMEOUT")
        self.assert_not_before(begun)

    def stalling(self, start):
        def script(connection):
            connection.request()
            connection.send(start)
            connection.wait_for_end()
        return script

    @edge("timeouts.upstream_between_bytes")
    def test_between_bytes(self):
        """A held reply that stalls is still 504, one that has begun is cut."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        for start, status in ((head + b"Content-Length: 9\r\n\r\n[1", 504),
                              (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"[1"), 200)):
            gate, _ = self.timed(self.stalling(start), upstream_between_bytes=None)
            begun = time.monotonic()
            reply = gate.once("GET", cases.CLIENT)
            self.assert_not_before(begun)
            if status == 504:
                self.assert_error(reply, 504, "UPSTREAM_TIMEOUT")
            else:
                self.assertEqual(reply.status, 200)
                self.assertNotEqual(reply.end, "clean")

    def dripping(self, head, piece, **timeouts):
        """A reply of HEAD and PIECE again and again arrives whole."""
        def attempt(pauses):
            def script(connection):
                connection.request()
                connection.send(head)
                for _ in pauses.beyond():
                    connection.send(chunk(piece))
                connection.send(b"0\r\n\r\n")
                connection.wait_for_end(seconds=3600)

            gate, _ = self.timed(script, **timeouts)
            reply = gate.once("GET", cases.CLIENT)
            self.assert_passes(reply)
            self.assertEqual(reply.body, piece * 9)

        self.with_pauses(attempt)

    @edge("timeouts.upstream_between_bytes")
    def test_a_reply_that_drips_passes(self):
        self.dripping(EVENTS.replace(b"event-stream", b"plain"), b"x",
                      upstream_between_bytes=None, upstream_first_byte=None)

    @edge("timeouts.upstream_between_bytes", "timeouts.upstream_stream")
    def test_the_service_has_time_while_the_client_does_not_read(self):
        for media in (b"text/plain", b"text/event-stream"):
            stuck = threading.Event()

            def script(connection, media=media, stuck=stuck):
                connection.request()
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n"
                                % media)
                sent = connection.send_until_stuck(b"\n" * 65536, LARGE - 65536, BEYOND)
                self.assertLess(sent, LARGE - 65536)
                stuck.set()
                connection.send(b"\n" * (LARGE - sent))

            gate, _ = self.timed(script, upstream_between_bytes=None, upstream_stream=None)
            with gate.connect(receive_buffer=1 << 16) as connection:
                connection.send(wire.request_bytes("GET", cases.CLIENT))
                reply = connection.head()
                self.assertTrue(stuck.wait(wire.PATIENCE))
                self.assertEqual(connection.read_body(reply).end, "clean")
                self.assertEqual(reply.body, b"\n" * LARGE)

    @edge("timeouts.upstream_stream")
    def test_an_event_stream_has_a_time_of_its_own(self):
        gate, _ = self.timed(self.stalling(EVENTS + chunk(b"data: 1\n\n")), upstream_stream=None)
        begun = time.monotonic()
        reply = gate.once("GET", cases.CLIENT)
        self.assert_not_before(begun)
        self.assertEqual((reply.status, reply.body), (200, b"data: 1\n\n"))
        self.assertNotEqual(reply.end, "clean")
        self.dripping(EVENTS, b": \n\n", upstream_stream=None)

    @edge("timeouts.upstream_stream")
    def test_an_event_stream_outlives_between_bytes(self):
        def script(connection):
            connection.request()
            connection.send(EVENTS)
            time.sleep(BEYOND)
            connection.send(b"0\r\n\r\n")

        gate, _ = self.timed(script, upstream_between_bytes=None, upstream_first_byte=None)
        self.assert_passes(gate.once("GET", cases.CLIENT))

    def test_a_route_of_its_own(self):
        """A route's timeout stands for all three waits, be it more or less."""
        quick = cases.CLIENT + "/p/quick"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[1"
        for script, status in ((self.silent, 504), (self.stalling(head), 504),
                               (self.stalling(EVENTS), 200)):
            gate, _ = self.timed(script, ROUTE % SHORT)
            begun = time.monotonic()
            reply = gate.once("GET", quick)
            self.assert_not_before(begun)
            self.assertEqual(reply.status, status)
            self.assertEqual(reply.end == "clean", status == 504)
        gate, _ = self.timed(self.late, ROUTE % "1h", upstream_first_byte=None)
        self.assert_passes(gate.once("GET", quick))
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 504)

    @edge("timeouts.upstream_idle")
    def test_an_idle_connection_is_closed_at_its_age(self):
        gate, service = self.timed(upstream_idle=None)

        def attempt(pauses):
            before = len(service.connections)
            for _ in pauses.beyond():
                self.assert_passes(gate.once("GET", cases.CLIENT))
            self.assertLessEqual(len(service.connections), before + 1)

        self.with_pauses(attempt)
        begun = time.monotonic()
        self.assert_passes(gate.once("GET", cases.CLIENT))
        service.wait(lambda: all(c.over.is_set() for c in service.connections), "the end")
        self.assert_not_before(begun)
