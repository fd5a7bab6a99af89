"""Path safety: no spelling of a path leads from a mapped prefix to anything else of the service."""
import itertools
import os
import random
import re

import cases
import lenient
import program
import reliability
import upstream
import wire

PREFIX = "/api/v1/accounts/a"
MAPPED = (b"api", b"v1", b"accounts")
# What some service somewhere takes for a dot, a slash, an end, or a name it knows.
ATOMS = """. .. ... %2e %2E %252e %25252E %%32e %2%65 %25%32%65 / // \\ %2f %2F %252f %25252F %5c %255c
    %00 %2500 %c0%ae %C0%AF %25c0%25ae %c1%9c %e0%80%ae %e0%80%af %f0%80%80%ae %f8%80%80%80%ae
    ; ;v=1 %3b %253b ? %3f # %23 % %25 %u002e %25u002e %ef%bc%8e %ef%bc%8f %20 %09 %0d%0a
    a x secret users chat workspaces data-products Data-Products data%2Dproducts data%252Dproducts
    work%73paces %61pi ~ : @ *""".split()
# What is put between a place's two halves.
PLACES = [("/", ""), (f"{PREFIX}/data-products/", ""), (f"{PREFIX}/data-products/", "/users"),
          (f"{PREFIX}/data-products/x/skills/", ""), (f"{PREFIX}/data-products/x/", ""),
          (f"{PREFIX}/workspaces/", ""), ("/api/v1/accounts/", "/data-products/x"),
          (f"{PREFIX}/", "/x"), (f"{PREFIX}/data-products", ""),
          (f"http://gateway.test{PREFIX}/data-products/", ""), (f"{PREFIX}/data%2Dproducts/", "")]
RANDOM_PATHS = (3000 if program.BUILD.name == "release" else 600) * int(
    os.environ.get("ATTACK_TIMES", "1"))
REPLY = wire.reply_bytes(200, b"{}")
COMMAND = os.environ.get("ATTACK_COMMAND", "make test SUITES=blackbox")


def spellings():
    """Each pair of atoms that begins with a dot or a separator, and random longer ones."""
    chance = random.Random(20260302)
    for first, second in itertools.product(ATOMS, ATOMS):
        if any(c in first for c in ".%/\\;") and any(c in second for c in ".%/\\;"):
            yield chance.choice(PLACES), first + second
    for _ in range(RANDOM_PATHS):
        place = chance.choice(PLACES)
        yield place, "".join(chance.choices(ATOMS, k=chance.randint(1, 8)))


def split(target):
    """The segments of TARGET's path, and its query."""
    path, question, query = target.removeprefix("http://gateway.test").partition("?")
    return path.split("/"), question + query


LITERALS = {1: "api", 2: "v1", 3: "accounts", 5: "workspaces"}


def plain_literals(segments):
    """SEGMENTS of a service's path with those mapped literals that are written in escapes plain."""
    for at, literal in LITERALS.items():
        if at < len(segments) and lenient.undo_escapes(segments[at].encode("latin-1")) == literal.encode():
            segments[at] = literal
    return segments


def expected(target):
    """What TARGET goes up as: its literals as the service's, every other byte as it came."""
    segments, query = split(target)
    if plain_literals(segments[:])[5] == "workspaces":
        return "/".join(segments) + query
    segments[5] = "workspaces"
    return "/".join(plain_literals(segments)) + query


def is_plain(segment):
    """True if SEGMENT, read alone, holds no dot segment and no end, whoever reads it."""
    ways = lenient.decodings(segment.encode("latin-1"))
    names = [name.partition(b";")[0] for way in ways for name in re.split(rb"[/\\]", way)]
    return not any(b"\0" in way for way in ways) and b"." not in names and b".." not in names


def inside(target):
    """True if every reading of TARGET lies below the collection that its raw segments name."""
    segments = plain_literals(split(target)[0])
    collections = [(*MAPPED, *account, b"workspaces") for account in lenient.readings(segments[4])]
    return all(map(is_plain, segments[1:])) and all(
        any(reading[:len(c)] == c for c in collections)
        for reading in lenient.readings("/".join(segments)))


class Client:
    """One connection, opened anew where the gateway has closed it."""

    def __init__(self, gate):
        self.gate, self.connection = gate, None

    def get(self, target):
        if self.connection is None:
            self.connection = self.gate.connect()
        reply = self.connection.request("GET", target)
        if reply.field("Connection") == "close":
            self.close()
        return reply.status

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Paths(cases.Case):
    def setUp(self):
        super().setUp()
        self.service = self.upstream(upstream.always(REPLY))

    def test_no_spelling_leads_outside(self):
        client = Client(self.gateway(self.service))
        self.addCleanup(client.close)
        tried = served = 0
        escaped, changed = [], []
        for (before, after), spelling in spellings():
            target = before + spelling + after
            seen = len(self.service.requests)
            status = client.get(target)
            tried += 1
            self.assertIn(status, (200, 400, 404, 405), target)
            self.assertEqual(len(self.service.requests) - seen, status == 200, target)
            if status != 200:
                continue
            served += 1
            sent = self.service.requests[-1].target
            if not inside(sent):
                escaped.append((target, sent))
            if sent != expected(target):
                changed.append((target, sent, expected(target)))
        print(f"# {tried} paths tried, {served} served, {len(escaped)} escaped")
        self.assertEqual(escaped[:5], [])
        self.assertEqual(changed[:5], [])
        self.assertGreater(served, tried / 50)
        self.assertLess(served, tried / 2)
        reliability.record("paths", [
            ("spellings of paths sent to escape the mapped prefixes", tried, COMMAND),
            ("of these served, all below what was named", served, COMMAND),
            ("of these that some lenient service reads as another resource", len(escaped),
             COMMAND)])

    def test_a_path_sent_past_the_gateway_is_caught(self):
        # The service alone, as a gateway that changes nothing would leave it.
        for tail in ("..", "%2e%2e/secret", "%252e%252e%252fsecret", "..;x/y", "x%5c..%5c..%5csecret",
                     "%c0%ae%c0%ae/secret", "x%00", "%e0%80%ae%e0%80%ae", "x/..%2f..%2f..",
                     "%f0%80%80%ae./y", "%25c0%25ae./y", "./x", "..%5c", "x%2f.."):
            with wire.Connection(self.service.url.removeprefix("http://")) as connection:
                connection.request("GET", f"{PREFIX}/workspaces/{tail}")
            self.assertFalse(inside(self.service.requests[-1].target), tail)
        self.assertTrue(inside(f"{PREFIX}/workspaces/x%2Fy;v=1/...?a=/../"))

    def test_what_only_looks_like_a_dot_goes_up_as_it_came(self):
        gate = self.gateway(self.service)
        for segment in ("%ef%bc%8e%ef%bc%8e", "%e2%80%a5", "a%ef%bc%8f%ef%bc%8e", "..%3fx", "..%23",
                        "...", "a..", "%20..", "%25u002e"):
            with self.subTest(segment):
                self.assertEqual(gate.once("GET", f"{cases.CLIENT}/{segment}").status, 200)
                self.assertEqual(self.service.requests[-1].target, f"{cases.SERVICE}/{segment}")
