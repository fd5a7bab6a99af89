"""The client's connection breaks at every byte of its request."""
import pathlib

import cases
import chaos
import loop as loops
import mappings
import trials
import wire

BYSTANDER_EVERY = 50
JSON = [("Content-Type", "application/json")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
UPLOAD = [("Content-Type", "multipart/form-data; boundary=b")]
OTHER = [("Content-Type", "text/plain")]
CHUNKED = [("Transfer-Encoding", "chunked")]
# More than this and a body is sent on as it comes.
HELD_BYTES = 40
SHORT = b'{"dataProductId":"p"}'
LONG = b'{"dataProductId":"p","text":"%s"}' % (b"long " * 12)
FORM_BODY = b"dataProductId=p&a=b"
PARTS = (b"--b\r\nContent-Disposition: form-data; name=\"dataProductId\"\r\n\r\np\r\n"
         b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nbytes\r\n--b--\r\n")
PLAIN = b"some plain bytes"

# name, method, target, fields, body with its framing, what the service must get of it
KINDS = [
    ("get", "GET", cases.CLIENT, [], None, b""),
    ("delete", "DELETE", cases.CLIENT + "/p", [], None, b""),
    ("json", "POST", cases.CLIENT, JSON, SHORT, None),
    ("chunked json", "POST", cases.CLIENT, JSON + CHUNKED,
     wire.chunked(SHORT, 8, [("X-Sum", "7")]), None),
    ("streamed json", "POST", cases.CLIENT, JSON, LONG, None),
    ("streamed chunked json", "POST", cases.CLIENT, JSON + CHUNKED, wire.chunked(LONG, 30), None),
    ("form", "POST", cases.CLIENT, FORM, FORM_BODY, None),
    ("upload", "POST", cases.CLIENT + "/p/unstructured-assets/x", UPLOAD, PARTS, None),
    ("chunked upload", "POST", cases.CLIENT + "/p/unstructured-assets/x", UPLOAD + CHUNKED,
     wire.chunked(PARTS, 33), None),
    ("raw", "POST", cases.CLIENT + "/p/raw", OTHER, PLAIN, PLAIN),
    ("raw chunked", "POST", cases.CLIENT + "/p/raw", OTHER + CHUNKED, wire.chunked(PLAIN, 7),
     PLAIN),
]
# Of these the service gets a part before all has come.
STREAMED = ("streamed json", "streamed chunked json", "upload", "chunked upload", "raw",
            "raw chunked")
CONTENT = {"json": SHORT, "chunked json": SHORT, "streamed json": LONG,
           "streamed chunked json": LONG, "form": FORM_BODY, "upload": PARTS,
           "chunked upload": PARTS}


class Broken(trials.Trial):
    """A request of one of KINDS that breaks off by FAULT when AT bytes of it have been sent."""

    def __init__(self, kind, fault, at):
        self.name, method, target, fields, body, self.content = kind
        if self.content is None:
            self.content = CONTENT[self.name].replace(b"dataProductId", b"workspaceId")
        super().__init__(method, target, body, fields, name=self.name, fault=fault, at=at)
        self.front = chaos.Plan(up=chaos.Fate(at, fault))

    @property
    def whole(self):
        """The client has sent all of it."""
        return self.known["at"] is None or self.known["at"] >= len(self.request())

    @property
    def begun(self):
        """The client has sent the head."""
        at = self.known["at"]
        return at is None or at >= self.request().index(b"\r\n\r\n") + 4

    def leaves_a_line(self):
        # A reset may be faster than what was sent before it.
        return self.begun and self.known["fault"] != "reset"


class Requests(trials.Field):
    """What a client did not complete is complete for nobody, and nothing stays behind."""

    faults = 0

    @classmethod
    def tearDownClass(cls):
        trials.record("faults-requests", "requests broken off by the client, at every byte",
                      cls.faults)

    def begin(self):
        # A drain that waits for what was left behind outlasts the test's patience.
        settings = {"limits.request_buffer": HELD_BYTES, "timeouts.drain": "10m"}
        self.field(lambda request: cases.OK, settings, mappings.EVERYTHING)
        self.front = chaos.Chaos(self.loop, self.gate.client, self.front_plan)
        self.addCleanup(self.front.close)
        self.door = self.front.address
        self.idle_descriptors = self.descriptors()

    def front_plan(self, number, exchange, head):
        return self.trials[int(trials.NUMBER.search(head).group(1))].front

    def descriptors(self):
        """Those of the gateway, but for its connections to the service."""
        return len(list(pathlib.Path(f"/proc/{self.gate.pid}/fd").iterdir())) - \
            len(self.chaos.relays)

    def nothing_stays_behind(self):
        self.loop.until(lambda: not self.front.relays, "the ends of the clients' connections")
        self.loop.until(lambda: self.descriptors() == self.idle_descriptors,
                        "the gateway's idle state")

    def executed(self):
        """{number of a trial: its requests as the service has executed them}."""
        found = {}
        for request in self.origin.executed:
            number = int(request.field("X-Request-Id").removeprefix("trial-"))
            found.setdefault(number, []).append(request)
        return found

    def trials_of(self, kind, fault):
        whole = Broken(kind, None, None)
        self.run_trials([whole])
        recorded = bytes(whole.front.up.passed)
        self.assertEqual(recorded, whole.request())
        self.assertEqual(whole.reply().body, b'{"ok":true}')
        offsets = trials.thinned(range(1, len(recorded) + 1),
                                 (recorded.index(b"\r\n\r\n") + 4, len(recorded) - 1))
        made = []
        for at in offsets:
            made.append(Broken(kind, fault, at))
            if len(made) % BYSTANDER_EVERY == 0:
                made.append(Broken(kind, None, None))
        return made

    def check(self, trial, executed):
        fault = trial.known["fault"]
        bodies = [request.body for request in executed.get(trial.number, [])]
        self.assertEqual(bodies[1:], [], trial)
        if not trial.whole:
            self.assertEqual(bodies, [], trial)
            outcome = trial.log and trial.log["outcome"]
            self.assertIn(outcome, ("CLIENT_GONE", None) if trial.begun else (None,), trial)
            self.assertEqual(bytes(trial.got), b"", trial)
            return
        self.assertIn(trial.content, bodies or [trial.content], trial)
        if fault in (None, "half_close"):
            self.assertEqual(len(bodies), 1, trial)
            self.assertEqual(trial.log["outcome"], "OK", trial)
            reply = trial.reply()
            self.assertEqual((reply.status, reply.body, reply.end), (200, b'{"ok":true}', "clean"))
        else:
            self.assertIn(trial.log and trial.log["outcome"], ("OK", "CLIENT_GONE", None), trial)

    def break_all(self, fault):
        self.begin()
        for kind in KINDS:
            done = self.run_trials(self.trials_of(kind, fault))
            executed = self.executed()
            for trial in done:
                with self.subTest(**trial.known):
                    self.check(trial, executed)
            Requests.faults += sum(1 for trial in done if trial.known["fault"])
        self.nothing_stays_behind()

    def test_fin(self):
        self.break_all("fin")

    def test_reset(self):
        self.break_all("reset")

    def test_once_the_service_has_a_part(self):
        self.begin()
        for kind in KINDS:
            for short in range(1, 11 if kind[0] in STREAMED else 1):
                for end in ("close", "reset", "half_close"):
                    with self.subTest(kind=kind[0], short=short, end=end):
                        self.end_in_sight(Broken(kind, None, None), short, end)
        self.nothing_stays_behind()

    def end_in_sight(self, trial, short, end):
        """END comes SHORT bytes before that of TRIAL, when the service has its head."""
        trial.number = len(self.trials)
        self.trials.append(trial)
        mark = b"trial-%d\r\n" % trial.number
        client = loops.End(self.loop, loops.dial(self.gate.client), lambda piece: None)
        client.send(trial.request()[:-short])
        self.loop.until(lambda: any(mark in visit.got for visit in self.origin.visits),
                        "the head at the service")
        getattr(client, end)()
        self.loop.until(lambda: any(mark in got for got, _ in self.origin.broken),
                        "the end of a part")
        self.assertNotIn(trial.number, self.executed())
        self.find_log(trial.number)
        self.assertEqual(trial.log["outcome"], "CLIENT_GONE")

    def test_half_close(self):
        self.break_all("half_close")
