"""Reload under load: nobody but the operator notices."""
import signal
import time

import gateway
import program
import reliability
import reloads
import scrape
import wire
from test_y_reload import Reloaded

RELEASE = program.BUILD.name == "release"
RELOADS = 100 if RELEASE else 24


class UnderLoad(Reloaded):
    """Reloads, good and bad mixed, under wrk, open event streams and half-sent uploads."""

    WARM = 24                    # reloads after which memory has found its level
    GROWTH_MAX = 6 << 20         # of resident memory by all others: one mapping is over 100 KiB

    def reload(self, gate, number):
        """The reload NUMBER by the means that is its turn; true if it was a good one."""
        good, asked = number % 3 != 2, number % 2 == 0
        make = reloads.mapping if good else reloads.bad_mapping
        self.mapping.write_text(make(number))
        self.turns += 1
        if asked:
            self.post(gate, 200 if good else 422)
        else:
            gate.signal(signal.SIGHUP)
            self.until(gate, "/metrics", lambda reply: self.turns == sum(
                value for key, value in scrape.samples(reply.body.decode()).items()
                if key.startswith("dpgw_reloads_total")))
        return good

    def settled(self, gate):
        """
        Resident bytes once few more descriptors are open than at the start.
        The library closes an idle connection when it is asked for the next.
        """
        deadline = wire.deadline_in()
        while (left := gate.descriptors()) > self.own + 2 * gateway.SETTINGS["workers"]:
            self.assertGreater(deadline, time.monotonic(), f"{left} descriptors, not {self.own}")
            gate.once("GET", "/c/1")
            time.sleep(0.05)
        return gate.memory()

    def round(self, gate, service, count):
        """COUNT reloads under load; the right replies that wrk got."""
        wrk = reloads.Wrk(self.folder, gate, 8)
        self.addCleanup(wrk.kill)
        began, open_ones = self.began, []
        for _ in range(count):
            number = self.turns + 1
            if self.reload(gate, number):
                began = number
                kind = number % 4
                if kind < 2:
                    open_ones.append(reloads.Stream(gate, service, began, number))
                else:
                    open_ones.append(reloads.Upload(gate, service, began, number,
                                                    (2_000, 200_000)[kind - 2]))
            for one in open_ones:
                one.go_on()
            service.wait_more(20)
        served, faults = wrk.stop()
        service.over.set()
        for one in open_ones:
            one.finish()
        service.over.clear()
        self.began = began
        self.assertEqual(faults, [])
        kinds = [sum(isinstance(one, kind) for one in open_ones)
                 for kind in (reloads.Stream, reloads.Upload)]
        return served, *kinds

    def test_nobody_notices(self):
        service = reloads.Service()
        self.addCleanup(service.close)
        self.mapping = self.folder / "mapping.yaml"
        self.turns = self.began = 0
        gate = self.gateway(service, {"timeouts.upstream_idle": "1s", "log.level": "info"},
                            reloads.mapping(0))
        self.reset(gate, "level", "error")  # from the first reload on
        gate.tolerate("configuration complaint|reload refused")
        self.own = gate.descriptors()
        self.round(gate, service, self.WARM if RELEASE else 3)
        before = self.settled(gate)
        served, streams, uploads = self.round(gate, service, RELOADS)
        growth = self.settled(gate) - before
        self.assertGreater(served, 20 * RELOADS)
        self.assertGreater(min(streams, uploads), RELOADS // 5)
        if RELEASE:
            self.assertLess(growth, self.GROWTH_MAX)
            reliability.record("reloads", [(
                "reloads under wrk, open event streams and half-sent uploads, a third of the "
                "files bad: requests failed, streams cut, uploads lost",
                f"0 of {served}, 0 of {streams}, 0 of {uploads} in {RELOADS} reloads",
                "`make test SUITES=blackbox`")])
