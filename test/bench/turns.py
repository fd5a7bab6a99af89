"""turns.py - one turn of one row: requests sent, and what they took

Each turn begins and ends with a request whose reply is looked at; the caller
looks at every one.
"""
import json
import pathlib
import subprocess
import time

import judge
import program
import rig
import wire

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 1                      # of one turn; wrk knows whole ones
COUNTED_SECONDS = 0.6            # of one turn of counted requests, about
JSON = [("Content-Type", "application/json")]


def request_of(work, dialect):
    """The bytes of one request of WORK."""
    return wire.request_bytes(work.method, work.target, work.request_body(dialect),
                              JSON if work.body else [])


def sample(address, work, row):
    """Asks once; the body, which is right."""
    with wire.Connection(address) as connection:
        connection.send(request_of(work, row.dialect))
        reply = connection.reply(work.method)
    judge.reply(reply.status, reply.body, work.reply[row.dialect], row.to_the_byte)
    return reply.body


def one_line(command, seconds, env=None):
    """The line of JSON that COMMAND prints last."""
    done = subprocess.run([str(word) for word in command], env=program.environment(env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True,
                          timeout=seconds)
    if done.returncode != 0:
        raise judge.Void((done.stderr or done.stdout).strip()[-300:])
    return json.loads(done.stdout.splitlines()[-1])


def wrk(folder, address, work, dialect, core=rig.OTHER_CORE):
    """As many requests as fit into a turn."""
    env = {"METHOD": work.method}
    if work.body:
        body = folder / f"request.{dialect}"
        body.write_bytes(work.request_body(dialect))
        env["BODY"] = str(body)
    return one_line([*rig.on_core(core), "wrk", "-t1", f"-c{work.connections}", f"-d{SECONDS}s",
                     "-s", HERE / "wrk.lua", f"http://{address}{work.target}"], 60, env)


def call(folder, address, work, row, count, rate=0, core=rig.OTHER_CORE):
    """
    COUNT requests, without a pause or at RATE, on as many connections as WORK
    has at most; each reply is held against `looked_at`.
    """
    return one_line([*rig.on_core(core), program.build_path("CALLER", "bench/caller"),
                     *address.split(":"), folder / "request", folder / "expected",
                     "bytes" if row.to_the_byte else "length", rate, count,
                     work.connections], 120)


def looked_at(folder, address, work, row):
    """
    Asks once and leaves request and reply for the caller: what decodes and
    encodes again has bytes of its own, which said the same this time.
    """
    (folder / "request").write_bytes(request_of(work, row.dialect))
    (folder / "expected").write_bytes(sample(address, work, row))


def asked(folder, address, work, row, count=None, rate=0, core=rig.OTHER_CORE):
    """COUNT requests, or as many as fit into a turn, none wrong; `looked_at` was before."""
    result = call(folder, address, work, row, count, rate, core) if count else \
        wrk(folder, address, work, row.dialect, core)
    if result["errors"] or not result["requests"]:
        raise judge.Void(f"{result['errors']} wrong replies of {result['requests']}")
    return result


def turn(folder, running, work, row, count=None, rate=0, core=rig.OTHER_CORE):
    """
    One turn's figures of RUNNING: asked from CORE, COUNT times or as often as
    it can take, at RATE or without a pause.
    """
    looked_at(folder, running.address, work, row)
    before, busy, begun = running.cpu_seconds(), rig.busy(rig.OTHER_CORE), time.monotonic()
    result = asked(folder, running.address, work, row, count, rate, core)
    taken = running.cpu_seconds() - before
    share = (rig.busy(rig.OTHER_CORE) - busy) / (time.monotonic() - begun)
    sample(running.address, work, row)
    return {"cpu_us": taken * 1e6 / result["requests"],
            "rps": result["requests"] / result["seconds"], "client_core": share,
            "p50_us": result["p50_us"], "p99_us": result["p99_us"]}


def fitting(folder, running, work, row):
    """How many requests of WORK, a large one, fit into a turn."""
    looked_at(folder, running.address, work, row)
    result = asked(folder, running.address, work, row, 1)
    return max(1, min(500, round(COUNTED_SECONDS / result["seconds"])))
