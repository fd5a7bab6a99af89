"""trials.py - many small exchanges at once, each with a fault of its own

A Trial is one request of one client on a connection of its own, under a
number that goes through the gateway as its X-Request-Id.  The proxy finds the
trial's Plan by it, and the log line of the exchange is found by it.
"""
import random
import re

import cases
import chaos
import crowd
import loop as loops
import origin
import program
import reliability
import wire

NUMBER = re.compile(rb"(?i)x-request-id: trial-(\d+)\r\n")
LOGGED = re.compile(r"\bexchange .*\brequest_id=trial-(\d+)\b")
FIELD = re.compile(r"(\S+)=(\S+)")
AT_ONCE = 48
# Every offset in a release build, one in so many under a sanitizer.
EVERY = 1 if program.BUILD.name == "release" else 7


def thinned(offsets, keep=()):
    """OFFSETS; under a sanitizer only some of them, those of KEEP always."""
    offsets = list(offsets)
    if EVERY == 1:
        return offsets
    chosen = random.Random(len(offsets)).sample(offsets, len(offsets) // EVERY)
    return sorted({*chosen, offsets[0], offsets[-1], *(k for k in keep if k in offsets)})


def record(name, what, figure):
    """A row for README's reliability table, of a release build with every offset."""
    if EVERY == 1:
        reliability.record(name, [(what, figure, "make test SUITES=faults")])


class Trial:
    """One request, and what became of it."""

    def __init__(self, method, target, body=None, fields=(), plans=(), **known):
        self.method, self.target, self.body, self.fields = method, target, body, fields
        self.plans = plans       # of the first attempt, the second...
        self.attempts = 0        # how often bytes of it reached the proxy
        self.connections = []    # on which of the proxy's, each time
        self.got = bytearray()   # what its client got
        self.ended = None
        self.number = None
        self.known = known       # what the test wants to remember

    def __repr__(self):
        return f"<{self.method} {self.known} attempts={self.attempts} {self.ended} {bytes(self.got)!r}>"

    def request(self):
        fields = [("X-Request-Id", f"trial-{self.number}"), ("Connection", "close"), *self.fields]
        return wire.request_bytes(self.method, self.target, self.body, fields)

    def leaves_a_line(self):
        """The gateway gets enough of it for an exchange."""
        return True

    def reply(self):
        """What the client got, read to the letter; WireError if that cannot be a reply."""
        return crowd.Replayed(self).reply(self.method)


class Field(cases.Case):
    """A case with a loop, an origin, a proxy before it and a gateway before that."""

    def field(self, answer, settings=None, mapping=None):
        self.loop = loops.Loop()
        self.origin = origin.Origin(self.loop, answer)
        self.addCleanup(self.origin.close)
        self.trials = []
        self.logged = {}         # number of a trial: the fields of its line in the log
        self.read_lines = 0
        self.chaos = chaos.Chaos(self.loop, self.origin.address, self._plan)
        self.addCleanup(self.chaos.close)
        self.gate = self.gateway(self.chaos, settings, mapping)
        self.gate.tolerate("(?i)upstream")
        self.door = self.gate.client    # where trials go
        return self.gate

    def _plan(self, number, exchange, head):
        trial = self.trials[int(NUMBER.search(head).group(1))]
        trial.attempts += 1
        trial.connections.append(number)
        attempt = trial.attempts - 1
        return trial.plans[attempt] if attempt < len(trial.plans) else chaos.Plan()

    def run_trials(self, trials, at_once=AT_ONCE):
        """Runs all of TRIALS, no more than AT_ONCE at a time; each ends with its connection."""
        first = len(self.trials)
        open_ones = set()
        for trial in trials:
            trial.number = len(self.trials)
            self.trials.append(trial)
            self._begin(trial, open_ones)
            self.loop.until(lambda: len(open_ones) < at_once, "an end of a trial")
        self.loop.until(lambda: not open_ones, "the ends of all trials")
        self.find_log(first)
        return trials

    def _begin(self, trial, open_ones):
        def take(piece):
            trial.got += piece
            if trial.end.ended:
                trial.ended = trial.end.ended
                trial.end.close()
                open_ones.discard(trial)
        open_ones.add(trial)
        trial.end = loops.End(self.loop, loops.dial(self.door), take)
        trial.end.send(trial.request())

    def find_log(self, first):
        """Gives each trial from number FIRST on the fields of its line in the log."""
        awaited = {trial.number for trial in self.trials[first:] if trial.leaves_a_line()}

        def all_there():
            self._read_log()
            return awaited <= self.logged.keys()
        self.loop.until(all_there, "a line in the log for every exchange")
        for trial in self.trials[first:]:
            trial.log = self.logged.get(trial.number)

    def _read_log(self):
        """Files what came to the log since it was looked at last; one line an exchange."""
        lines, self.read_lines = self.gate.lines[self.read_lines:], len(self.gate.lines)
        for line in lines:
            if match := LOGGED.search(line):
                number = int(match.group(1))
                assert number not in self.logged, f"two lines for one exchange: {line}"
                self.logged[number] = dict(FIELD.findall(line))
