"""held.py - what stays open or is large: event streams, idle connections, one upload of 1 GiB"""
import time
import zlib

import cases
import crowd
import judge
import upstream
import wire

STREAMS, EVENTS_A_SECOND, STREAM_SECONDS = 1000, 5, 4
TICK = 0.02                      # seconds; in each a share of the streams has an event
IDLE = 1000
PATH = cases.CLIENT + "/p/chat/stream"
EVENT = ('id: %06d\ndata: {"type":"delta","<dataProductId|workspaceId>":"550e8400-e29b-41d4",'
         '"text":"a few words of an answer","final":false}\n\n')
WARM = 8                         # requests before memory is looked at
GIB = 1 << 30


def streams(folder, row, translated, count=STREAMS, seconds=STREAM_SECONDS):
    """COUNT open event streams through ROW, each with its events; what they took."""
    text = EVENT if translated else EVENT.replace("dataProductId|", "workspaceId|")
    crowded = crowd.Crowd()
    try:
        running = row.start(folder / f"streams-{row.name}", crowded.url.removeprefix("http://"))
        crowded.open(running.address, WARM, PATH)
        before = running.held()
        crowded.open(running.address, count, PATH)
        beat(crowded, range(WARM, WARM + count), text, 0)
        crowded.everybody_has_heard()
        opened = running.held()
        cpu, events, begun = running.cpu_seconds(), 0, time.monotonic()
        ticks = round(1 / EVENTS_A_SECOND / TICK)
        for turn in range(round(seconds / TICK)):
            events += beat(crowded, range(WARM + turn % ticks, WARM + count, ticks), text, turn)
            while (left := begun + (turn + 1) * TICK - time.monotonic()) > 0:
                crowded.turn(left)
        crowded.everybody_has_heard()
        took = running.cpu_seconds() - cpu
        crowded.finish()
        running.finish()
    finally:
        crowded.close()
    return {"streams": count, "each_bytes": (opened - before) / count, "events": events,
            "a_second": EVENTS_A_SECOND, "cpu_us": took * 1e6 / events, "translated": translated}


def beat(crowded, numbers, text, turn):
    for number in numbers:
        crowded.say(number, text % turn)
    return len(numbers)


def idle(folder, row, service, work):
    """Bytes of an idle connection that has had one request."""
    running = row.start(folder / f"idle-{row.name}", service.address)
    asked = wire.request_bytes(work.method, work.target)

    def opened(count):
        made = []
        for _ in range(count):
            connection = wire.Connection(running.address)
            connection.send(asked)
            reply = connection.reply()
            judge.reply(reply.status, reply.body, work.reply[row.dialect], row.to_the_byte)
            made.append(connection)
        return made

    kept = opened(WARM)
    before = running.held()
    kept += opened(IDLE)
    each = (running.held() - before) / IDLE
    for connection in kept:
        connection.close()
    running.finish()
    return {"connections": IDLE, "each_bytes": each}


class Receiver:
    """The service of an upload: counts and sums up what comes."""

    def __init__(self):
        self.bytes = self.sum = 0
        self.upstream = upstream.Upstream(self._serve)

    def _take(self, piece):
        self.bytes += len(piece)
        self.sum = zlib.crc32(piece, self.sum)

    def _serve(self, connection):
        while True:
            request = connection.head(3600)
            connection.body(request, 600, self._take)
            connection.send(cases.OK)


def upload(folder, row, size=GIB):
    """One upload of SIZE bytes through ROW: CPU, rate and peak memory."""
    piece = bytes(range(256)) * 4096
    receiver = Receiver()
    try:
        running = row.start(folder / f"upload-{row.name}",
                            receiver.upstream.url.removeprefix("http://"))
        cpu, begun, expected = running.cpu_seconds(), time.monotonic(), 0
        with wire.Connection(running.address) as connection:
            connection.send(wire.request_bytes(
                "POST", cases.CLIENT + "/p/unstructured-assets", None,
                [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))]))
            for _ in range(size // len(piece)):
                connection.send(piece)
                expected = zlib.crc32(piece, expected)
            reply = connection.reply("POST", 600)
        judge.reply(reply.status, reply.body, b'{"ok":true}', row.to_the_byte)
        if (receiver.bytes, receiver.sum) != (size, expected):
            raise judge.Void(f"{receiver.bytes} of {size} bytes arrived, or wrong ones")
        figures = {"bytes": size, "cpu_seconds": running.cpu_seconds() - cpu,
                   "seconds": time.monotonic() - begun, "peak_bytes": running.peak()}
        running.finish()
        return figures
    finally:
        receiver.upstream.close()
