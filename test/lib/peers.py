"""peers.py - hundreds of ends of connections at once, each a coroutine, in one thread

A Peer is a client's end or a service's: it sends what and when it is told,
keeps all that came and how it ended.  A Service runs, for each request, the
act that the request names in its X-Act field.
"""
import asyncio
import socket
import struct

import crowd
import wire

ESTABLISHED, CLOSED = 1, 7     # TCP_INFO's states
LOOK = 0.02                    # seconds between looks at something that tells nothing itself
TAKES = 65536
SMALL_BUFFER = 4096            # bytes; some 300 KB are on their way then at most, if they
SMALL_SEGMENT = 536            # come in segments of so many


def keep_little(sock):
    """Has the kernels keep little of what is sent to SOCK, which has no peer yet."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)


class Over(Exception):
    """The connection ended where more was wanted of it."""


class Peer:
    """One end of a connection; GOT and ENDED ("fin", "reset" or None) are what it saw."""

    def __init__(self, sock):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.got, self.ended = sock, bytearray(), None
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def to(cls, address, slow=False):
        """A client's end, connected to ADDRESS; SLOW: the kernels hold little of what comes."""
        sock = socket.socket()
        if slow:
            keep_little(sock)
        sock.setblocking(False)
        host, _, port = address.rpartition(":")
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    @property
    def state(self):
        """The kernel's: what has come is in it at once, read or not."""
        return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]

    async def send(self, data):
        """Sends DATA; Over if the other side is gone."""
        try:
            await self.loop.sock_sendall(self.sock, data)
        except (ConnectionResetError, BrokenPipeError) as fault:
            raise Over from fault

    async def drip(self, data, pause, step=1):
        """Sends DATA in pieces of STEP bytes, PAUSE seconds apart, until anything comes back."""
        for at in range(0, len(data), step):
            await self.send(data[at:at + step])
            try:
                await asyncio.wait_for(self.receive(), pause)
                return
            except asyncio.TimeoutError:
                pass

    async def receive(self, most=TAKES):
        """Reads once; False at the end."""
        if self.ended:
            return False
        try:
            piece = await self.loop.sock_recv(self.sock, most)
        except (ConnectionResetError, BrokenPipeError):
            self.ended = "reset"
            return False
        self.got += piece
        if not piece:
            self.ended = "fin"
        return bool(piece)

    async def until(self, needle):
        """Reads until NEEDLE has come; takes all up to its end."""
        while (at := self.got.find(needle)) < 0:
            if not await self.receive():
                raise Over
        return self.take(at + len(needle))

    async def take_bytes(self, count):
        """Reads COUNT bytes and takes them."""
        while len(self.got) < count:
            if not await self.receive():
                raise Over
        return self.take(count)

    def take(self, count):
        taken = bytes(self.got[:count])
        del self.got[:count]
        return taken

    async def end(self):
        """Reads until the connection ends, keeping all of it."""
        while await self.receive():
            pass

    async def pour(self, piece, count):
        """Sends PIECE COUNT times, letting others have their turns."""
        for _ in range(count):
            await self.send(piece)
            await asyncio.sleep(0)

    async def sip(self, total, seconds):
        """Reads TOTAL bytes and the end, no faster than in SECONDS."""
        begun = self.loop.time()
        while await self.receive():
            ahead = begun + seconds * min(1, len(self.got) / total) - self.loop.time()
            if ahead > 0.005:
                await asyncio.sleep(ahead)

    async def lost(self):
        """Waits, reading nothing, until the connection was reset."""
        while self.state != CLOSED:
            await asyncio.sleep(LOOK)
        self.ended = "reset"

    def half_close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as fault:
            raise Over from fault

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    def replies(self, method="GET"):
        """All replies to requests with METHOD that came, read by the letter of RFC 9112."""
        connection, found = crowd.Replayed(self), []
        while connection.source.buffer:
            found.append(connection.reply(method))
        return found

    def ending(self, method="GET"):
        """What became of it: "200 clean", "408 clean", "200 truncated", "none fin" ..."""
        found = self.replies(method)
        if not found:
            return f"none {self.ended}"
        return f"{found[-1].status} {found[-1].end}"


class Request:
    """A request as the service got its head; its body, if any, is still to be read."""

    def __init__(self, service, peer, head):
        line, _, rest = head.partition(b"\r\n")
        self.method, self.target, _ = line.decode().split(" ")
        self.fields = wire.parse_fields(rest.split(b"\r\n")[:-2])
        self.service, self.peer = service, peer
        self.left = int(self.fields.one("Content-Length") or 0)
        self.received = 0

    async def some(self, most=TAKES):
        """Reads on; False when the body is whole."""
        if self.left == 0:
            return False
        if not self.peer.got and not await self.peer.receive(most):
            raise Over
        took = len(self.peer.take(self.left))
        self.left -= took
        self.received += took
        self.service.received += took
        return self.left > 0

    async def whole(self):
        while await self.some():
            pass


class Service:
    """
    Runs ACTS[name](peer, request), coroutines that return True to keep the
    connection.  The kernels hold little of what is sent to it.
    """

    def __init__(self, acts):
        self.acts, self.requests, self.faults = acts, [], []
        self.received = 0            # bytes of request bodies
        self.listener = socket.socket()
        keep_little(self.listener)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(4096)
        self.listener.setblocking(False)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.tasks = set()

    def _keep(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def start(self):
        self._keep(self._accept())

    async def _accept(self):
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(self.listener)
            self._keep(self._serve(Peer(sock)))

    async def _serve(self, peer):
        try:
            while True:
                request = Request(self, peer, await peer.until(b"\r\n\r\n"))
                self.requests.append(request)
                if not await self.acts[request.fields.one("X-Act") or "ok"](peer, request):
                    return
        except Over:
            pass
        except Exception as fault:  # belongs to the test
            self.faults.append(fault)
        finally:
            peer.close()

    async def stop(self):
        self.listener.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.faults:
            raise self.faults[0]


async def until(condition, what):
    """Waits until CONDITION() holds."""
    deadline = wire.deadline_in()
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"never came: {what}"
        await asyncio.sleep(LOOK)


def play(make_service, make_gateway, scene):
    """
    Runs SCENE(gate, service), a coroutine, with what MAKE_SERVICE() and
    MAKE_GATEWAY(service) make, and gives back what it does.
    """
    async def run():
        service = make_service()
        service.start()
        try:
            return await scene(await asyncio.to_thread(make_gateway, service), service)
        finally:
            await service.stop()

    return asyncio.run(run())
