"""slowness.py - every way in which a client or a service can be slow, and what comes of it

A Kind is one way: what its client does, what the service does for it, which
timer ends it (or which it outlives), and how the client sees the end.
"""
import asyncio
import dataclasses

import cases
import peers
import wire

# All that a siege shortens; the minimum rate has a time of its own.
TIMERS = ("request_head", "request_body", "reply", "keep_alive", "half_close",
          "upstream_connect", "upstream_first_byte", "upstream_between_bytes", "upstream_stream")
HALF_CLOSE = 0.6                 # of the others' limit, so that it is known which one ended it
# What the gateway may hold for one: a reply's bytes up to buffer_high, a piece beyond it, what
# libcurl reads into, and all that is fixed; for an upload what libcurl sends from, besides.
HELD_BYTES = (256 + 64 + 64 + 96) << 10
UPLOAD_BYTES = HELD_BYTES + (64 << 10)
PIECE = 4096                     # bytes of what is poured
BIG = 64 << 20                   # more than all buffers on its way
STEPS = 20                       # pieces that something dripped takes a limit for
RAW = ("Content-Type", "application/octet-stream")
EVENT_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n")
EVENT = b'data: {"workspaceId":"%s"}\n\n' % (b"e" * 4000)
JSON_CHUNK = b'{"workspaceId":"%s"},' % (b"j" * 4000)
MIDDLING = wire.reply_bytes(200, b'{"x":"%s"}' % (b"m" * 8000))


def settings(seconds):
    """All timers at SECONDS, but for half_close."""
    values = {f"timeouts.{name}": f"{int(seconds * 1000)}ms" for name in TIMERS}
    values["timeouts.half_close"] = f"{int(seconds * HALF_CLOSE * 1000)}ms"
    return values


@dataclasses.dataclass
class Kind:
    """TIMER ends it after it ran out; or it ends well after outliving OUTLIVES."""
    name: str
    client: object
    ends: str
    method: str = "GET"
    timer: str = ""
    outlives: str = ""
    slow: bool = False             # reads little or nothing of a lot
    busy: bool = False             # moves a lot at first or all the time: a few do
    own_bytes: int = 24 << 10      # what one may cost the gateway, at most


KINDS = {}
ACTS = {}


def kind(ends, **facts):
    """Makes a Kind of a client's coroutine(peer, limit), called like it."""
    def add(client):
        name = client.__name__
        KINDS[name] = Kind(name, client, ends, **facts)
        return client
    return add


def act(serve):
    """Makes an act of a service's coroutine(peer, request)."""
    ACTS[serve.__name__] = serve
    return serve


def asking(name, method="GET", length=None, fields=()):
    """The head of a request that has the service do NAME, with a body of LENGTH to come."""
    target = cases.CLIENT + "/p" if method == "GET" else cases.CLIENT
    more = [("X-Act", name), *fields]
    if length is not None:
        more.append(("Content-Length", str(length)))
    return wire.request_bytes(method, target, None, more)


LIMIT = [1.0]                    # seconds; what acts scale their pauses by


async def pause(limits):
    await asyncio.sleep(limits * LIMIT[0])


@act
async def ok(peer, request):
    await request.whole()
    await peer.send(cases.OK)
    return True


# --- slow heads and bodies ------------------------------------------------------------

@kind("408 clean", timer="request_head")
async def head_stalls(peer, limit):
    await peer.send(asking("ok")[:-2])
    await peer.end()


@kind("408 clean", timer="request_head")
async def head_byte_by_byte(peer, limit):
    await peer.drip(asking("ok", fields=[("X", "y" * 200)]), limit / STEPS)
    await peer.end()


@kind("408 clean", timer="request_body", method="POST")
async def body_stalls(peer, limit):
    await peer.send(asking("ok", "POST", 1000, [("Content-Type", "application/json")]) + b'{"a":1')
    await peer.end()


@kind("408 clean", timer="request_body", method="POST", own_bytes=UPLOAD_BYTES)
async def upload_stalls(peer, limit):
    await peer.send(asking("ok", "POST", 100_000, [RAW]) + b"u" * 90_000)
    await peer.end()


@kind("408 clean", timer="request_body", method="POST")
async def chunk_stalls(peer, limit):
    await peer.send(asking("ok", "POST", None, [("Content-Type", "application/json"),
                                                ("Transfer-Encoding", "chunked")]) + b"a\r\n[1,")
    await peer.end()


@kind("200 clean", outlives="request_body", method="POST")
async def body_byte_by_byte(peer, limit):
    body = b'{"dataProductId":"%s"}' % (b"b" * STEPS)
    await peer.send(asking("ok", "POST", len(body), [("Content-Type", "application/json"),
                                                     ("Connection", "close")]) + body[:-STEPS - 2])
    await peer.drip(body[-STEPS - 2:], limit / STEPS)
    await peer.end()


@kind("408 clean", timer="request_rate", method="POST")
async def body_trickles(peer, limit):
    """Never stalls, but brings ten bytes a second."""
    await peer.send(asking("ok", "POST", 10_000, [RAW]))
    await peer.drip(b"t" * 10_000, 0.1)
    await peer.end()


# --- clients that do not read, or hardly ----------------------------------------------

async def pour(peer, head, piece):
    """HEAD, then PIECE again and again as chunks."""
    await peer.send(head)
    await peer.pour(b"%x\r\n%s\r\n" % (len(piece), piece), BIG // len(piece))


@act
async def big_raw(peer, request):
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
                    % BIG)
    await peer.pour(b"r" * PIECE, BIG // PIECE)


@act
async def big_translated(peer, request):
    await pour(peer, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n", JSON_CHUNK)


@act
async def big_events(peer, request):
    await pour(peer, EVENT_HEAD, EVENT)


def unread(name, own_bytes):
    async def client(peer, limit):
        await peer.send(asking(name))
        await peer.lost()
    client.__name__ = name + "_unread"
    kind("none reset", timer="reply", slow=True, own_bytes=own_bytes, busy=True)(client)


unread("big_raw", HELD_BYTES)
unread("big_translated", HELD_BYTES)
unread("big_events", HELD_BYTES)


@act
async def a_megabyte(peer, request):
    await peer.send(wire.reply_bytes(200, b"s" * (1 << 20), [("Content-Type", "text/plain")]))
    return True


@kind("200 clean", outlives="reply", slow=True, own_bytes=HELD_BYTES, busy=True)
async def read_slowly(peer, limit):
    await peer.send(asking("a_megabyte", fields=[("Connection", "close")]))
    await peer.sip(1 << 20, 2 * limit)


@act
async def middling(peer, request):
    await peer.send(MIDDLING)
    return True


@kind("none reset", timer="reply", slow=True, own_bytes=HELD_BYTES, busy=True)
async def pipeline_unread(peer, limit):
    """Asks without end and reads nothing: the replies that wait stop the reading, too."""
    async def ask():
        try:
            await peer.send(asking("middling") * 20_000)
        except peers.Over:
            pass
    asked = asyncio.ensure_future(ask())
    await peer.lost()
    await asked


@kind("200 clean", outlives="request_head")
async def pipeline_dripped(peer, limit):
    """Each head is begun as the last one ends, and takes a quarter of what it may."""
    request = asking("ok")
    await peer.send(request[:20])
    for _ in range(5):
        await asyncio.sleep(limit / 4)
        await peer.send(request[20:] + request[:20])
    await peer.send(asking("ok", fields=[("Connection", "close")])[20:])
    await peer.end()
    assert len(peer.replies()) == 6, peer.replies()


# --- idle and half-closed ---------------------------------------------------------------

@kind("none fin", timer="keep_alive", own_bytes=8 << 10)
async def silent(peer, limit):
    await peer.end()


@kind("200 clean", timer="keep_alive", own_bytes=8 << 10)
async def idle_after_a_request(peer, limit):
    await peer.send(asking("ok"))
    await peer.end()


@kind("none fin", method="POST")
async def half_closed_within_a_request(peer, limit):
    await peer.send(asking("ok", "POST", 1000, [RAW]) + b"h" * 10)
    peer.half_close()
    await peer.end()


@kind("none fin", method="GET")
async def half_closed_within_a_head(peer, limit):
    await peer.send(asking("ok")[:-2])
    peer.half_close()
    await peer.end()


@act
async def say_nothing(peer, request):
    await peer.end()


@kind("none fin", timer="half_close")
async def half_closed_and_unanswered(peer, limit):
    await peer.send(asking("say_nothing"))
    peer.half_close()
    await peer.end()


@kind("200 clean")
async def half_closed_and_answered(peer, limit):
    await peer.send(asking("ok"))
    peer.half_close()
    await peer.end()


# --- slow services ----------------------------------------------------------------------

def plain(name, ends, **facts):
    """A client that just asks, for what the service does as NAME."""
    async def client(peer, limit):
        await peer.send(asking(name, fields=[("Connection", "close")]))
        await peer.end()
    client.__name__ = name
    kind(ends, **facts)(client)


plain("say_nothing", "504 clean", timer="upstream_first_byte")


@act
async def head_drips(peer, request):
    await peer.drip(wire.reply_bytes(200, b"{}", [("X", "y" * 200)]), LIMIT[0] / STEPS)


plain("head_drips", "504 clean", timer="upstream_first_byte")


@act
async def interim_drips(peer, request):
    for _ in range(9):
        await peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        await pause(0.3)


plain("interim_drips", "504 clean", timer="upstream_first_byte")


@act
async def short_body_stalls(peer, request):
    await peer.send(wire.reply_bytes(200, b'{"a":1}')[:-1])
    await peer.end()


plain("short_body_stalls", "504 clean", timer="upstream_between_bytes")


@act
async def long_body_stalls(peer, request):
    await peer.send(wire.reply_bytes(200, b"[" + b"1," * 50_000)[:-1])
    await peer.end()


plain("long_body_stalls", "200 truncated", timer="upstream_between_bytes")


@act
async def events_stall(peer, request):
    await peer.send(EVENT_HEAD + b"%x\r\n%s\r\n" % (len(EVENT), EVENT))
    await peer.end()


plain("events_stall", "200 truncated", timer="upstream_stream")


@act
async def short_body_drips(peer, request):
    head, blank, body = wire.reply_bytes(200, b'{"a":"%s"}' % (b"d" * 2 * STEPS)).partition(
        b"\r\n\r\n")
    await peer.send(head + blank)
    await peer.drip(body, LIMIT[0] / STEPS)
    return True


plain("short_body_drips", "200 clean", outlives="upstream_between_bytes")


@act
async def long_body_drips(peer, request):
    head, blank, body = wire.reply_bytes(200, b"[" + b"1," * 500 + b"1]", framing="chunked",
                                         size=7).partition(b"\r\n\r\n")
    await peer.send(head + blank)
    await peer.drip(body, LIMIT[0] / STEPS, len(body) // STEPS // 2)
    return True


plain("long_body_drips", "200 clean", outlives="upstream_between_bytes")


def cut(name, ends, sent):
    """The service sends SENT, then FIN, and goes on reading."""
    async def serve(peer, request):
        await peer.send(sent)
        peer.half_close()
        await peer.end()
    serve.__name__ = name
    act(serve)
    plain(name, ends)


cut("fin_within_the_head", "502 clean", cases.OK[:20])
cut("fin_within_a_short_body", "502 clean", cases.OK[:-1])
cut("fin_within_a_long_body", "200 truncated", wire.reply_bytes(200, b"[" + b"1," * 50_000)[:-1])
cut("fin_behind_the_reply", "200 clean", cases.OK)


@act
async def fin_then_reads(peer, request):
    """The whole reply and FIN, while the request is still on its way, which is then read."""
    await peer.send(cases.OK)
    peer.half_close()
    await request.whole()


@kind("200 clean", method="POST")
async def answered_within_an_upload(peer, limit):
    await peer.send(asking("fin_then_reads", "POST", 1000, [RAW, ("Connection", "close")])
                    + b"a" * 10)
    await peer.end()


@act
async def never_read(peer, request):
    """Reads no byte of the body; looks, without reading, whether the gateway is gone."""
    await asyncio.sleep(3600)


async def upload(peer, name, length):
    async def send():
        try:
            await peer.pour(b"u" * PIECE, length // PIECE)
        except peers.Over:
            pass
    await peer.send(asking(name, "POST", length, [RAW, ("Connection", "close")]))
    sent = asyncio.ensure_future(send())
    await peer.end()
    sent.cancel()
    await asyncio.gather(sent, return_exceptions=True)


@kind("504 clean", method="POST", timer="upstream_between_bytes", own_bytes=UPLOAD_BYTES,
      busy=True)
async def upload_unread(peer, limit):
    await upload(peer, "never_read", BIG)


@act
async def reads_slowly(peer, request):
    """All of it in one limit and a half."""
    begun, length = peer.loop.time(), request.left
    while await request.some():
        await asyncio.sleep(begun + 1.5 * LIMIT[0] * request.received / length - peer.loop.time())
    return await ok(peer, request)


@kind("200 clean", method="POST", outlives="upstream_between_bytes", own_bytes=UPLOAD_BYTES,
      busy=True)
async def upload_read_slowly(peer, limit):
    await upload(peer, "reads_slowly", 1 << 20)
