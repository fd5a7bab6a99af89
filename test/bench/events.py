#!/usr/bin/env python3
"""events.py - by how much the gateway delays a server-sent event

One thread is the service and the client at once: it writes an event and reads
until the event's blank line has come, on a connection between its two ends
and on one through the gateway, in turns.  The delay is the time from before
the write to after the read that brought the end; what coding takes at either
end is not in it.  Prints the delays of both and their difference, plain and
with gzip on both sides, and writes build/events.json.  Never a gate.
"""
import json
import pathlib
import socket
import statistics
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "blackbox")]
sys.dont_write_bytecode = True

import cases
import crowd
import dialects
import gateway
import program
import wire

ROUNDS, EVENTS = 15, 200         # of each kind and way; a round has both ways
PAUSE = 0.001                    # seconds between events: the gateway sleeps in between
WARM = 50                        # events before the first that counts
EVENT = ('id: %06d\ndata: {"type":"delta","<dataProductId|workspaceId>":"550e8400-e29b-41d4",'
         '"text":"a few words of an answer","final":false}\n\n')
FIELDS = [("Accept", "text/event-stream"), ("Accept-Encoding", "gzip")]


class Link:
    """Both ends of one event stream; ADDRESS is whom the client asks."""

    def __init__(self, listener, address, coded):
        host, _, port = address.rpartition(":")
        self.packer = crowd.packer() if coded else None
        self.unpacker = zlib.decompressobj(crowd.GZIP + zlib.MAX_WBITS) if coded else None
        self.client = socket.create_connection((host, int(port)))
        self.client.sendall(wire.request_bytes(
            "POST", cases.CLIENT + "/p/chat/stream", b'{"n":0}', FIELDS))
        self.service, _ = listener.accept()
        for end in (self.client, self.service):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(wire.PATIENCE)
        self.service.recv(65536)
        self.service.sendall(crowd.HEAD % (crowd.CODED if coded else b""))
        self.waiting = bytearray()
        while b"\r\n\r\n" not in self.waiting:
            self.waiting += self.client.recv(65536)
        del self.waiting[:self.waiting.index(b"\r\n\r\n") + 4]

    def chunks(self):
        """The content of the whole chunks that wait."""
        content = b""
        while (at := self.waiting.find(b"\r\n")) > 0:
            end = at + 2 + int(self.waiting[:at], 16)
            if len(self.waiting) < end + 2:
                break
            content += self.waiting[at + 2:end]
            del self.waiting[:end + 2]
        return self.unpacker.decompress(content) if self.unpacker else content

    def delay(self, sent, expected):
        """Microseconds from writing SENT to having read what must come of it."""
        coded = crowd.packed(self.packer, sent) if self.packer else sent
        message = b"%x\r\n%s\r\n" % (len(coded), coded)
        got = b""
        begun = time.perf_counter_ns()
        self.service.sendall(message)
        while len(got) < len(expected):
            self.waiting += self.client.recv(65536)
            ended = time.perf_counter_ns()
            got += self.chunks()
        assert got == expected, (got, expected)
        return (ended - begun) / 1000

    def close(self):
        self.client.close()
        self.service.close()


def delays(link, first, count, translated):
    """The delays of COUNT events over LINK, numbered from FIRST."""
    found = []
    for number in range(first, first + count):
        client, service = dialects.both(EVENT % number)
        found.append(link.delay(service, client if translated else service))
        time.sleep(PAUSE)
    return found


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def row_of(kind, direct, through):
    """The figures of one kind, from lists of delays by round."""
    flat = {"direct": sum(direct, []), "gateway": sum(through, [])}
    row = {"kind": kind, "rounds": len(direct), "events": len(flat["direct"])}
    for way, values in flat.items():
        row[way] = {"p50_us": percentile(values, 0.5), "p99_us": percentile(values, 0.99)}
    added = [statistics.median(g) - statistics.median(d) for d, g in zip(direct, through)]
    row["added_p50_us"] = statistics.median(added)
    row["added_p50_spread_us"] = [min(added), max(added)]
    row["added_p99_us"] = row["gateway"]["p99_us"] - row["direct"]["p99_us"]
    return row


def measure(listener, gate, kind):
    """One kind: rounds over the bare connection and over the gateway, in turns."""
    here = "127.0.0.1:%d" % listener.getsockname()[1]
    links = [Link(listener, address, kind == "gzip") for address in (here, gate.client)]
    found = [[], []]
    for way, link in enumerate(links):
        delays(link, 0, WARM, way == 1)
    for number in range(ROUNDS):
        for way in (0, 1) if number % 2 else (1, 0):
            found[way].append(delays(links[way], number * EVENTS, EVENTS, way == 1))
    for link in links:
        link.close()
    return row_of(kind, *found)


def main():
    rows = []
    listener = socket.create_server(("127.0.0.1", 0))
    with tempfile.TemporaryDirectory(prefix="dpgw-events-") as folder:
        gate = gateway.Gateway(pathlib.Path(folder),
                               "http://127.0.0.1:%d" % listener.getsockname()[1], {"workers": 1})
        for kind in ("plain", "gzip"):
            rows.append(measure(listener, gate, kind))
        gate.finish()
    print("delay of an event, us     direct p50   p99   gateway p50   p99   added p50 (rounds)   p99")
    for row in rows:
        low, high = row["added_p50_spread_us"]
        print(f"{row['kind']:<25} {row['direct']['p50_us']:>10.0f} {row['direct']['p99_us']:>5.0f}"
              f" {row['gateway']['p50_us']:>13.0f} {row['gateway']['p99_us']:>5.0f}"
              f" {row['added_p50_us']:>11.0f} ({low:.0f}-{high:.0f}) {row['added_p99_us']:>5.0f}")
    (program.ROOT / "build/events.json").write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
