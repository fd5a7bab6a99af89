#!/usr/bin/env python3
"""amplification.py - the attacks and the spellings of paths of the black-box suite, more of each

  amplification.py     prints each attack's figures and the worst of them;
                       build/amplification.json has them all

Last it says what a coded request costs per byte that was sent.  No figure
there is held to a bound: what a body may become before its ratio counts is
limits.decoded_ratio's (1 MiB), and that much JSON takes its time.
"""
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
BLACKBOX = HERE.parent / "blackbox"
sys.path[:0] = [str(BLACKBOX), str(HERE.parent / "lib")]
os.environ.update(ATTACK_TIMES="4", ATTACK_COMMAND="make soak")

import runner  # noqa: E402
import test_t_amplification as attacks  # noqa: E402
import toll  # noqa: E402

WORST = 8


class Coded(attacks.Amplification):
    """What is not held to the rule: a MiB of JSON in a few bytes."""

    def runTest(self):
        self.figures = []
        plain = b"[" + b'{"dataProductId":1},' * 50000 + b"1]"
        gate, ordinary = self.stage()
        for name, coder in attacks.CODERS.items():
            made = toll.Toll(f"1 MiB of JSON as {name}", gate, ordinary, bounded=False)
            with made:
                made.volley(attacks.post(coder(plain), [("Content-Encoding", name)]), (200, 413), 40)
            self.figures.append(made)


def show(what, made, unit):
    print(f"\nmost {what} per byte sent")
    for toll_ in sorted(made, key=lambda m: -getattr(m, f"{what}_ratio"))[:WORST]:
        print(f"  {getattr(toll_, f'{what}_ratio'):8.2f} {unit}  {toll_.name}")


def main():
    status = runner.main(BLACKBOX, ["t_amplification.", "s_paths."])
    coded = Coded()
    coded.debug()
    # The runner has imported the same module, so these are the rows of its run.
    made = [m for m in attacks.Amplification.made if hasattr(m, "cpu_ratio")]
    show("memory", made, "bytes")
    show("cpu", made, "times that of posts of 1 KiB")
    rows = [{"attack": m.name, "bytes": m.bytes, "memory": m.memory_ratio, "cpu": m.cpu_ratio,
             "slowest_bystander": m.bystander.slowest} for m in made + coded.figures]
    (HERE.parents[1] / "build/amplification.json").write_text(json.dumps(rows, indent=1) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
