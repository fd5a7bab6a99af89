#!/usr/bin/env python3
"""overload.py - the connections and exchanges that the gateway's limits promise, all at once

  overload.py          holds them, prints a table and writes build/overload.json

10 000 idle connections, each of which has been served, through two workers;
and, in another gateway, 4 096 exchanges whose replies the service holds back.
Each round: so many are held, what they cost is read from the resident size,
some more are turned away at once with a 503, then all are let go and memory
and descriptors come back.  Each round must keep within the same figures.
"""
import json
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib")]
sys.dont_write_bytecode = True

import cases  # noqa: E402
import gateway  # noqa: E402
import program  # noqa: E402
import reliability  # noqa: E402
import throng  # noqa: E402
import wire  # noqa: E402

KIB, MIB = 1024, 1 << 20
PATH, NOWHERE = cases.CLIENT + "/p", "/none"
IDLE, OPEN, BEYOND, ROUNDS = 10_000, 4_096, 200, 2
# Bytes each may cost, and what may stay resident when all are gone.
IDLE_EACH_MAX, OPEN_EACH_MAX, KEPT_MAX = 6 * KIB, 40 * KIB, 80 * MIB
AT_ONCE = 5.0
KEPT_UPSTREAM = 256
BATCH = 500              # asked at once: the rest is for the service's backlog


def until(condition, what):
    deadline = wire.deadline_in()
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


def serve(crowd, clients, path, status):
    """Each of CLIENTS asks for PATH and gets STATUS."""
    for at in range(0, len(clients), BATCH):
        batch = clients[at:at + BATCH]
        crowd.ask(batch, path)
        statuses = crowd.answered(batch)
        assert set(statuses) == {status}, statuses


def turn_away(crowd, gate, clients):
    """CLIENTS ask for more than there is; the seconds until the last has its 503."""
    begun = time.monotonic()
    crowd.ask(clients, PATH)
    statuses = crowd.answered(clients, AT_ONCE)
    assert set(statuses) == {503}, statuses
    for client in clients:
        assert client.reply().field("Retry-After") == "1"
    return time.monotonic() - begun


class Stage:
    """A gateway with SETTINGS before a throng, and what it had before it was crowded."""

    def __init__(self, folder, settings, hold):
        self.crowd = throng.Throng(hold)
        self.gate = gateway.Gateway(folder, self.crowd.url,
                                    {"workers": 2, "log.level": "info", **settings})
        self.gate.tolerate("log lines lost")   # thousands end at once, and its reader is busy here

    def settle(self, clients):
        """CLIENTS are known to the gateway: what it has now is where it began."""
        serve(self.crowd, clients, NOWHERE, 404)
        self.memory, self.descriptors = self.gate.memory(), self.gate.descriptors()

    def come_back(self):
        """Waits until what was held is given back."""
        until(lambda: self.gate.descriptors() <= self.descriptors + KEPT_UPSTREAM,
              "the descriptors")

    def kept(self):
        """What stays resident once it does not fall any more."""
        seen = [self.gate.memory()]
        while len(seen) < 4 or min(seen[-3:]) < seen[-4]:
            time.sleep(1)        # free memory is given back about once a second
            seen.append(self.gate.memory())
        return seen[-1] - self.memory

    def each(self, count):
        return (self.gate.memory() - self.memory) // count

    def close(self):
        self.crowd.close()
        try:
            self.gate.finish()
        finally:
            self.gate.kill_if_running()


def idle_round(stage):
    crowd, gate = stage.crowd, stage.gate
    many = crowd.connect(gate.client, IDLE - len(crowd.clients))
    serve(crowd, many, PATH, 200)
    row = {"each_bytes": stage.each(len(many)), "held": len(crowd.clients)}
    beyond = crowd.connect(gate.client, BEYOND)
    row["refused_seconds"] = round(turn_away(crowd, gate, beyond), 3)
    serve(crowd, crowd.clients[:100], PATH, 200)
    crowd.leave([*many, *beyond])
    stage.come_back()
    row["kept_bytes"] = stage.kept()
    return row


def open_round(stage):
    crowd, gate, clients = stage.crowd, stage.gate, stage.crowd.clients
    for at in range(0, OPEN, BATCH):
        crowd.ask(clients[at:min(at + BATCH, OPEN)], PATH)
        crowd.until(lambda n=min(at + BATCH, OPEN): len(crowd.waiting) == n, "the requests")
    row = {"each_bytes": stage.each(OPEN), "held": len(crowd.waiting)}
    row["refused_seconds"] = round(turn_away(crowd, gate, clients[OPEN:]), 3)
    crowd.release()
    statuses = crowd.answered(clients[:OPEN])
    assert set(statuses) == {200}, "a held exchange was not answered"
    stage.come_back()
    serve_held(crowd, clients)
    row["kept_bytes"] = stage.kept()
    return row


def serve_held(crowd, clients):
    """All is served again, those that were turned away too."""
    crowd.hold = False
    serve(crowd, clients, PATH, 200)
    crowd.hold = True


def measure(folder, kind):
    """The rows of KIND, one a round."""
    folder.mkdir()
    if kind == "idle":
        stage = Stage(folder, {"limits.connections": IDLE}, hold=False)
        few, one_round = 100, idle_round
    else:
        stage = Stage(folder, {"limits.exchanges": OPEN}, hold=True)
        few, one_round = OPEN + BEYOND, open_round
    try:
        stage.settle(stage.crowd.connect(stage.gate.client, few))
        return [{"kind": kind, "round": n, **one_round(stage)} for n in range(1, ROUNDS + 1)]
    finally:
        stage.close()


def fault_of(row):
    most = IDLE_EACH_MAX if row["kind"] == "idle" else OPEN_EACH_MAX
    if program.BUILD.name != "release":
        return None
    if row["each_bytes"] > most:
        return f"{row['each_bytes']} bytes each are more than {most}"
    if row["kept_bytes"] > KEPT_MAX:
        return f"{row['kept_bytes']} bytes stay when all have gone"
    return None


def main():
    assert throng.room_for(IDLE + BEYOND, 1) == IDLE + BEYOND, "too few descriptors here"
    with tempfile.TemporaryDirectory(prefix="dpgw-soak-") as name:
        rows = [row for kind in ("idle", "open") for row in measure(pathlib.Path(name) / kind, kind)]
    print(f"{'held':>6} {'what':<6} {'round':>5} {'bytes each':>10} {'503 within':>10} {'kept MiB':>8}")
    failed = 0
    for row in rows:
        print(f"{row['held']:>6} {row['kind']:<6} {row['round']:>5} {row['each_bytes']:>10} "
              f"{row['refused_seconds']:>9}s {row['kept_bytes'] / MIB:>8.1f}")
        if fault := fault_of(row):
            failed += 1
            print("not ok: " + fault)
    (program.ROOT / "build/overload.json").write_text(json.dumps(rows, indent=1) + "\n")
    last = {row["kind"]: row for row in rows}
    command = "make soak SOAKS=test/soak/overload.py"
    idle, busy = last["idle"], last["open"]
    reliability.record("overload", [
        ("idle connections held, two workers", f"{IDLE:,}".replace(",", " "), command),
        ("resident bytes of each", idle["each_bytes"], command),
        ("exchanges held, their replies awaited", f"{OPEN:,}".replace(",", " "), command),
        ("resident bytes of each, both connections included", busy["each_bytes"], command),
        (f"seconds until {BEYOND} requests beyond either are refused",
         max(row["refused_seconds"] for row in rows), command)])
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
