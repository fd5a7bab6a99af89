"""throng.py - thousands of connections held at once, and a service that lets requests wait

A throng is the service behind a gateway and many clients, in one thread and
two descriptors an open request.  The service answers what is on its list at
once and keeps everybody else waiting until it is told to answer them.
"""
import re
import resource
import selectors
import socket
import time

import crowd
import wire

ANSWER = wire.reply_bytes(200, b'{"ok":true}')
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ")


def room_for(wanted, descriptors_each, reserve=300):
    """How many of WANTED there are descriptors for here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, (hard - reserve) // descriptors_each)


class Client(crowd.End):
    """A client's connection, with what it has got since it last asked."""

    @property
    def status(self):
        """The status of the reply; 0 while none has come."""
        match = STATUS.match(self.got)
        return int(match.group(1)) if match else 0

    def reply(self):
        """The reply, read strictly."""
        return crowd.Replayed(self).reply()

    def has_reply(self):
        head, blank, body = bytes(self.got).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        return bool(blank) and (length is None or len(body) >= int(length.group(1)))


class Throng:
    """HOLD: requests wait for `release`, else each is answered at once."""

    def __init__(self, hold=False):
        self.hold = hold
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.clients, self.services = [], []
        self.waiting = []        # the service's ends that owe an answer

    def _watch(self, end, handler):
        self.selector.register(end.sock, selectors.EVENT_READ, lambda: handler(end))

    def _accept(self):
        for _ in range(256):
            try:
                sock, _ = self.listener.accept()
            except BlockingIOError:
                return
            end = crowd.End(sock)
            self.services.append(end)
            self._watch(end, self._listen)

    def _take(self, end):
        try:
            piece = end.sock.recv(65536)
        except ConnectionResetError:
            piece, end.ended = b"", "reset"
        end.got += piece
        if not piece:
            end.ended = end.ended or "fin"
            self.selector.unregister(end.sock)
            end.sock.close()

    def _listen(self, end):
        """Bytes for the service: requests without a body."""
        self._take(end)
        if not end.ended and end.got.endswith(b"\r\n\r\n"):
            end.got.clear()
            self.waiting.append(end)
            if not self.hold:
                self.release()

    def release(self):
        """Answers everybody who waits."""
        for end in self.waiting:
            if not end.ended:
                end.sock.sendall(ANSWER)
        self.waiting.clear()

    def turn(self, seconds):
        for key, _ in self.selector.select(seconds):
            key.data()

    def until(self, condition, what, seconds=None):
        deadline = wire.deadline_in(seconds)
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}"
            self.turn(0.05)

    # --- clients ------------------------------------------------------------------

    def connect(self, address, count, source=None):
        """COUNT new connections to ADDRESS, from the address SOURCE if given."""
        host, _, port = address.rpartition(":")
        made = []
        for number in range(count):
            origin = (source, 0) if source else None
            client = Client(socket.create_connection((host, int(port)), wire.PATIENCE, origin),
                            len(self.clients))
            self.clients.append(client)
            made.append(client)
            self._watch(client, self._take)
            if number % 64 == 63:
                self.turn(0)
        return made

    @staticmethod
    def ask(clients, path):
        """Each of CLIENTS sends a request; see `answered` for the reply."""
        for client in clients:
            client.got.clear()
            if not client.ended:
                client.sock.sendall(wire.request_bytes("GET", path))

    def answered(self, clients, seconds=None):
        """Waits for a reply to each of CLIENTS, or its connection's end; the statuses."""
        left = list(clients)

        def all_have():
            while left and (left[-1].ended or left[-1].has_reply()):
                left.pop()
            return not left

        self.until(all_have, "every reply", seconds)
        return [client.status for client in clients]

    def leave(self, clients):
        """CLIENTS close their connections."""
        for client in clients:
            if not client.ended:
                self.selector.unregister(client.sock)
                client.ended = "closed"
                client.sock.close()
            self.clients.remove(client)

    def close(self):
        for end in [*self.clients, *self.services]:
            end.sock.close()
        self.listener.close()
        self.selector.close()
