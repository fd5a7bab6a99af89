"""Lenient origins of others behind the gateway: each sees what it let through, once, and no more.

Every row of the tables and the corpus is sent whole, and the client's side is
closed behind it.  What the client is answered and what the origin has seen are
matched by their X-Request-Id.
"""
import pathlib
import sys

import corpus
import judge
import origin
import program
import reliability
import table
import test_d_wire
import upstream
import wire

HERE = pathlib.Path(__file__).resolve().parent
# Requests that an origin, lenient as it is, may find fault with.
REFUSED_MAX = 3


class Origin(program.Program):
    """The origin NAME, with its files in FOLDER."""

    def __init__(self, name, folder):
        folder.mkdir()
        self.folder = folder
        super().__init__([sys.executable, str(HERE / "origin.py"), name, str(folder)])
        self.url = "http://" + self.wait_line(r"listening address=(\S+)").group(1)

    def seen(self):
        """The ids of the requests that came whole; asked after its end."""
        lines = (self.folder / "seen").read_text("latin-1").splitlines()
        return [line.split(" ")[2] for line in lines]


def everything():
    """(data, methods of the requests in it) of every row, and of the corpus if it is there."""
    datas = [row.data for row in table.heads() + table.chunks()]
    datas += [case.data for case in corpus.cases()]
    verdicts = judge.whole(datas)
    return [(data, [request.method for request in verdict.requests])
            for data, verdict in zip(datas, verdicts, strict=True) if verdict.end != "incomplete"]


def is_own(reply):
    """True if the gateway itself made REPLY: an error, or the answer to `OPTIONS *`."""
    return reply.field("Content-Type") == "application/json" or reply.status == 204


class Origins(test_d_wire.Wire):
    def setUp(self):                                   # pylint: disable=arguments-differ
        super(test_d_wire.Wire, self).setUp()
        self.passed_on = []

    def ask(self, row):
        """Sends a row; keeps the ids of the replies that came from the origin."""
        data, methods = row
        with self.gate.connect() as connection:
            connection.send(data)
            try:
                connection.half_close()
            except OSError:
                pass                                   # the gateway has ended it
            for method in [*methods, "GET"]:
                try:
                    reply = connection.reply(method)
                except wire.NoReply:
                    return
                if not is_own(reply):
                    self.passed_on.append((reply.field("X-Request-Id"), reply.status))

    @staticmethod
    def end(origin_server):
        """However the case went, nothing is left running."""
        if origin_server.running:
            origin_server.child.kill()
            origin_server.wait_end()

    def counted(self, name):
        """(ids that the client was answered, ids that the origin saw, those it refused itself)"""
        origin_server = Origin(name, self.folder / name)
        self.addCleanup(self.end, origin_server)
        self.gate = self.gateway(origin_server, mapping=test_d_wire.MAPPING)
        rows = everything()
        self.each(self.ask, rows)
        self.gate.finish()
        origin_server.stop()
        seen = origin_server.seen()
        self.assertEqual(len(set(seen)), len(seen), "one request twice")
        return rows, dict(self.passed_on), seen

    def check(self, name):
        rows, answered, seen = self.counted(name)
        self.assertEqual(len(answered), len(self.passed_on), "one id twice")
        self.assertGreaterEqual(len(answered), 700)
        self.assertEqual(set(seen) - set(answered), set(), "seen and never answered")
        refused = [answered[number] for number in set(answered) - set(seen)]
        self.assertEqual(refused, [400] * min(len(refused), REFUSED_MAX), "answered, never seen")
        reliability.record(f"heads-{name}", [(
            f"{len(rows)} heads and bodies sent, with {name} as the service: "
            "requests let through, served by it",
            f"{len(answered) - len(refused)}, {len(seen)}", "make test SUITES=heads")])

    def test_lighttpd(self):
        if not (origin.TOOLS / "lighttpd/usr/sbin/lighttpd").exists():
            self.skipTest("lighttpd is not at hand")
        self.check("lighttpd")

    def test_gunicorn(self):
        self.check("gunicorn")

    def test_tornado(self):
        self.check("tornado")
