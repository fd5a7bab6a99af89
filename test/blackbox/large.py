#!/usr/bin/env python3
"""large.py - documents far larger than memory, through a gateway that must stay small

  large.py             runs them all and writes build/memory.json

A JSON array of $LARGE_MIB (1024) MiB goes up and one comes down, and so does
an object with one string of a quarter of that.  The sender writes as fast as
it can, the other end reads $LARGE_RATE (20) MB/s, 0 for as fast as it can.
What arrives must have the digest of the other dialect, which the generator
computes beside the one it sends; the gateway's peak of resident memory
(release build, two workers) must stay below 32 MiB.
"""
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import cases
import dialects
import gateway
import pace
import program
import upstream
import wire

PEAK_MAX = 32 << 20
HOURS = 3600
SETTINGS = {"limits.body_json": "unlimited", "workers": 2}
# name, the pieces of SIZE bytes, the part of the whole size it has
DOCUMENTS = [("array", dialects.documents, 1), ("string", dialects.long_string, 4)]
CHUNKED = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]


class Sender:
    """Sends one dialect of a document in chunks and digests the other."""

    def __init__(self, pieces, sent):
        self.pieces, self.sent = pieces, sent
        self.expected = hashlib.sha256()
        self.bytes = 0

    def run(self, connection):
        for pair in self.pieces:
            own, other = pair[self.sent], pair[1 - self.sent]
            self.expected.update(other)
            self.bytes += len(own)
            connection.send(b"%x\r\n%s\r\n" % (len(own), own))
        connection.send(b"0\r\n\r\n")


class Receiver:
    """Digests what arrives, no faster than RATE bytes a second (0: no bound)."""

    def __init__(self, rate):
        self.digest, self.bytes = hashlib.sha256(), 0
        self.pace = pace.Pace(rate) if rate else None

    def take(self, piece):
        self.digest.update(piece)
        self.bytes += len(piece)
        if self.pace:
            self.pace(len(piece))


def up(gate, state, sender, receiver):
    def script(connection):
        request = connection.head()
        connection.body(request, HOURS, receiver.take)
        connection.send(cases.OK)

    state["script"] = script
    with gate.connect() as connection:
        connection.send(wire.request_bytes("POST", cases.CLIENT, None, CHUNKED))
        sender.run(connection)
        reply = connection.reply("POST", HOURS)
    assert (reply.status, reply.body) == (200, b'{"ok":true}'), reply


def down(gate, state, sender, receiver):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        sender.run(connection)

    state["script"] = script
    with gate.connect() as connection:
        connection.send(wire.request_bytes("GET", cases.CLIENT))
        reply = connection.read_body(connection.head(), HOURS, receiver.take)
    assert (reply.status, reply.end) == (200, "clean"), reply


def measure(folder, document, way, size, rate):
    """Sends DOCUMENT of SIZE bytes that WAY through a fresh gateway; returns its row."""
    name, make, _ = document
    state = {}
    service = upstream.Upstream(lambda connection: state["script"](connection))
    gate = gateway.Gateway(folder, service.url, SETTINGS)
    sender = Sender(make(size), 0 if way is up else 1)
    receiver = Receiver(rate)
    begun = time.monotonic()
    try:
        way(gate, state, sender, receiver)
        seconds = time.monotonic() - begun
        row = {"document": name, "way": way.__name__, "mib": size >> 20, "workers": 2,
               "rate_limit": rate, "bytes_sent": sender.bytes, "bytes_arrived": receiver.bytes,
               "digest_right": sender.expected.digest() == receiver.digest.digest(),
               "peak_bytes": gate.memory_peak(), "cpu_seconds": round(gate.cpu_seconds(), 2),
               "seconds": round(seconds, 1)}
        gate.finish()
    finally:
        gate.kill_if_running()
        service.close()
    return row


def fault_of(row):
    """What is wrong with ROW, or None."""
    if not row["digest_right"]:
        return "what arrived is not what the generator wrote"
    if program.BUILD.name == "release" and row["peak_bytes"] >= PEAK_MAX:
        return f"peak memory {row['peak_bytes']} is not below {PEAK_MAX}"
    return None


def rows(mib, rate):
    """Measures every document both ways, one after the other."""
    for document in DOCUMENTS:
        for way in (up, down):
            with tempfile.TemporaryDirectory(prefix="dpgw-large-") as folder:
                yield measure(pathlib.Path(folder), document, way,
                              (mib << 20) // document[2], rate)


def report(what, measured, file):
    """Judges and prints each of the rows MEASURED, writes them to build/FILE; the exit status."""
    done, failed = [], 0
    for row in measured:
        fault = fault_of(row)
        failed += fault is not None
        done.append(row)
        print(f"{'not ok' if fault else 'ok'} {what} {row['document']} {row['way']}", flush=True)
        print(f"    {row['mib']} MiB in {row['seconds']} s, peak "
              f"{row['peak_bytes'] / 1048576:.1f} MiB, CPU {row['cpu_seconds']} s"
              f"{': ' + fault if fault else ''}", flush=True)
    (program.ROOT / "build" / file).write_text(json.dumps(
        {"build": program.BUILD.name, "limit_bytes": PEAK_MAX, "rows": done}, indent=1) + "\n")
    print(f"{len(done) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def main():
    mib = int(os.environ.get("LARGE_MIB", "1024"))
    rate = int(float(os.environ.get("LARGE_RATE", "20")) * 1e6)
    return report("large", rows(mib, rate), "memory.json")


if __name__ == "__main__":
    sys.exit(main())
