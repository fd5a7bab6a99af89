"""stopping.py - event streams and uploads that are open when a gateway is told to stop"""
import asyncio
import signal

import cases
import openloop
import peers
import wire

HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")
EVENT = b'data: {"workspaceId":1}\n\n'
HEARD = b'data: {"dataProductId":1}\n\n'
RAW = ("Content-Type", "application/octet-stream")
HALF = b"u" * 50_000


async def events(peer, request):
    """An event every now and then, until the gateway goes away."""
    await peer.send(HEAD)
    while True:
        await peer.send(b"%x\r\n%s\r\n" % (len(EVENT), EVENT))
        await asyncio.sleep(0.05)


async def ok(peer, request):
    await request.whole()
    await peer.send(cases.OK)
    return True


def service():
    """What is behind a gateway that will be stopped."""
    return openloop.Numbered({"events": events, "ok": ok})


def asking(name, method="GET", length=None):
    """The head of a request that has the service do NAME."""
    fields = [("X-Act", name)]
    if length is not None:
        fields += [RAW, ("Content-Length", str(length))]
    return wire.request_bytes(method, cases.CLIENT, None, fields)


async def open_some(gate, count):
    """COUNT event streams on which something came, and COUNT uploads half sent."""
    streams = [await peers.Peer.to(gate.client) for _ in range(count)]
    uploads = [await peers.Peer.to(gate.client) for _ in range(count)]
    for peer in uploads:
        await peer.send(asking("ok", "POST", 2 * len(HALF)) + HALF)
    for peer in streams:
        await peer.send(asking("events"))
    for peer in streams:
        while HEARD not in peer.got:
            assert await peer.receive(), "a stream ended at once"
    return streams, uploads


async def told_to_stop(gate):
    gate.signal(signal.SIGTERM)
    await asyncio.to_thread(gate.wait_line, "draining")


async def refusing(gate):
    """Waits until all of GATE knows that it stops: it takes no connections any more."""
    try:
        while True:
            (await peers.Peer.to(gate.client)).close()
    except ConnectionRefusedError:
        pass


async def end_all(streams, uploads):
    """Sends the other half of UPLOADS and waits for the ends of all."""
    for peer in uploads:
        await peer.send(HALF)
    await asyncio.gather(*(peer.end() for peer in streams + uploads))
    for peer in streams + uploads:
        peer.close()
