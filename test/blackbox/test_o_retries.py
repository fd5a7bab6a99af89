"""A request is sent again: when, how often, and what never is."""
import random

import cases
import mappings
import wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PROVOKED = "(?i)upstream"


class Retries(cases.Case):
    """A request is sent again only before any byte of a reply, and only once."""

    def seen(self, script, method="GET", body=None, mapping=None, target=cases.CLIENT + "/p"):
        gate, service = self.pair(script, mapping=mapping)
        gate.tolerate(PROVOKED)
        reply = gate.once(method, target, body)
        return reply, service.requests, gate

    def test_never_a_third_time(self):
        reply, requests, gate = self.seen(lambda connection: connection.request())
        self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual([r.method for r in requests], ["GET", "GET"])
        gate.wait_line("http.request.resend_count=1 .*outcome=UPSTREAM_UNREACHABLE ")

    def test_not_after_a_byte_of_a_reply(self):
        for bytes_ in (b"HT", HEAD[:-2], b"HTTP/1.1 100 Continue\r\n\r\n",
                       b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"):
            with self.subTest(bytes_):
                def script(connection, bytes_=bytes_):
                    connection.request()
                    connection.send(bytes_)
                reply, requests, gate = self.seen(script)
                self.assert_error(reply, 502, "UPSTREAM_INVALID")
                self.assertEqual(len(requests), 1)
                gate.wait_line("http.request.resend_count=0 .*outcome=UPSTREAM_INVALID ")

    def test_the_method_that_counts_is_the_one_sent(self):
        def script(connection):
            connection.request()
        reply, requests, _ = self.seen(script, "PUT", b"{}", mappings.EVERYTHING,
                                       cases.CLIENT + "/p/skills/x")
        self.assert_error(reply, 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual([r.method for r in requests], ["POST"])

    def test_both_times_the_same_bytes(self):
        def script(connection):
            request = connection.request()
            if connection.number > 0:
                connection.send(wire.reply_bytes(200, request.body))
        body = b'{"dataProductId":"%s"}' % (b"x" * 40_000)
        reply, requests, _ = self.seen(script, "DELETE", body)
        self.assertEqual(reply.body, body)
        self.assertEqual(requests[0].body, body.replace(b"dataProductId", b"workspaceId"))
        self.assertEqual(requests[1].body, requests[0].body)
        self.assertEqual(requests[1].length, len(requests[0].body))

    def test_the_digest_of_a_translated_body_goes_up_neither_time(self):
        def script(connection):
            connection.request()
            if connection.number > 0:
                connection.send(cases.OK)
        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        gate.once("DELETE", cases.CLIENT + "/p", b'{"dataProductId":1}',
                  [("Content-Digest", "sha-256=:AA==:")])
        self.assertEqual([r.field("Content-Digest") for r in service.requests], [None, None])

    def test_a_slow_service_is_not_asked_again(self):
        gate, service = self.pair(lambda connection: (connection.request(),
                                                      connection.wait_for_end()),
                                  settings={"timeouts.upstream_first_byte": "300ms"})
        gate.tolerate(PROVOKED)
        self.assert_error(gate.once("GET", cases.CLIENT), 504, "UPSTREAM_TIMEOUT")
        self.assertEqual(len(service.requests), 1)

    def test_connections_that_die_at_random_lose_and_double_nothing(self):
        chance = random.Random(9110)
        rounds = 200

        def script(connection):
            for _ in range(chance.randrange(1, 4)):
                request = connection.request(seconds=3600)
                step = chance.randrange(6)
                if step == 0:
                    connection.reset()
                    return
                if step == 1:
                    return
                connection.send(wire.reply_bytes(200, b'{"n":%s}' % request.body, [
                    ("X-Target", request.target)]))
            if chance.randrange(2):
                connection.reset()

        gate, service = self.pair(script)
        gate.tolerate(PROVOKED)
        served = 0
        with gate.connect() as connection:
            for number in range(rounds):
                method = chance.choice(["POST", "PATCH", "GET", "DELETE"])
                target = cases.CLIENT + ("" if method == "POST" else f"/{number}")
                body = b"%d" % number if method != "GET" else b"0"
                reply = connection.request(method, target, body)
                self.assertIn(reply.status, (200, 502))
                mine = [r for r in service.requests if r.body == body and r.method == method
                        and (method == "POST" or r.target.endswith(f"/{number}"))]
                # What dies on the way is never seen, but the second time it has a way of its own.
                idempotent = method in ("GET", "DELETE")
                least = 1 if idempotent or reply.status == 200 else 0
                self.assertIn(len(mine), range(least, 3 if idempotent else 2), f"{method} {number}")
                if reply.status == 200:
                    served += 1
                    self.assertEqual(reply.body, b'{"n":%s}' % body)
        self.assertGreater(served, rounds // 2)
