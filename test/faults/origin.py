"""origin.py - a service that reads to the letter, and remembers what was whole

Every complete request is executed: recorded, and answered with ANSWER(request).
What ended before it was complete is kept apart, with how it ended.
"""
import loop as loops
import upstream
import wire


class Heard(upstream.Accepted):
    """What came so far, read as if nothing more would."""

    def __init__(self, got):
        # Not Accepted's constructor: nothing is connected.
        self.source = wire.Source(None)
        self.source.buffer += got
        self.source.ended = "fin"
        self.upstream = self

    def record(self, request):
        """Whoever asked has it."""


def read_request(got):
    """(the first request in GOT, the bytes behind it), or (None, GOT) if it is not whole."""
    if b"\r\n\r\n" not in got:
        return None, got
    heard = Heard(got)
    request = heard.head()
    heard.read_body(request)
    return (request, heard.source.buffer) if request.end == "clean" else (None, got)


class Visit:
    """One connection to the origin."""

    def __init__(self, origin, sock):
        self.origin, self.got = origin, bytearray()
        self.end = loops.End(origin.loop, sock, self._take)
        origin.visits.add(self)

    def _take(self, piece):
        self.got += piece
        while self.got:
            request, self.got = read_request(self.got)
            if not request:
                break
            self.origin.executed.append(request)
            self.end.send(self.origin.answer(request))
        if self.end.ended:
            if self.got:
                self.origin.broken.append((bytes(self.got), self.end.ended))
            self.end.close()
            self.origin.visits.discard(self)


class Origin:
    def __init__(self, loop, answer):
        self.loop, self.answer = loop, answer
        self.executed = []       # complete requests, in order
        self.broken = []         # (bytes, how it ended) of the others
        self.visits = set()      # connections that are open
        self.listener = loop.listen(lambda sock: Visit(self, sock))
        self.address = loops.address_of(self.listener)
        self.url = f"http://{self.address}"

    def close(self):
        self.loop.stop_listening(self.listener)
        for visit in list(self.visits):
            visit.end.close()
