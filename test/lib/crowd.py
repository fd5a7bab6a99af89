"""crowd.py - thousands of event streams open at once, both their ends in one thread

A crowd is the service behind a gateway and all of its clients.  Each stream
begins with a POST whose body holds its number; the service answers with an
event stream and says what the test has it say.  What a client must have got
in the end is known to the byte.
"""
import resource
import selectors
import socket
import time
import zlib

import dialects
import wire

HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\n%s\r\n")
CODED = b"Content-Encoding: gzip\r\n"
GZIP = 16                        # zlib: the gzip format
END = b"0\r\n\r\n"
BEAT = b": alive\n\n"


def room_for(wanted, reserve=200):
    """How many of WANTED streams there are descriptors for, here and in a gateway."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, (hard - reserve) // 2)


class End:
    """One end of one connection; NUMBER says which stream it is of, once that is known."""

    def __init__(self, sock, number=None):
        self.sock, self.number = sock, number
        self.got = bytearray()
        self.ended = None        # None, "fin" or "reset"


def packer():
    """What codes one stream as gzip, in little memory."""
    return zlib.compressobj(1, zlib.DEFLATED, GZIP + 9, 1)


def packed(by, text):
    """TEXT as BY codes it, so that it can be read at once."""
    return by.compress(text) + by.flush(zlib.Z_SYNC_FLUSH)


class Crowd:
    """CODED: the service codes what it says as gzip, flushed each time."""

    def __init__(self, coded=False):
        self.packers = {} if coded else None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.clients = []        # by number
        self.services = {}       # by number, once the request is whole
        self.said = []           # by number: what the service's client must get

    # --- both ends ---------------------------------------------------------------

    def _watch(self, end, handler):
        end.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(end.sock, selectors.EVENT_READ, lambda: handler(end))

    def _take(self, end):
        try:
            piece = end.sock.recv(65536)
        except ConnectionResetError:
            piece, end.ended = b"", "reset"
        end.got += piece
        if not piece:
            end.ended = end.ended or "fin"
            self.selector.unregister(end.sock)

    def _accept(self):
        sock, _ = self.listener.accept()
        self._watch(End(sock), self._listen)

    def _listen(self, end):
        """Bytes for the service."""
        self._take(end)
        head, blank, body = bytes(end.got).partition(b"\r\n\r\n")
        if end.number is None and blank and body.endswith(b"}"):
            end.number = int(body[len(b'{"n":'):-1])
            self.services[end.number] = end
            end.sock.sendall(HEAD % (b"" if self.packers is None else CODED))
            if self.packers is not None:
                self.packers[end.number] = packer()

    def turn(self, seconds):
        """Reads whatever comes within SECONDS; returns at once after something has."""
        for key, _ in self.selector.select(seconds):
            key.data()

    def until(self, condition, what):
        deadline = wire.deadline_in()
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}"
            self.turn(0.1)

    # --- what a test does -----------------------------------------------------------

    def open(self, address, count, path, fields=()):
        """Opens COUNT more streams at ADDRESS, no more than a few being opened at a time."""
        host, _, port = address.rpartition(":")
        wanted = len(self.clients) + count
        for number in range(len(self.clients), wanted):
            end = End(socket.create_connection((host, int(port))), number)
            self.clients.append(end)
            self.said.append(b"")
            self._watch(end, self._take)
            end.sock.sendall(wire.request_bytes("POST", path, b'{"n":%d}' % number, fields))
            self.until(lambda: number - len(self.services) < 64, "the service's requests")
        self.until(lambda: len(self.services) == wanted, "the service's requests")
        self.everybody_has_heard()

    def say(self, number, text):
        """The service says TEXT (with <client|service> marks) on stream NUMBER."""
        client, service = dialects.both(text)
        self.said[number] += client
        if self.packers is not None:
            service = packed(self.packers[number], service)
        self.services[number].sock.sendall(b"%x\r\n%s\r\n" % (len(service), service))

    def beat(self):
        """A heartbeat on every stream."""
        for number in self.services:
            self.say(number, BEAT)

    def heard(self, number):
        """The body that client NUMBER has got so far, and how it ended."""
        if b"\r\n\r\n" not in self.clients[number].got:
            return None, None
        connection = Replayed(self.clients[number])
        reply = connection.head("POST")
        connection.read_body(reply)
        if reply.field("Content-Encoding") == "gzip":
            return zlib.decompressobj(GZIP + zlib.MAX_WBITS).decompress(reply.body), reply.end
        return reply.body, reply.end

    def everybody_has_heard(self):
        """Waits until every client has got what was said to it, to the byte."""
        waiting = list(range(len(self.said)))

        def all_have():
            while waiting and self.heard(waiting[-1])[0] == self.said[waiting[-1]]:
                waiting.pop()
            return not waiting

        self.until(all_have, "what was said")

    def finish(self):
        """Ends every stream cleanly and checks that each client has seen just that."""
        for number, service in self.services.items():
            if self.packers is not None:
                rest = self.packers[number].flush()
                service.sock.sendall(b"%x\r\n%s\r\n" % (len(rest), rest))
            service.sock.sendall(END)
        waiting = list(self.clients)

        def all_ended():
            while waiting and waiting[-1].got.endswith(END):
                waiting.pop()
            return not waiting

        self.until(all_ended, "every end")
        for number, said in enumerate(self.said):
            body, end = self.heard(number)
            assert (body, end) == (said, "clean"), (number, end, said[-200:], body[-200:])

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        for end in [*self.clients, *self.services.values()]:
            end.sock.close()
        self.selector.close()


class Replayed(wire.Connection):
    """A connection on which nothing comes but what END has got already."""

    def __init__(self, end):
        # Not Connection's constructor: nothing is connected.
        self.sock = None
        self.source = wire.Source(None)
        self.source.buffer += end.got
        self.source.ended = end.ended or "fin"
