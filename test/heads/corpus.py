#!/usr/bin/env python3
"""corpus.py - raw requests that others wrote, judged by the grammar

Each case of $CORPORA/http/requests.jsonl goes through judge.c.  What nginx,
HAProxy and Node all refuse is refused before a request comes out of it.  What
they all take is taken, or refused by a rule of heads.txt named here.  A case
that the suite calls an attack brings at most one request out.
"""
import base64
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import judge  # noqa: E402
import table  # noqa: E402

# Taken by the three proxies, refused here: what it is told, and the rule that says so.
BY_DESIGN = {
    "The request method is not implemented.":
        "RFC 9110, 9.1 and http.md: these methods, spelled exactly so",
    "Host is malformed.": "RFC 9112, 3.2: one valid Host in 1.1",
}


class Case:
    """A case of the corpus, in bytes."""

    def __init__(self, line):
        case = json.loads(line)
        self.name = f"{case['suite']} {case['id']}"
        self.suite_says, self.proxies_say = case["suite_says"], case["three_proxies_say"]
        self.data = base64.b64decode(case["b64"])


def cases():
    """Every case, or none where CORPORA names no folder that has them."""
    path = pathlib.Path(os.environ.get("CORPORA", "/nonexistent")) / "http/requests.jsonl"
    return [Case(line) for line in path.read_text().splitlines()] if path.exists() else []


def complaint(case, verdict):
    """What is wrong with VERDICT on CASE, or None."""
    if case.proxies_say == "reject" and (verdict.requests or verdict.end != "refused"):
        return "not refused"
    if case.proxies_say == "accept" and not verdict.requests:
        reason = verdict.lines[-1].partition(" ")[2][4:]
        if BY_DESIGN.get(reason) not in {row.rule for row in table.heads()}:
            return "neither accepted nor refused by a rule"
    if case.suite_says == "smuggle" and len(verdict.requests) > 1:
        return "a second request came out"
    return None


def main():
    tried = cases()
    if not tried:
        print("heads: no corpus at hand, passed over")
        return 0
    failed = 0
    for case, verdict in zip(tried, judge.whole([c.data for c in tried]), strict=True):
        if why := complaint(case, verdict):
            failed += 1
            print(f"FAILED {case.name}: {why}: {case.data!r} -> {verdict}")
    for data, cut, whole, other in judge.cut_faults([c.data for c in tried]):
        if (whole[:-1], whole[-1][:7]) != (other[:-1], other[-1][:7]):
            failed += 1
            print(f"FAILED cut {cut}: {data!r}: {whole} -> {other}")
    print(f"heads: {len(tried) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
