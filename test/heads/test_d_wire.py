"""Every row through the gateway itself: what is refused ends there, what is accepted arrives once.

A refused head or body is followed by a valid request on the same connection,
in the same segment and in one of its own.  The client gets the named status
and the connection's end; the service gets nothing.
"""
import concurrent.futures

import cases
import corpus
import judge
import reliability
import table
import upstream
import wire

MAPPING = 'version: 1\npassthrough:\n  - path: "/**"\n'
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
AT_ONCE = 16                     # connections


def mark(request):
    """What the service answers: what it got."""
    return wire.reply_bytes(200, request.body, [
        ("Content-Type", "application/octet-stream"), ("X-Target", request.target)])


def first_method(data):
    """How the answer to DATA is framed: as one to HEAD or not."""
    return "HEAD" if data.startswith(b"HEAD ") else "GET"


class Wire(cases.Case):
    def setUp(self):
        super().setUp()
        self.gate, self.service = self.pair(
            upstream.always(mark), {"limits.connections": 1000}, MAPPING)

    def each(self, try_one, rows):
        """Calls TRY_ONE for each of ROWS, some at once; every fault is told."""
        def attempt(row):
            try:
                try_one(row)
            except (AssertionError, OSError, KeyError, ValueError) as fault:
                return f"{row}: {type(fault).__name__} {fault}"[:700]
            return None

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            faults = [fault for fault in pool.map(attempt, rows) if fault]
        self.assertEqual(faults[:10], [], f"{len(faults)} of {len(rows)}")

    def seen(self):
        """What the service saw, after the gateway has ended and said all."""
        self.gate.finish()
        for connection in self.service.connections:
            self.assertTrue(connection.over.wait(wire.PATIENCE))
        return self.service.requests


class Refused(Wire):
    def refuse(self, data, statuses):
        """DATA is answered by one error and the end, whatever follows in its segment."""
        with self.gate.connect() as connection:
            connection.send(data + SMUGGLED)
            self.ended_by_error(connection, data, statuses)

    def refuse_before(self, data, statuses):
        """The same, and the valid request comes in a segment of its own, after the error."""
        with self.gate.connect() as connection:
            connection.send(data)
            connection.see(b"\r\n\r\n")
            try:
                connection.send(SMUGGLED)
            except OSError:
                pass             # the gateway is quicker
            self.ended_by_error(connection, data, statuses)

    def ended_by_error(self, connection, data, statuses):
        method = first_method(data)
        reply = connection.reply(method)
        self.assertEqual((reply.status in statuses, reply.end), (True, "clean"), reply)
        if method != "HEAD":
            self.assertIs(reply.json()["ok"], False)
        self.assertEqual(reply.field("Connection"), "close")
        connection.end()

    def test_a_request_that_is_served_is_no_refusal(self):
        for attempt in (self.refuse, self.refuse_before):
            with self.assertRaises(AssertionError):
                attempt(SMUGGLED, {400})
        self.assertIn("/smuggled", {request.target for request in self.seen()})

    @staticmethod
    def tell(what, rows):
        """For README: each of ROWS was sent twice."""
        reliability.record(f"heads-refused-{what.split()[0]}", [(
            f"malformed {what}, each with a valid request behind it: "
            "sent, refused, requests smuggled",
            f"{2 * len(rows)}, {2 * len(rows)}, 0", "make test SUITES=heads")])

    def refuse_both_ways(self, row):
        self.refuse(row.data, row.statuses)
        self.refuse_before(row.data, row.statuses)

    def test_no_head_of_the_table_is_followed_by_anything(self):
        rows = [row for row in table.heads() if row.refused]
        self.each(self.refuse_both_ways, rows)
        self.assertEqual(self.seen(), [])
        self.tell("heads", rows)

    def test_no_chunked_body_is_followed_by_anything(self):
        """Such a request may have begun; it never ends, and nothing follows it."""
        rows = [row for row in table.chunks() if row.refused]
        self.each(self.refuse_both_ways, rows)
        self.assertEqual([(r.target, r.end) for r in self.seen()
                          if r.target != "/p" or r.end == "clean"], [])
        self.tell("chunked bodies", rows)

    def test_the_public_corpus(self):
        tried = corpus.cases()
        rows = []
        for case, verdict in zip(tried, judge.whole([c.data for c in tried]), strict=True):
            if not verdict.requests and verdict.end == "refused":
                rows.append(table.Row("corpus", str(verdict.status), case.name, case.data))
        self.each(self.refuse_both_ways, rows)
        self.assertEqual([r.target for r in self.seen() if r.end == "clean"], [])
        if rows:
            self.tell("requests of the public corpus", rows)


class Accepted(Wire):
    def exchange(self, row):
        """Every request of ROW is answered, and the connection is kept or not, as it says."""
        with self.gate.connect() as connection:
            connection.send(row.data)
            for number in range(row.requests):
                reply = connection.reply("GET" if number else first_method(row.data))
                self.assertIn(reply.status, (200, 204), reply)
                if row.content is not None and number == 0:
                    self.assertEqual(reply.body, row.content)
            if row.end == "end":
                connection.send(SMUGGLED)
                self.assertEqual(connection.reply().field("X-Target"), "/smuggled")
                return
            if row.end == "refused":
                self.assertIn(connection.reply().status, row.statuses)
            connection.end()

    def served(self, rows):
        """Sends ROWS; the service sees exactly as many requests as they say."""
        self.each(self.exchange, rows)
        wanted = sum(row.requests + (row.end == "end") for row in rows)
        asterisks = sum(row.data.startswith(b"OPTIONS * ") for row in rows)
        seen = self.seen()
        self.assertEqual({r.end for r in seen if r.framing != "none"}, {"clean"})
        self.assertEqual(len(seen), wanted - asterisks)

    def test_every_head_of_the_table(self):
        self.served([row for row in table.heads() if row.requests])

    def test_every_chunked_body_of_the_table(self):
        self.served([row for row in table.chunks() if row.requests])
