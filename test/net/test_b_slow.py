"""A slow link: what flows slowly arrives whole, and no timer takes it for silence."""
import hashlib
import random
import threading
import time

import cases
import dialects
import ground
import program
import wire

MIB = 1 << 20
SIZE = (8 if ground.RELEASE else 10) * MIB
RATE = 20_000_000 if ground.RELEASE else 8_000_000       # bits a second, either way
HELD = 4 * MIB                   # of two bodies of SIZE, at most, with all that the gateway itself needs
SMALL = wire.reply_bytes(200, b'{"ok":true}')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def file_pieces():
    """SIZE bytes of noise, of which no two pieces are alike."""
    noise = random.Random(7).randbytes(MIB)
    for number in range(SIZE // MIB):
        yield number.to_bytes(8, "big") + noise[8:]


def chunk(piece):
    return b"%x\r\n%s\r\n" % (len(piece), piece)


class Slow(ground.Case):
    def setUp(self):
        super().setUp()
        self.took = hashlib.sha256()     # of the upload, as the service got it

    def script(self, connection):
        """A big document to whoever asks for it, else a small reply to all of the request."""
        while True:
            request = connection.head(seconds=3600)
            if request.target.endswith("/big"):
                connection.send(HEAD)
                for _, service in dialects.documents(SIZE, 1 << 16):
                    connection.send(chunk(service))
                connection.send(b"0\r\n\r\n")
                continue
            connection.body(request, sink=self.took.update if request.method == "POST" else None)
            connection.send(SMALL)

    def download(self, gate, told):
        digest = hashlib.sha256()
        with gate.connect() as client:
            client.request("GET", cases.CLIENT + "/big", reply=False)
            reply = client.head("GET")
            client.read_body(reply, sink=digest.update)
            told["down"] = (reply.status, reply.end, digest.hexdigest())

    def upload(self, gate, told):
        with gate.connect() as client:
            client.send(wire.request_bytes("POST", ground.UPLOAD, None, [
                *ground.RAW, ("Content-Length", str(SIZE))]))
            for piece in file_pieces():
                client.send(piece)
            reply = client.reply("POST")
            told["up"] = (reply.status, reply.end)

    def started(self, *threads):
        for thread in threads:
            thread.start()
            self.addCleanup(thread.join, wire.PATIENCE)
        return threads

    def test_big_bodies_both_ways_while_others_are_served(self):
        service = self.service_at(script=self.script)
        gate = self.gate_before([service])
        before = self.rest(gate)
        begun, memory = time.monotonic(), gate.memory()
        gate.forget_memory_peak()
        self.network.slow("service", f"{RATE}bit")
        told, bystanders = {}, 0
        moving = self.started(*(threading.Thread(target=one, args=(gate, told))
                                for one in (self.download, self.upload)))
        while any(one.is_alive() for one in moving):
            with gate.connect() as client:
                client.request("GET", cases.CLIENT + "/small", reply=False)
                self.assertEqual(client.reply("GET", program.SOON).status, 200)
            bystanders += 1
        wanted = hashlib.sha256(b"".join(c for c, _ in dialects.documents(SIZE, 1 << 16)))
        self.assertEqual(told, {"down": (200, "clean", wanted.hexdigest()), "up": (200, "clean")})
        sent = hashlib.sha256(b"".join(file_pieces()))
        self.assertEqual(self.took.hexdigest(), sent.hexdigest())
        # It was slow: every timer ran out several times, had nothing flowed.
        self.assertGreater(time.monotonic() - begun, 2 * ground.LIMIT)
        self.assertGreater(bystanders, 5)
        if ground.RELEASE:
            self.assertLess(gate.memory_peak() - memory, HELD)
        self.assertEqual([line for line in gate.lines if "outcome=UPSTREAM" in line], [])
        self.assert_nothing_left(gate, before)

    def test_what_the_system_took_at_once_and_the_link_has_not_carried_yet(self):
        """A deep queue: the service reads for long after the gateway has written the last byte."""
        service = self.service_at(script=self.script)
        gate = self.gate_before([service])
        self.network.slow("service", f"{int(2_000_000 / ground.LIMIT)}bit", "5s")
        sent = random.Random(8).randbytes(1 << 20)
        reply = gate.once("POST", ground.UPLOAD, sent, ground.RAW)
        self.assertEqual((reply.status, reply.end), (200, "clean"), reply)
        self.assertEqual(self.took.hexdigest(), hashlib.sha256(sent).hexdigest())
