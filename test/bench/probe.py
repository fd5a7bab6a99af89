"""probe.py - how far a proxy keeps to the bytes, and whether it streams: found out, not asserted

A scripted service sends a small document whose every member asks something,
then half of a document and nothing more until the client has some of it, and
an event stream of which likewise.
"""
import json
import threading
import time

import cases
import dialects
import judge
import upstream
import wire
import work as works

MEMBERS = (r'"<dataProductId|workspaceId>":"workspaceId","big":9007199254740993,"tenth":1.10,'
           r'"z":1,"m":{"<dataProduct|workspace>" : 2},"a":3,"twice":1,"twice":2,'
           r'"text":"\u00e4\/","none":[],"nothing":{}')
HALVES = dialects.both('{"<dataProducts|workspaces>":[' + ",".join(
    works.item(n) for n in range(1, 400)) + ","), dialects.both(works.item(7) + "]}")
EVENT = 'data: {"<dataProductId|workspaceId>":"%d"}\n\n'
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WAIT = 2                         # seconds that a first byte may take until it is called held back


class Service:
    """Answers by the end of the path; goes on with a second half when told to."""

    def __init__(self):
        self.go_on = threading.Event()
        self.posted = []
        self.upstream = upstream.Upstream(lambda connection: upstream.serve(
            connection, lambda request: self.choose(connection, request)))

    @property
    def address(self):
        return self.upstream.url.removeprefix("http://")

    def choose(self, connection, request):
        what = request.target.rpartition("/")[2]
        if request.method == "POST" and what != "stream":
            self.posted.append(request.body)
        if what not in ("halves", "stream"):
            return wire.reply_bytes(200, b"{%s}" % dialects.both(MEMBERS)[works.SERVICE],
                                    [("Content-Type", "application/json")])
        return self.halves(connection, what)

    def halves(self, connection, what):
        """The first half is sent at once, from here; the second is what is answered."""
        if what == "stream":
            first, second = (b"%x\r\n%s\r\n" % (len(e), e) for e in
                             (dialects.both(EVENT % n)[works.SERVICE] for n in (1, 2)))
            head, second = STREAM_HEAD, second + b"0\r\n\r\n"
        else:
            (_, first), (_, second) = HALVES
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" \
                % (len(first) + len(second))
        connection.send(head + first)
        self.go_on.wait(WAIT)
        self.go_on.clear()
        return second

    def close(self):
        self.upstream.close()


def first_bytes(service, address, method, target, enough):
    """What of a body comes before the service goes on; the rest is read, too."""
    with wire.Connection(address) as connection:
        connection.send(wire.request_bytes(method, target, b'{"n":0}' if method == "POST" else None,
                                           [("Connection", "close")]))
        got, begun = b"", time.monotonic()
        connection.sock.settimeout(0.05)
        while time.monotonic() - begun < WAIT * 0.8 and enough not in got.partition(b"\r\n\r\n")[2]:
            try:
                piece = connection.sock.recv(65536)
            except TimeoutError:
                continue
            if not piece:
                break
            got += piece
        service.go_on.set()
        connection.sock.settimeout(wire.PATIENCE)
        while connection.sock.recv(65536):
            pass
        return got.partition(b"\r\n\r\n")[2]


def bytes_kept(body):
    """What of MEMBERS' bytes is still there: yes or no by name."""
    order = [body.find(b'"%s":' % name) for name in
             (b"big", b"tenth", b"z", b"m", b"a", b"twice", b"text", b"none", b"nothing")]
    names = json.loads(body)
    return {
        "numbers": b"9007199254740993" in body and b"1.10" in body,
        "order": -1 not in order and order == sorted(order),
        "duplicates": body.count(b'"twice"') == 2,
        "empty": b'"none":[]' in body and b'"nothing":{}' in body,
        "escapes": rb'"\u00e4\/"' in body,
        "names": names.get("dataProductId") == "workspaceId" and "dataProduct" in names.get("m", {}),
    }


def became_of(posted):
    """What the service got of a request to translate."""
    sent, wanted = dialects.both(works.REQUEST)
    if posted in (wanted, sent):
        return "to the byte" if posted == wanted else "untranslated"
    return "decoded" if judge.same(json.loads(posted), json.loads(wanted)) else "wrong"


def probe(folder, row):
    """What ROW keeps; a value is True, False or what became of it."""
    service = Service()
    try:
        running = row.start(folder / f"probe-{row.name}", service.address)
        with wire.Connection(running.address) as connection:
            found = bytes_kept(connection.request("GET", cases.CLIENT + "/small").body)
            connection.request("POST", cases.CLIENT, dialects.both(works.REQUEST)[works.CLIENT],
                               [("Content-Type", "application/json")])
        found["requests"] = became_of(service.posted[-1])
        found["streamed"] = bool(first_bytes(service, running.address, "GET",
                                             cases.CLIENT + "/halves", b'"'))
        event = first_bytes(service, running.address, "POST", cases.CLIENT + "/p/chat/stream",
                            b"\n\n")
        found["events"] = "translated" if b"dataProductId" in event else \
            "untranslated" if b"workspaceId" in event else "held back"
        running.finish()
        return found
    finally:
        service.close()
