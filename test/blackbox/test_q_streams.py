"""Event streams that stay open: many at once, and for longer than any timeout."""
import time

import cases
import crowd
import mappings
import program
import streams

RELEASE = program.BUILD.name == "release"


class OpenStreams(cases.Case):
    def try_kind(self, kind, count):
        count = crowd.room_for(count if RELEASE else count // 5)
        row = streams.resident(self.folder, kind, count, 3, 0.2)
        self.assertIsNone(streams.fault_of(row), row)

    def test_a_thousand_cost_little(self):
        self.try_kind("plain", 1000)

    def test_coded_ones_cost_little(self):
        self.try_kind("gzip", 200)

    def test_a_thousand_of_clients_that_do_not_say_what_they_accept(self):
        self.try_kind("unannounced", 1000)

    def test_a_large_event_leaves_nothing_behind(self):
        """Each stream had one of a MiB; what it held is given back once it has left."""
        many = crowd.Crowd()
        gate = self.gateway(many)
        self.addCleanup(many.close)
        many.open(gate.client, 100, streams.PATH, streams.ACCEPT)
        event = 'data: {"<dataProductId|workspaceId>":"%s"}\n\n' % ("x" * 900_000)
        for number in range(100):
            many.say(number, event)
            many.until(lambda number=number: many.heard(number)[0] == many.said[number], "it")
        if RELEASE:
            self.assertLess(gate.memory(), 32 << 20)
        many.finish()


class Heartbeats(cases.Case):
    # Whatever could end a stream in which nothing but heartbeats comes.
    SHORT = {f"timeouts.{name}": "1s" for name in (
        "request_head", "request_body", "reply", "keep_alive", "upstream_first_byte",
        "upstream_between_bytes", "upstream_stream", "upstream_idle", "half_close")}

    def test_they_keep_a_stream_open(self):
        """Beyond every timeout; one without heartbeats is cut, so that its client sees it."""
        many = crowd.Crowd()
        gate = self.gateway(many, self.SHORT, mappings.EVERYTHING)
        self.addCleanup(many.close)
        many.open(gate.client, 4, cases.CLIENT + "/p/chat")
        silent = many.services.pop(3)
        self.addCleanup(silent.sock.close)
        for turn in range(10):
            due = time.monotonic() + 0.3
            many.beat()
            while (left := due - time.monotonic()) > 0:
                many.turn(left)
        many.say(0, 'data: {"<dataProductId|workspaceId>":1}\n\n')
        many.until(lambda: many.clients[3].ended, "the end of the silent stream")
        self.assertEqual(many.heard(3)[0], b"")
        self.assertIn(many.heard(3)[1], ("truncated", "reset"))
        many.clients.pop(), many.said.pop()
        many.finish()
