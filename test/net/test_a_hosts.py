"""The hosts themselves: plain sockets meet what the gateway is to meet, and nothing is left of it."""
import os
import select
import socket
import threading
import time
import unittest

import ground
import hosts

BYTES = 150_000
RATE = 1_000_000                 # bits a second


class Hosts(ground.Case):
    def listen(self):
        with self.network.inside("service") as address:
            listener = socket.create_server((address, 0))
        self.addCleanup(listener.close)
        return listener

    def pair(self):
        """(a connection from here to the service, the service's end)"""
        listener = self.listen()
        here = socket.create_connection(listener.getsockname(), 10)
        self.addCleanup(here.close)
        there, _ = listener.accept()
        self.addCleanup(there.close)
        return here, there

    def test_the_ends_are_other_hosts(self):
        here, there = self.pair()
        self.assertEqual(here.getsockname()[0], self.network.addresses["gate"])
        self.assertEqual(there.getsockname()[0], self.network.addresses["service"])

    def test_a_slow_link_takes_its_time(self):
        self.network.slow("service", f"{RATE}bit")
        for sender, receiver in (self.pair(), self.pair()[::-1]):
            begun = time.monotonic()
            thread = threading.Thread(target=sender.sendall, args=(bytes(BYTES),))
            thread.start()
            self.addCleanup(thread.join)
            got = 0
            while got < BYTES:
                got += len(receiver.recv(65536))
            # But for the burst that passes at once.
            self.assertGreater(time.monotonic() - begun, (BYTES - 40_000) * 8 / RATE)

    def test_a_reset(self):
        here, there = self.pair()
        listener = self.listen()
        self.network.reset("service")
        here.sendall(b"x")
        with self.assertRaises(ConnectionResetError):
            here.recv(1)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(listener.getsockname(), 10)
        self.network.clear()
        socket.create_connection(listener.getsockname(), 10).close()

    def test_a_black_hole(self):
        here, there = self.pair()
        listener = self.listen()
        self.network.swallow("service")
        here.sendall(b"x")
        with self.assertRaises(TimeoutError):
            socket.create_connection(listener.getsockname(), 0.3)
        self.assertEqual(select.select([there], [], [], 0), ([], [], []))
        self.network.clear()
        self.assertEqual(there.recv(1), b"x")

    def test_a_cut_cable(self):
        here, there = self.pair()
        self.network.cut("service")
        here.sendall(b"x")
        self.assertEqual(select.select([there], [], [], 0.3), ([], [], []))
        self.network.mend("service")
        self.assertEqual(there.recv(1), b"x")


class NothingIsLeft(ground.Case):
    def test_where_a_case_fails(self):
        marks = []

        class Fails(ground.Case):
            def runTest(self):
                marks.append(self.network.mark)
                gate = self.gate_before([self.service_at()])
                self.client(gate)
                self.network.swallow("service")
                self.assertEqual(len(hosts.names_of(marks[0])), 3)
                self.fail("as it is to be")

        result = unittest.TestResult()
        Fails().run(result)
        self.assertEqual((len(result.failures), result.errors), (1, []), result)
        self.assertIn("as it is to be", result.failures[0][1])
        self.assertEqual(hosts.names_of(marks[0]), [])

    def test_where_a_network_is_never_finished(self):
        with self.assertRaises(hosts.NotPermitted):
            hosts.Network("one", "a-name-too-long-for-a-link")
        mine = hosts.names_of(f"dpgw-{os.getpid()}-")
        self.assertEqual(sorted(mine), sorted(hosts.names_of(self.network.mark)))
        self.assertEqual(len(mine), 3)

    def test_what_is_left_is_seen(self):
        """A connection that is held open is a descriptor and a gauge too many."""
        service = self.service_at()
        gate = self.gate_before([service])
        before = self.rest(gate)
        held = self.client(gate)
        self.wait_for(lambda: self.under_way(gate) == {"dpgw_connections": 1})
        self.wait_for(lambda: gate.descriptors() == before + 1)
        held.close()
        self.assert_nothing_left(gate, before)
