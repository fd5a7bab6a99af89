"""budget.py - the works whose instructions are counted, and what they took when last written

One gateway with one worker runs under callgrind.  Client and service are in
step with it: a reply is only sent, and a request only made, when every
thread of the gateway waits for it.  So each request takes the same way, and
the count of one differs by far less than the allowance between runs.

budget.json holds, for each work, the instructions of one request by object:
the program itself and each library.  Counts mean the same only where
compiler and libraries are the same, so their versions stand beside them.
"""
import collections
import json
import pathlib
import re
import subprocess
import tempfile

import callgrind
import cases
import dialects
import gateway
import program
import upstream
import wire

FILE = pathlib.Path(__file__).with_name("budget.json")
COUNTED = program.BUILD.name == "release"
WARM, REQUESTS = 10, 40
ALLOWED = 1.05
SHOWN = 15
PROGRAM = "dpgw"
COMPILER = "cc"
# What the instructions of a request are made of; valgrind chooses what a system call looks like.
PACKAGES = ("libc6", "libcurl4", "libevent-core-2.1-7", "libevent-extra-2.1-7", "libyajl2",
            "valgrind")

RECORD = ('{"id":"660e8400-e29b-41d4-a716-446655440001",'
          '"<externalDataProductId|externalWorkspaceId>":"ws-abc123",'
          '"<dataProductId|workspaceId>":"550e8400-e29b-41d4-a716-446655440000",'
          '"name":"Größenübersicht für den Vertrieb","rows":12345678901234567890,'
          '"description":"Umsätze nach Region und Quartal, $ref(sales_workspace.orders)",'
          '"dataSourceId":"987fcdeb-51a2-43e7-b123-456789abcdef","tags":["sales","q3",null,true],'
          '"createdAt":"2026-03-02T12:00:00Z","updatedAt":"2026-03-02T12:00:00Z"}')


def several(count):
    """(client's, service's) reply with COUNT records."""
    return dialects.both('{"ok":true,"data":{"<dataProducts|workspaces>":['
                         + ",".join([RECORD] * count) + '],"count":%d}}' % count)


class Work:
    """A request that a client makes and what the service answers."""

    def __init__(self, method, path, body, reply):
        sent, got = body or (None, None)
        self.request = wire.request_bytes(method, path, sent)
        self.service_sees = got or b""
        self.client_sees, answer = reply
        self.reply = wire.reply_bytes(200, answer)


def untranslated(both):
    return both[1], both[1]


WORKS = {
    "get_1k": Work("GET", cases.CLIENT, None, several(2)),
    "get_12k": Work("GET", cases.CLIENT, None, several(24)),
    "post_1k_both_ways": Work("POST", cases.CLIENT, several(2), several(2)),
    "passthrough_1k": Work("GET", cases.SERVICE, None, untranslated(several(2))),
}


# valgrind holds its program to the soft limit of descriptors, often 1 024.
SETTINGS = {"workers": 1, "limits.connections": 100, "limits.exchanges": 100}


def versions():
    """The versions of what the counts depend on."""
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
                           capture_output=True, text=True, check=False).stdout
    units = subprocess.run(["readelf", "--debug-dump=info", "--dwarf-depth=1",
                            program.build_path("DPGW", PROGRAM)],
                           capture_output=True, text=True, check=False).stdout
    compilers = sorted(set(re.findall(r"DW_AT_producer .*\): (GNU C.+)", units)))
    return {COMPILER: "; ".join(compilers), **dict(line.split() for line in asked.splitlines())}


class Measured:
    """One gateway, and what it took for each work."""

    def __init__(self):
        self.counts = {}        # {work: {(object, function): instructions of one request}}
        with tempfile.TemporaryDirectory(prefix="dpgw-budget-") as folder:
            self.counter = callgrind.Counter(folder) if COUNTED else None
            self.service = upstream.Upstream(self._serve)
            self.gate = gateway.Gateway(
                pathlib.Path(folder), self.service.url, SETTINGS,
                under=self.counter.command() if COUNTED else (), env=callgrind.ENVIRONMENT)
            try:
                self._run()
                self.gate.finish()
            finally:
                self.gate.kill_if_running()
                self.service.close()

    def _run(self):
        if COUNTED:
            self.counter.pid = self.gate.pid
        with self.gate.connect() as client:
            for name, work in WORKS.items():
                self.work = work
                self._ask(client, WARM)
                if COUNTED:
                    self.counter.begin()
                self._ask(client, REQUESTS)
                taken = self.counter.end() if COUNTED else {}
                self.counts[name] = {what: n / REQUESTS for what, n in taken.items()}

    def _ask(self, client, times):
        for _ in range(times):
            client.send(self.work.request)
            reply = client.reply()
            if (reply.status, reply.end, reply.body) != (200, "clean", self.work.client_sees):
                raise AssertionError(f"unexpected reply {reply}")
            callgrind.at_rest(self.gate.pid)

    def _serve(self, connection):
        while True:
            request = connection.request()
            if request.body != self.work.service_sees:
                raise AssertionError(f"unexpected request {request}")
            callgrind.at_rest(self.gate.pid)
            connection.send(self.work.reply)

    def by_object(self, work):
        """Instructions of one request of WORK: {object: count}, most first."""
        found = collections.Counter()
        for (where, _), count in self.counts[work].items():
            found[where] += count
        return {where: round(n) for where, n in found.most_common() if round(n)}

    def top(self, work):
        """Lines that tell of the functions where most went."""
        most = collections.Counter(self.counts[work]).most_common(SHOWN)
        return [f"{round(n):>9}  {function}  [{where}]" for (where, function), n in most]


def excess(written, work, found, here):
    """
    Lines about the instructions FOUND, by object, that WRITTEN does not allow
    for WORK.  With other libraries HERE only the program's own are compared,
    with another compiler none.
    """
    allowed, then = written["instructions"][work], written["versions"]
    pairs = []
    if here == then:
        pairs.append(("all", sum(found.values()), sum(allowed.values())))
    if here[COMPILER] == then[COMPILER]:
        pairs.append((PROGRAM, found[PROGRAM], allowed[PROGRAM]))
    return [f"{what}: {now} for {most} ({100 * now / most - 100:+.1f} %)"
            for what, now, most in pairs if now > ALLOWED * most]


def write():
    """Measures and writes FILE; the exit status."""
    if not COUNTED:
        raise SystemExit("budget.json is written from the release build")
    measured = Measured()
    works = {name: measured.by_object(name) for name in WORKS}
    FILE.write_text(json.dumps({"versions": versions(), "instructions": works}, indent=1) + "\n")
    for name, objects in works.items():
        print(f"{name:<20} {sum(objects.values()):>8}  of them {objects[PROGRAM]} in {PROGRAM}")
    return 0
