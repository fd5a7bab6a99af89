"""The harness itself: what it is there to catch, it catches."""
import threading

import cases
import gateway
import program
import upstream
import wire


class Harness(cases.Case):
    MALFORMED = [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
    ]

    def direct(self, reply, end="close"):
        """What the client makes of REPLY when there is no gateway in between."""
        def script(connection):
            connection.request()
            connection.send(reply)
            if end == "reset":
                self.assertTrue(seen.wait(wire.PATIENCE))
                connection.reset()

        seen = threading.Event()
        service = self.upstream(script)
        with wire.Connection(service.url.removeprefix("http://")) as connection:
            connection.send(wire.request_bytes("GET", "/"))
            head = connection.head()
            seen.set()
            return connection.read_body(head)

    def test_malformed_replies_are_refused(self):
        for reply in self.MALFORMED:
            with self.subTest(reply), self.assertRaises(wire.WireError):
                self.direct(reply)

    def test_endings_are_told_apart(self):
        length = wire.reply_bytes(200, b"0123456789")
        chunks = wire.reply_bytes(200, b"0123456789", framing="chunked", size=3)
        close = wire.reply_bytes(200, b"0123456789", framing="close")
        for reply, end, wanted in (
                (length, "close", "clean"), (chunks, "close", "clean"), (close, "close", "clean"),
                (length[:-1], "close", "truncated"), (chunks[:-3], "close", "truncated"),
                (chunks[:-7], "close", "truncated"), (length[:-1], "reset", "reset"),
                (chunks[:-7], "reset", "reset"), (close, "reset", "reset")):
            with self.subTest(f"{reply[-20:]} {end}"):
                self.assertEqual(self.direct(reply, end).end, wanted)

    def test_a_second_request_or_a_cut_one_is_seen(self):
        service = self.upstream()
        with wire.Connection(service.url.removeprefix("http://")) as connection:
            connection.send(wire.request_bytes("POST", "/a", b"{}")
                            + wire.request_bytes("POST", "/b", b"{}")[:-1])
            self.assertEqual(connection.reply().status, 200)
            service.wait_requests(2)
        service.wait(lambda: service.requests[1].end is not None, "the end of the second")
        self.assertEqual([r.end for r in service.requests], ["clean", "truncated"])

    def test_a_fault_in_a_script_is_told(self):
        def script(connection):
            connection.request()
            raise wire.WireError("planted")

        service = upstream.Upstream(script)
        with wire.Connection(service.url.removeprefix("http://")) as connection:
            connection.send(wire.request_bytes("GET", "/"))
            connection.drain()
        with self.assertRaisesRegex(wire.WireError, "planted"):
            service.close()

    def test_complaints_and_sanitizer_reports_are_seen(self):
        made = gateway.Gateway.__new__(gateway.Gateway)
        made.expected, made.tolerated = [], ["tolerated"]
        made.lines = [
            "2026-11-22T13:20:36.893Z info ready workers=2",
            "2026-11-22T13:20:36.893Z warn something odd=1",
            "2026-11-22T13:20:36.893Z error worse=1",
            '{"time":"x","level":"warn","event":"odd"}',
            "2026-11-22T13:20:36.893Z warn tolerated",
            "==7==ERROR: AddressSanitizer: heap-use-after-free",
            "x.c:1:2: runtime error: shift exponent 64 is too large",
            "WARNING: ThreadSanitizer: data race (pid=1)",
        ]
        self.assertEqual(made.complaints(), [made.lines[i] for i in (1, 2, 3, 5, 6, 7)])

    def test_the_peak_of_memory_is_read(self):
        service = program.example_service()
        self.addCleanup(service.stop)
        self.assertGreaterEqual(service.memory_peak(), service.memory())
        self.assertGreater(service.memory(), 1 << 20)
