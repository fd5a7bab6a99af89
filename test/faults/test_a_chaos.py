"""The proxy breaks what it is told to break, and the checks behind it can fail."""
import unittest

import chaos
import loop as loops
import origin
import replies
import test_b_replies
import trials
import wire

REPLY = wire.reply_bytes(200, b'{"n":1}')
REQUEST = wire.request_bytes("POST", "/x", b"0123456789")


class Proxy(unittest.TestCase):
    """The proxy alone, between a client and an origin."""

    def setUp(self):
        self.loop = loops.Loop()
        self.origin = origin.Origin(self.loop, lambda request: REPLY)
        self.addCleanup(self.origin.close)

    def through(self, plan):
        """(what the client got, how it ended or None, the origin) after one request under PLAN."""
        proxy = chaos.Chaos(self.loop, self.origin.address, lambda *_: plan)
        self.addCleanup(proxy.close)
        got = bytearray()
        client = loops.End(self.loop, loops.dial(proxy.address), got.extend)
        self.addCleanup(client.close)
        client.send(REQUEST)
        return got, client, proxy

    def test_undisturbed(self):
        got, client, _ = self.through(chaos.Plan())
        self.loop.until(lambda: got == REPLY, "the reply")
        self.assertIsNone(client.ended)
        self.assertEqual(self.origin.executed[0].body, b"0123456789")

    def test_ends_of_a_reply_at_each_byte(self):
        for act, how in (("fin", "fin"), ("reset", "reset"), ("half_close", "fin")):
            for at in range(len(REPLY) + 1):
                with self.subTest(act=act, at=at):
                    got, client, _ = self.through(chaos.Plan(down=chaos.Fate(at, act)))
                    self.loop.until(lambda client=client: client.ended, "the end")
                    self.assertEqual((bytes(got), client.ended), (REPLY[:at], how))

    def test_ends_of_a_request_at_each_byte(self):
        for act, how in (("fin", "fin"), ("reset", "reset"), ("half_close", "fin")):
            for at in range(1, len(REQUEST)):
                with self.subTest(act=act, at=at):
                    self.origin.broken.clear()
                    self.through(chaos.Plan(up=chaos.Fate(at, act)))
                    self.loop.until(lambda: self.origin.broken, "a broken request")
                    self.assertEqual(self.origin.broken, [(REQUEST[:at], how)])
        self.assertEqual(self.origin.executed, [])

    def test_a_stall_ends_nothing(self):
        got, client, proxy = self.through(chaos.Plan(down=chaos.Fate(5, "stall")))
        self.loop.until(lambda: proxy.acts == 1 and len(got) == 5, "the stall")
        self.assertIsNone(client.ended)
        client.half_close()
        self.loop.until(lambda: client.ended == "fin" and not proxy.relays, "the end")

    def test_bytes_are_inserted(self):
        got, client, _ = self.through(chaos.Plan(down=chaos.Fate(3, b"more", "fin")))
        self.loop.until(lambda: client.ended, "the end")
        self.assertEqual(got, REPLY[:3] + b"more")

    def test_slices_and_delays_keep_the_order(self):
        got, _, _ = self.through(chaos.Plan(up=chaos.Fate(slice=1),
                                            down=chaos.Fate(slice=2, delay=0.01)))
        self.loop.until(lambda: got == REPLY, "the reply")


class Checks(test_b_replies.Broken):
    """What is checked of a reply with a fault would be noticed."""

    def test_a_wrong_verdict_is_noticed(self):
        self.begin()
        chunked = next(k for k in replies.kinds("GET") if k.name == "chunked")
        kind = self.kind = chunked
        whole, head = len(kind.bytes), kind.head_end
        for method, real, claimed in (
                ("GET", whole, whole - 1), ("GET", whole - 1, whole), ("GET", head, head - 1),
                ("GET", head - 1, head), ("GET", 0, 1), ("GET", 1, 0), ("POST", 0, 1)):
            with self.subTest(method=method, real=real, claimed=claimed):
                trial = self.trial(kind, method, real, "fin")
                self.run_trials([trial])
                self.check(trial)
                trial.known["at"] = claimed
                with self.assertRaises(AssertionError):
                    self.check(trial)

    def test_a_reply_that_looks_whole_is_noticed(self):
        self.begin()
        kind = self.kind = next(k for k in replies.kinds("GET") if k.name == "chunked")
        trial = self.trial(kind, "GET", len(kind.bytes) - 1, "reset")
        self.run_trials([trial])
        self.check(trial)
        trial.got += b"\r\n0\r\n\r\n"
        with self.assertRaises(AssertionError):
            self.check(trial)

    def test_a_request_in_two_lines_of_the_log_is_noticed(self):
        self.begin()
        self.kind = replies.kinds("GET")[0]
        self.run_trials([self.trial(self.kind, "GET", 1, "fin")])
        self.gate.lines += [line for line in self.gate.lines if trials.LOGGED.search(line)]
        with self.assertRaises(AssertionError):
            self._read_log()
        self.gate.lines.pop()
