"""Flow: backpressure both ways, events as they come, departures passed on."""
import hashlib
import threading

import cases
import program
import upstream
import wire

RAW = [("Content-Type", "application/octet-stream")]
STUCK = 40 << 20      # socket buffers of four ends and the gateway's own fit in this
RELEASE = program.BUILD.name == "release"
MEMORY = 32 << 20


class Backpressure(cases.Case):
    def check_memory(self, gate):
        if RELEASE:
            self.assertLess(gate.memory_peak(), MEMORY)

    def test_a_client_that_does_not_read_stops_the_service(self):
        total = 96 << 20
        piece = bytes(range(256)) * 256
        sent = []

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: %d\r\n\r\n" % total)
            sent.append(connection.send_until_stuck(piece, total))
            stuck.set()
            done = sent[0]
            whole = piece * 2
            while done < total:
                at = done % len(piece)
                step = min(len(piece), total - done)
                connection.send(whole[at:at + step])
                done += step
            connection.wait_for_end(seconds=3600)

        stuck = threading.Event()
        gate, _ = self.pair(script)
        digest = hashlib.sha256()
        with gate.connect(receive_buffer=65536) as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            reply = connection.head()
            self.assertTrue(stuck.wait(wire.PATIENCE))
            self.assertLess(sent[0], STUCK)
            connection.read_body(reply, seconds=120, sink=digest.update)
        self.assertEqual(reply.end, "clean")
        self.assertEqual(digest.digest(), hashlib.sha256(piece * (total // len(piece))).digest())
        self.check_memory(gate)

    def test_a_service_that_does_not_read_stops_the_client(self):
        total = 96 << 20
        piece = bytes(range(256)) * 256
        go_on = threading.Event()
        digest = hashlib.sha256()

        def script(connection):
            request = connection.head()
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.body(request, seconds=120, sink=digest.update)
            connection.send(cases.OK)

        gate, _ = self.pair(script, receive_buffer=65536)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT, None,
                                               RAW + [("Content-Length", str(total))]))
            done = connection.send_until_stuck(piece, total)
            self.assertLess(done, STUCK)
            go_on.set()
            whole = piece * 2
            while done < total:
                at = done % len(piece)
                step = min(len(piece), total - done)
                connection.send(whole[at:at + step])
                done += step
            self.assertEqual(connection.reply("POST").status, 200)
        self.assertEqual(digest.digest(), hashlib.sha256(piece * (total // len(piece))).digest())
        self.check_memory(gate)

    def test_others_are_served_while_one_is_stuck(self):
        def script(connection):
            request = connection.request(seconds=3600)
            if request.target.endswith("/stuck"):
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                b"Content-Length: 1000000000\r\n\r\n")
                connection.send_until_stuck(b"x" * 65536, 96 << 20)
                stuck.set()
                connection.wait_for_end(seconds=3600)
                return
            connection.send(cases.OK)
            upstream.always(cases.OK)(connection)

        stuck = threading.Event()
        gate, _ = self.pair(script)
        with gate.connect(receive_buffer=65536) as held:
            held.send(wire.request_bytes("GET", cases.CLIENT + "/stuck"))
            self.assertTrue(stuck.wait(wire.PATIENCE))
            for _ in range(30):
                reply = gate.once("PATCH", cases.CLIENT + "/p", b"{}")
                self.assertEqual(reply.status, 200)


class Events(cases.Case):
    def test_each_event_leaves_when_it_has_come(self):
        steps = threading.Semaphore(0)

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n")
            for number in range(5):
                self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
                event = b"data: {\"n\":%d}\n\n" % number
                connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            connection.send(b"0\r\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, _ = self.pair(script)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("POST", cases.CLIENT + "/p/chat/stream", b"{}"))
            reply = connection.head("POST")
            self.assertEqual((reply.status, reply.framing), (200, "chunked"))
            for number in range(5):
                self.assertTrue(connection.quiet(0.05))
                steps.release()
                connection.until(b'data: {"n":%d}\n\n\r\n' % number)
            self.assertEqual(connection.until(b"0\r\n\r\n"), b"0\r\n\r\n")

    def test_a_head_without_a_body_yet_leaves_at_once(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n")
            self.assertTrue(go_on.wait(wire.PATIENCE))
            connection.send(wire.chunked(b"[]"))

        go_on = threading.Event()
        gate, _ = self.pair(script)
        with gate.connect() as connection:
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            reply = connection.head()
            go_on.set()
            self.assertEqual(connection.read_body(reply).body, b"[]")


class Departures(cases.Case):
    def gone(self, prepare, leave):
        """The upstream's connection ends once the client has left."""
        began, ended = threading.Event(), threading.Event()

        def script(connection):
            try:
                prepare(connection, began)
                connection.wait_for_end()
            except upstream.Gone:
                pass
            ended.set()

        gate, _ = self.pair(script)
        connection = gate.connect()
        leave(connection, began)
        self.assertTrue(ended.wait(wire.PATIENCE), "the upstream transfer went on")
        return gate

    def leave(self, connection, began, how):
        self.assertTrue(began.wait(wire.PATIENCE))
        if how == "reset":
            connection.reset()
        else:
            connection.close()

    def test_gone_while_sending(self):
        def prepare(connection, began):
            request = connection.head()
            began.set()
            connection.body(request)

        for how in ("close", "reset"):
            with self.subTest(how):
                def leave(connection, began, how=how):
                    connection.send(wire.request_bytes(
                        "POST", cases.CLIENT, None, RAW + [("Content-Length", "1000000")]) + b"x" * 9)
                    self.leave(connection, began, how)
                self.gone(prepare, leave)

    def test_gone_while_waiting(self):
        def prepare(connection, began):
            connection.request()
            began.set()

        def leave(connection, began):
            connection.send(wire.request_bytes("POST", cases.CLIENT, b"{}"))
            self.leave(connection, began, "reset")
        self.gone(prepare, leave)

    def test_gone_while_replying(self):
        def prepare(connection, began):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n3\r\na\n\n\r\n")
            began.set()

        def leave(connection, began):
            connection.send(wire.request_bytes("POST", cases.CLIENT + "/p/chat/stream", b"{}"))
            connection.until(b"a\n\n")
            self.leave(connection, began, "reset")
        self.gone(prepare, leave)

    def test_gone_while_a_large_reply_is_stuck(self):
        def prepare(connection, began):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            b"Content-Length: 1000000000\r\n\r\n")
            connection.send_until_stuck(b"x" * 65536, 96 << 20)
            began.set()

        def leave(connection, began):
            connection.send(wire.request_bytes("GET", cases.CLIENT))
            self.leave(connection, began, "close")
        self.gone(prepare, leave)

    def test_many_departures_leave_nothing_behind(self):
        gate, _ = self.pair()
        for round_ in range(100):
            connection = gate.connect()
            connection.send(wire.request_bytes("POST", cases.CLIENT, b'{"a":1}')[:-(round_ % 60)])
            connection.reset()
        for _ in range(10):
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
