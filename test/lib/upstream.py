"""upstream.py - a service whose every byte is scripted

Each connection that is accepted runs SCRIPT(connection) in a thread of its
own.  A script reads requests, sends bytes, waits for the test, closes or
resets; everything it saw is recorded.  A script that ends closes its
connection.  What goes wrong in a script fails the test at close().
"""
import re
import socket
import threading

import wire

REQUEST_LINE = re.compile(rb"^([A-Z]+) ([!-~]+) HTTP/1\.1$")
CLOSE = re.compile(rb"(?i)\r\nconnection: close")


class Gone(Exception):
    """The gateway ended the connection where a script wanted more of it."""


class Request:
    """A request as it arrived; END is "clean", or "truncated"/"reset" if it never was whole."""

    def __init__(self, method, target, fields):
        self.method, self.target, self.fields = method, target, fields
        self.body = b""
        self.framing = "none"
        self.length = None
        self.end = None
        self.trailers = wire.Fields()

    def field(self, name):
        return self.fields.one(name)

    def __repr__(self):
        return f"<{self.method} {self.target} {self.framing} {self.end} {self.body[:200]!r}>"


class Accepted(wire.Connection):
    """One connection from the gateway, as a script sees it."""

    def __init__(self, sock, number, upstream):
        # Not Connection's constructor: the socket is connected already.
        self.sock, self.number, self.upstream = sock, number, upstream
        self.source = wire.Source(sock)
        self.over = threading.Event()
        sock.settimeout(wire.PATIENCE)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def head(self, seconds=None):
        """The next request's head, recorded.  Gone if the connection ends before it."""
        deadline = wire.deadline_in(seconds)
        line = self.source.line(deadline)
        if line is None:
            raise Gone(self.source.ended)
        match = REQUEST_LINE.match(line)
        if not match:
            raise wire.WireError(f"malformed request line {line!r}")
        lines = []
        while (field := self.source.line(deadline)) != b"":
            if field is None:
                raise Gone(self.source.ended)
            lines.append(field)
        request = Request(match.group(1).decode(), match.group(2).decode(),
                          wire.parse_fields(lines))
        self._frame(request)
        self.upstream.record(request)
        return request

    @staticmethod
    def _frame(request):
        codings = request.fields.all("Transfer-Encoding")
        length = request.field("Content-Length")
        if codings and (length is not None or codings != ["chunked"]):
            raise wire.WireError(f"bad framing {codings} {length}")
        if codings:
            request.framing = "chunked"
        elif length is not None:
            request.framing, request.length = "length", int(length)

    def body(self, request, seconds=None, sink=None, pace=None):
        """Reads the body of REQUEST to its end or to the connection's."""
        self.read_body(request, seconds, sink, pace)
        self.upstream.changed()
        if request.end != "clean":
            raise Gone(request.end)
        return request

    def request(self, seconds=None):
        """The next request, whole."""
        return self.body(self.head(seconds), seconds)

    def wait_for_end(self, seconds=None):
        """Waits until the gateway ends the connection, dropping bytes: "fin" or "reset"."""
        self.drain(seconds)
        return self.source.ended


def serve(connection, choose):
    """Answers each request with what CHOOSE gives; a reply that says close is the last."""
    while True:
        request = connection.request(seconds=3600)
        reply = choose(request)
        connection.send(reply)
        if CLOSE.search(reply.partition(b"\r\n\r\n")[0]):
            return


def always(reply):
    """A script that answers each request with REPLY: bytes, or made from the request."""
    return lambda connection: serve(connection, reply if callable(reply) else lambda _: reply)


def answers(*replies):
    """A script that answers the n-th request, over all connections, with the n-th of REPLIES."""
    waiting = list(replies)
    lock = threading.Lock()

    def choose(request):
        with lock:
            reply = waiting.pop(0)
        return reply(request) if callable(reply) else reply
    return lambda connection: serve(connection, choose)


class Upstream:
    """
    Listens on a free port of the loopback, or on ADDRESS, the path of a unix
    socket too, and runs SCRIPT for each connection.
    """

    def __init__(self, script, receive_buffer=None, address=("127.0.0.1", 0)):
        self.script = script
        self.requests = []      # every head that arrived, in order
        self.connections = []
        self.faults = []
        self.stopping = False
        self.news = threading.Condition()
        local = isinstance(address, str)
        self.listener = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(address)
        self.listener.listen(512)
        self.port = None if local else self.listener.getsockname()[1]
        self.url = f"unix:{address}" if local else f"http://{address[0]}:{self.port}"
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.news:
                connection = Accepted(sock, len(self.connections), self)
                self.connections.append(connection)
                thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
                self.threads.append(thread)
                self.news.notify_all()
            thread.start()

    def _run(self, connection):
        try:
            self.script(connection)
        except Gone:
            pass
        except Exception as fault:  # whatever a script raises belongs to the test
            if not self.stopping:
                self.faults.append(fault)
        finally:
            connection.close()
            connection.over.set()
            self.changed()

    def record(self, request):
        with self.news:
            self.requests.append(request)
            self.news.notify_all()

    def changed(self):
        with self.news:
            self.news.notify_all()

    def wait(self, condition, what="the condition", seconds=None):
        """Waits until CONDITION() holds; it is asked again whenever something happened here."""
        with self.news:
            if not self.news.wait_for(condition, wire.PATIENCE if seconds is None else seconds):
                raise wire.WireError(f"the upstream never saw {what}: {self.requests}")

    def wait_requests(self, count):
        self.wait(lambda: len(self.requests) >= count, f"{count} requests")

    def close(self):
        """Ends everything; raises the first fault of a script."""
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.connections):
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(wire.PATIENCE)
        if self.faults:
            raise self.faults[0]


class NoListener:
    """An address that refuses connections: bound, never listening."""

    def __init__(self):
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.sock.getsockname()[1]

    def close(self):
        self.sock.close()


class FullQueue:
    """A listener whose queue of connections is full and stays so: handshakes go unanswered."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        place = self.listener.getsockname()
        self.url = "http://%s:%d" % place
        self.queued = []
        while len(self.queued) < 16:
            one = socket.socket()
            self.queued.append(one)
            one.settimeout(0.2)
            try:
                one.connect(place)
            except TimeoutError:
                return
        raise AssertionError("the queue never filled up")

    def close(self):
        for one in [*self.queued, self.listener]:
            one.close()
