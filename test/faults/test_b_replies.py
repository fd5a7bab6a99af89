"""The service's connection breaks at every byte of its reply."""
import chaos
import mappings
import replies
import trials
import wire

import cases

FAULTS = ("fin", "reset", "half_close")
RAW = cases.CLIENT + "/p/raw"


class Broken(trials.Field):
    """Replies of any kind with a fault in them, and what must come of each."""

    def begin(self, settings=None):
        self.kind = None
        self.field(lambda request: self.kind.bytes, settings, mappings.EVERYTHING)

    def target(self, kind):
        return RAW if kind.name.startswith("raw") else cases.CLIENT

    def trial(self, kind, method, at, fault, **fate):
        body = b"{}" if method == "POST" else None
        fate["hurried"] = at is not None and at >= len(kind.bytes)
        plans = [chaos.Plan(down=chaos.Fate(at, fault, **fate)), self.undisturbed(kind)]
        return trials.Trial(method, self.target(kind), body, plans=plans, kind=kind, at=at,
                            fault=fault)

    @staticmethod
    def undisturbed(kind):
        ends = kind.framing == "close"
        return chaos.Plan(down=chaos.Fate(len(kind.bytes), "fin") if ends else None)

    def check(self, trial):
        known = trial.known
        kind, at, fault = known["kind"], known["at"], known["fault"]
        wanted = replies.Verdict(kind, trial.method, at, fault)
        self.assertEqual(trial.attempts, wanted.attempts, trial)
        self.assertEqual(trial.log["outcome"], wanted.outcome, trial)
        # A kept connection of another trial may end under this one before it gets anywhere; how
        # often the service was asked is told by the attempts.
        retries = {wanted.retries} | ({1} if trial.method in ("GET", "HEAD") else set())
        self.assertIn(int(trial.log["http.request.resend_count"]), retries, trial)
        self.assertEqual(trial.log["http.response.status_code"], str(wanted.status), trial)
        if wanted.cut:
            self.check_cut(trial, kind, at)
            return
        reply = trial.reply()
        self.assertEqual([s for s, _ in reply.interim],
                         kind.interim_at(at if wanted.attempts == 1 else len(kind.bytes)), trial)
        if wanted.code and trial.method != "HEAD":
            self.assert_error(reply, wanted.status, wanted.code)
            return
        self.assertEqual((reply.status, reply.end), (wanted.status, "clean"), trial)
        if not wanted.code:
            self.check_whole(reply, kind, at if wanted.attempts == 1 else len(kind.bytes))

    def check_whole(self, reply, kind, at):
        content = kind.content if at >= len(kind.bytes) else kind.content[:at - kind.head_end]
        self.assertEqual(reply.body, content)
        self.assertEqual([(n, v) for n, v in reply.trailers if n == "X-Sum"], kind.trailers)

    def check_cut(self, trial, kind, at):
        """The head arrived and a part of the body, and the client can tell that it is a part."""
        reply = trial.reply()
        self.assertEqual(reply.status, kind.status, trial)
        self.assertIn(reply.end, ("truncated", "reset"), trial)
        self.assertTrue(kind.content_at(at).startswith(reply.body), trial)

    def every_byte(self, kind, method, faults):
        """Trials of KIND at each byte of the reply as it was recorded undisturbed."""
        self.kind = kind
        whole = self.trial(kind, method, None, None)
        whole.plans = [self.undisturbed(kind)]
        self.run_trials([whole])
        recorded = bytes(whole.plans[0].down.passed)
        self.assertEqual(recorded, kind.bytes)
        offsets = trials.thinned(range(len(recorded) + 1),
                                 (1, len(kind.before), kind.head_end, len(recorded) - 1))
        return [self.trial(kind, method, at, fault) for fault in faults for at in offsets]

    def break_all(self, kinds, method, faults, at_once=trials.AT_ONCE):
        for kind in kinds:
            done = self.run_trials(self.every_byte(kind, method, faults), at_once)
            for trial in done:
                with self.subTest(kind=kind, fault=trial.known["fault"], at=trial.known["at"]):
                    self.check(trial)
            Replies.faults += len(done)


class Replies(Broken):
    """A fault at each byte: complete, 502, or visibly cut; and a second try only where allowed."""

    faults = 0

    @classmethod
    def tearDownClass(cls):
        trials.record("faults-replies", "replies broken by the service, at every byte", cls.faults)

    def test_on_a_kept_connection(self):
        """A second exchange on its connection breaks like the first on one of its own."""
        self.begin({"workers": 1})
        kind = self.kind = next(k for k in replies.kinds("GET") if k.name == "204")
        for method in ("GET", "POST"):
            for fault in FAULTS:
                for at in trials.thinned(range(len(kind.bytes) + 1), (1, kind.head_end)):
                    with self.subTest(method=method, fault=fault, at=at):
                        first = self.trial(kind, method, len(kind.bytes), None)
                        second = self.trial(kind, method, at, fault)
                        self.run_trials([first])
                        self.run_trials([second])
                        self.assertEqual(second.connections[:1], first.connections)
                        self.check(second)

    def test_get(self):
        self.begin()
        self.break_all(replies.kinds("GET") + replies.raw_kinds("GET"), "GET", FAULTS)

    def test_post(self):
        self.begin()
        self.break_all(replies.kinds("POST") + replies.raw_kinds("POST"), "POST", FAULTS)

    def test_head(self):
        self.begin()
        self.break_all(replies.kinds("HEAD") + replies.raw_kinds("HEAD"), "HEAD", FAULTS)

    def test_stall(self):
        self.begin({"timeouts.upstream_first_byte": "1s", "timeouts.upstream_between_bytes": "1s"})
        chosen = [k for k in replies.kinds("GET") + replies.raw_kinds("GET")
                  if k.name in ("length", "chunked", "close", "raw chunked", "204")]
        self.break_all(chosen, "GET", ["stall"], at_once=200)
        self.break_all(chosen[:1], "POST", ["stall"], at_once=200)

    def test_single_bytes_and_delays_change_nothing(self):
        self.begin()
        for fate in ({"slice": 1}, {"delay": 0.01}, {"slice": 1, "delay": 0.01}):
            for kind in replies.kinds("GET") + replies.raw_kinds("GET"):
                self.kind = kind
                trial = self.trial(kind, "GET", len(kind.bytes), "fin" if kind.framing == "close" else None,
                                   **fate)
                self.run_trials([trial])
                with self.subTest(kind=kind, fate=fate):
                    self.assertEqual(trial.plans[0].down.passed, kind.bytes)
                    self.check(trial)


class Garbage(Broken):
    """Bytes that no request asked for, behind a reply or before the next one."""

    LATE = (b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
            b"Connection: close\r\n\r\n")
    OTHERS = wire.reply_bytes(200, b'{"of":"another"}')

    def kept(self, method):
        return [k for k in replies.kinds(method) + replies.raw_kinds(method)
                if k.framing != "close"]

    def two(self, kind, method, first, second):
        """Two trials, one after the other, of a gateway with one worker."""
        self.kind = kind
        pair = [self.trial(kind, method, len(kind.bytes), None) for _ in range(2)]
        pair[0].plans, pair[1].plans = [chaos.Plan(down=first)], [chaos.Plan(down=second)]
        before = self.chaos.inserted
        self.run_trials(pair[:1])
        if first and first.act:
            self.loop.until(lambda: self.chaos.inserted > before, "what is inserted")
        self.run_trials(pair[1:])
        return pair

    def test_behind_a_reply(self):
        """It is nobody's answer, and the connection carries nothing more."""
        self.begin({"workers": 1})
        for method in ("GET", "POST", "HEAD"):
            for kind in self.kept(method):
                for act, then in ((self.LATE, "fin"), (self.LATE, None), (self.OTHERS, None),
                                  (self.OTHERS, "reset"), (b"\r\n", None), (b"\0", "half_close")):
                    for later in (0, 0.001):
                        with self.subTest(method=method, kind=kind, act=act, then=then,
                                          later=later):
                            fate = chaos.Fate(len(kind.bytes), act, then, later=later)
                            for trial in self.two(kind, method, fate, None):
                                self.check(trial)
                            first, second = self.trials[-2:]
                            self.assertNotEqual(first.connections, second.connections)

    def test_without_garbage_the_connection_is_kept(self):
        self.begin({"workers": 1})
        for kind in self.kept("GET"):
            first, second = self.two(kind, "GET", None, None)
            self.assertEqual(first.connections, second.connections)

    def test_in_the_place_of_a_reply(self):
        """What comes after the request was sent is taken for its reply; nothing is asked twice."""
        self.begin({"workers": 1})
        for method in ("GET", "POST"):
            for kind in self.kept(method):
                for act, status in ((self.LATE, 408), (b"\r\n", 502), (b"\0junk\r\n", 502)):
                    with self.subTest(method=method, kind=kind, act=act):
                        first, second = self.two(kind, method, None, chaos.Fate(0, act, "fin"))
                        self.check(first)
                        self.assertEqual(first.connections, second.connections)
                        self.assertEqual(second.attempts, 1)
                        reply = second.reply()
                        self.assertEqual((reply.status, reply.end), (status, "clean"), second)
                        if status == 502:
                            self.assert_error(reply, 502, "UPSTREAM_INVALID")
