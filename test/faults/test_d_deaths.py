"""Nothing runs twice that must not, and nobody gets another's answer, whatever dies."""
import unittest

import cases
import mortals
import program
import trials
import wire

DEATHS = 1000 if program.BUILD.name == "release" else 1000 // trials.EVERY


class Deaths(cases.Case):
    def test_at_most_once(self):
        world = mortals.World(DEATHS)
        self.addCleanup(world.close)
        gate = self.gateway(world)
        gate.tolerate("(?i)upstream")
        world.run(gate.client)
        self.assertEqual(world.twice(), [])
        self.assertEqual(world.thrice(), [])
        self.assertEqual(world.wrong, [])
        self.assertEqual(sum(world.tally.values()), world.asked)
        self.assertGreaterEqual(world.chaos.acts, DEATHS)
        # The lot fell on everything that can happen.
        self.assertEqual(len(world.moments), 8)
        for what in ("answered", "502", "cut"):
            self.assertGreater(world.tally[what], 0, world.tally)
        self.assertGreater(world.retried(), 0)


class Checks(unittest.TestCase):
    """What is counted would be noticed."""

    def setUp(self):
        self.world = mortals.World(0)
        self.addCleanup(self.world.close)
        self.world.methods = {1: "POST", 2: "GET", 3: "PUT"}

    def test_a_request_that_ran_twice_is_noticed(self):
        self.world.executed.update([1, 1, 2, 2, 3])
        self.assertEqual((self.world.twice(), self.world.thrice()), ([1], []))

    def test_a_request_that_was_only_sent_twice_is_noticed(self):
        self.world.sent.update([1, 1, 2, 2, 2])
        self.assertEqual((self.world.twice(), self.world.thrice()), ([1], [2]))

    def test_an_answer_of_another_is_noticed(self):
        caller = mortals.Caller(self.world)
        caller.number = 1
        for number, wrong in (("1", 0), ("2", 1)):
            reply = wire.Reply(200, "OK", wire.Fields([("X-Number", number)]))
            reply.body = b'{"number":"%s","dataProductId":"p"}' % number.encode()
            self.world.answered(caller, reply)
            self.assertEqual(len(self.world.wrong), wrong)
