"""loop.py - one thread that waits for many sockets

Clients, proxies and services of one test share a Loop, so that thousands of
exchanges need no thread each and happen in an order that the test decides.
An End is one end of a connection; what comes on it goes to its owner's TAKE.
"""
import fcntl
import heapq
import itertools
import selectors
import socket
import struct
import termios
import time

import wire


class Loop:
    """Waits for sockets and moments, and calls what belongs to them."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.moments = []
        self.order = itertools.count()

    def after(self, seconds, call):
        heapq.heappush(self.moments, (time.monotonic() + seconds, next(self.order), call))

    def turn(self, most):
        """Waits no longer than MOST seconds for something to happen, and has it done."""
        if self.moments:
            most = min(most, max(0, self.moments[0][0] - time.monotonic()))
        for key, what in self.selector.select(most):
            key.data(what)
        while self.moments and self.moments[0][0] <= time.monotonic():
            heapq.heappop(self.moments)[2]()

    def until(self, condition, what, seconds=None):
        """Turns until CONDITION() holds; WireError after SECONDS without it."""
        deadline = wire.deadline_in(seconds)
        while not condition():
            if time.monotonic() > deadline:
                raise wire.WireError(f"never came: {what}")
            self.turn(0.1)

    def listen(self, on_accept):
        """A listener on a free port of the loopback; ON_ACCEPT(sock) for each connection."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        listener.setblocking(False)

        def accept(_):
            try:
                sock, _address = listener.accept()
            except OSError:  # gone again before it was its turn
                return
            on_accept(sock)

        self.selector.register(listener, selectors.EVENT_READ, accept)
        return listener

    def stop_listening(self, listener):
        self.selector.unregister(listener)
        listener.close()


def address_of(listener):
    return "127.0.0.1:%d" % listener.getsockname()[1]


def dial(address):
    """A socket connected to ADDRESS, "127.0.0.1:8080"."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), wire.PATIENCE)


def unacknowledged(sock):
    """How many bytes SOCK has taken and the other side's system has not confirmed."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


class End:
    """
    One end of a connection.  TAKE(piece) gets what comes; at the end it gets
    b"" once, and `ended` says "fin" or "reset".
    """

    def __init__(self, loop, sock, take):
        self.loop, self.sock, self.take = loop, sock, take
        self.ended = None        # how the other side ended
        self.closed = False      # by us
        self.out = bytearray()   # not yet taken by the kernel
        self.corked = False      # it gathers, to leave in one piece
        self.when_out = None     # what is to be done once all of it is
        self.events = 0
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._want(selectors.EVENT_READ)

    def _want(self, events):
        if events == self.events:
            return
        if not self.events:
            self.loop.selector.register(self.sock, events, self._on_ready)
        elif not events:
            self.loop.selector.unregister(self.sock)
        else:
            self.loop.selector.modify(self.sock, events, self._on_ready)
        self.events = events

    def _on_ready(self, what):
        if what & selectors.EVENT_WRITE and not self.closed:
            self._flush()
        if what & selectors.EVENT_READ and not self.closed and not self.ended:
            self._read()

    def _read(self):
        try:
            piece = self.sock.recv(65536)
        except BlockingIOError:
            return
        except (ConnectionResetError, BrokenPipeError):
            piece, self.ended = b"", "reset"
        if not piece:
            self.ended = self.ended or "fin"
            self._want(self.events & ~selectors.EVENT_READ)
        self.take(piece)

    def _flush(self):
        try:
            while self.out:
                del self.out[:self.sock.send(self.out)]
        except BlockingIOError:
            self._want(self.events | selectors.EVENT_WRITE)
            return
        except (ConnectionResetError, BrokenPipeError):
            self.out.clear()     # reading will tell
        self._want(self.events & ~selectors.EVENT_WRITE)
        if self.when_out:
            call, self.when_out = self.when_out, None
            call()

    def send(self, piece):
        if self.closed:
            return
        self.out += piece
        if not self.corked:
            self._flush()

    def cork(self):
        """From now on what is sent, and what is done behind it, waits for uncork."""
        self.corked = True

    def uncork(self):
        self.corked = False
        if not self.closed:
            self._flush()

    def _once_out(self, call):
        if not self.out:
            call()
        else:
            self.when_out = call

    def half_close(self):
        """FIN behind what was sent; reading goes on."""
        def shut():
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:      # the other side was faster
                pass
        if not self.closed:
            self._once_out(shut)

    def close(self):
        """FIN behind what was sent, and nothing is read any more."""
        if not self.closed:
            self._once_out(self._drop)

    def reset(self, hurried=False):
        """RST behind what was sent, when the other side's system has that unless HURRIED."""
        def drop():
            if self.closed:
                return
            if not hurried and not self.ended and unacknowledged(self.sock):
                self.loop.after(0.001, drop)  # a reset throws away what is still on its way
                return
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._drop()
        if not self.closed:
            self._once_out(drop)

    def _drop(self):
        self.closed = True
        self._want(0)
        self.sock.close()
