#!/usr/bin/env python3
"""uploads.py - files far larger than memory go up through a gateway that must stay small

  uploads.py           sends them all and writes build/uploads.json

A file of $UPLOAD_MIB (2048) MiB goes up twice: as it is, and as the file part
of a form behind a text part and a JSON part, on a route whose body rules
rename both.  The client writes as fast as it can, the service reads
$UPLOAD_RATE (100) MB/s, 0 for as fast as it can.  What arrives must have the
digest of what was to arrive, and the gateway's peak of resident memory
(release build, two workers) must stay below 32 MiB.
"""
import hashlib
import json
import os
import pathlib
import random
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import cases
import dialects
import gateway
import large
import program
import upstream
import wire

PATH = cases.CLIENT + "/p/unstructured-assets"
BOUNDARY = "----form-9f2c71"
BEFORE = (
    '--%s\r\nContent-Disposition: form-data; name="<dataProductId|workspaceId>"\r\n\r\n'
    "dataProductId\r\n"
    '--%s\r\nContent-Disposition: form-data; name="description"\r\n'
    "Content-Type: application/json\r\n\r\n"
    '{ "<dataProductType|workspaceType>": "dataProductType", "n": 1234567890123456789 }\r\n'
    '--%s\r\nContent-Disposition: form-data; name="file"; filename="dataProductId.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n") % ((BOUNDARY,) * 3)
AFTER = "\r\n--%s--\r\n" % BOUNDARY


def file_pieces(size, piece=1 << 20):
    """
    SIZE bytes, a piece at a time: noise with all that a search for the
    boundary could stumble over, numbered, so that no two pieces are alike.
    """
    rest = bytearray(random.Random(7).randbytes(piece))
    for at, lure in enumerate((b"\r\n--" + BOUNDARY.encode()[:-1], b"\r\n" * 40, b"\r" * 90,
                               b'{"dataProductId":1}', BEFORE.encode()[2:90])):
        rest[1000 + at * 9000:1000 + at * 9000 + len(lure)] = lure
    # The end of one piece and the start of the next: a line feed too few.
    rest[-1:] = b"\r"
    for number in range((size + piece - 1) // piece):
        rest[:8] = number.to_bytes(8, "big")
        yield bytes(rest[:size - number * piece])


def raw(size):
    """(content type, pieces (client, service), their length) of the bare file."""
    return "application/octet-stream", ((p, p) for p in file_pieces(size)), size


def form(size):
    """The same of a form that holds the file."""
    before = dialects.both(BEFORE)
    after = AFTER.encode()

    def pieces():
        yield before
        yield from ((p, p) for p in file_pieces(size))
        yield after, after

    return (f"multipart/form-data; boundary={BOUNDARY}", pieces(),
            len(before[0]) + size + len(after))


UPLOADS = {"file": raw, "form": form}


def send(connection, content_type, pieces, length, expected):
    connection.send(wire.request_bytes("POST", PATH, None, [
        ("Content-Type", content_type), ("Content-Length", str(length))]))
    sent = 0
    for own, other in pieces:
        expected.update(other)
        connection.send(own)
        sent += len(own)
    assert sent == length, (sent, length)
    reply = connection.reply("POST", large.HOURS)
    assert (reply.status, reply.body) == (200, b'{"ok":true}'), reply


def measure(folder, name, size, rate):
    """Sends one of UPLOADS with a file of SIZE bytes through a fresh gateway; returns its row."""
    receiver = large.Receiver(rate)

    def script(connection):
        request = connection.head()
        connection.body(request, large.HOURS, receiver.take)
        connection.send(cases.OK)

    service = upstream.Upstream(script)
    gate = gateway.Gateway(folder, service.url, {"workers": 2})
    content_type, pieces, length = UPLOADS[name](size)
    expected = hashlib.sha256()
    begun = time.monotonic()
    try:
        with gate.connect() as connection:
            send(connection, content_type, pieces, length, expected)
        row = {"document": name, "way": "up", "mib": size >> 20, "workers": 2,
               "rate_limit": rate, "bytes_sent": length, "bytes_arrived": receiver.bytes,
               "digest_right": expected.digest() == receiver.digest.digest(),
               "peak_bytes": gate.memory_peak(), "cpu_seconds": round(gate.cpu_seconds(), 2),
               "seconds": round(time.monotonic() - begun, 1)}
        gate.finish()
    finally:
        gate.kill_if_running()
        service.close()
    return row


def rows(mib, rate):
    for name in UPLOADS:
        with tempfile.TemporaryDirectory(prefix="dpgw-uploads-") as folder:
            yield measure(pathlib.Path(folder), name, mib << 20, rate)


def main():
    mib = int(os.environ.get("UPLOAD_MIB", "2048"))
    rate = int(float(os.environ.get("UPLOAD_RATE", "100")) * 1e6)
    return large.report("upload", rows(mib, rate), "uploads.json")


if __name__ == "__main__":
    sys.exit(main())
