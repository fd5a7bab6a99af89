#!/usr/bin/python3
"""corpus.py JUDGE CORPORA - raw requests that others wrote, judged by the grammar.

Each case of CORPORA/http/requests.jsonl goes through JUDGE (judge.c).  What
nginx, HAProxy and Node all refuse must never be accepted whole; what they all
take must be accepted, but for what this gateway refuses by design.  A case
that the suite calls an attack must not bring a second request out of one.
"""
import base64
import json
import os
import subprocess
import sys

# Taken by the three proxies, refused here by design: (id, why).
BY_DESIGN = {
    "case-70": "a Host with colons outside brackets",
    "case-71": "a Host with bytes above 0x7f",
    "case-72": "a Host with a backslash",
}


def judge(program, raw):
    done = subprocess.run([program], input=raw, capture_output=True, check=True, timeout=20)
    return done.stdout.decode("latin-1").splitlines()


def complaint(case, lines):
    accepted = [line for line in lines if line.startswith("accepted")]
    last = lines[-1] if lines else "incomplete"
    proxies = case["three_proxies_say"]
    if proxies == "reject" and last == "end":
        return "accepted whole"
    if proxies == "accept" and not accepted:
        if last.startswith("refused 501") or case["id"] in BY_DESIGN:
            return None
        if case["suite_says"].startswith("accept"):
            return "not accepted"
    if case["suite_says"] == "smuggle" and len(accepted) > 1:
        return "a second request came out"
    return None


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path = os.path.join(sys.argv[2], "http", "requests.jsonl")
    if not os.path.exists(path):
        print("heads: no corpus at hand, passed over")
        return 0
    count = failed = 0
    with open(path, encoding="utf-8") as cases:
        for text in cases:
            case = json.loads(text)
            raw = base64.b64decode(case["b64"])
            lines = judge(sys.argv[1], raw)
            why = complaint(case, lines)
            count += 1
            if why:
                failed += 1
                print("FAILED %s %s: %s: %r -> %r" % (case["suite"], case["id"], why, raw, lines))
    print("heads: %d passed, %d failed" % (count - failed, failed))
    return 1 if failed or count == 0 else 0


sys.exit(main())
