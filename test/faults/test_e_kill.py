"""kill -9 under load, and a new gateway in the old one's place."""
import signal
import threading
import time

import cases
import gateway
import trials
import upstream
import wire

CALLERS = 6
ROUNDS = 5 if trials.EVERY == 1 else 2
ANSWERS = 20             # that each caller must have before and after
BODY = b'{"dataProductId":"p"}'


class Caller(threading.Thread):
    """Asks again and again, and notes when each question began and ended, and how."""

    def __init__(self, address, over):
        super().__init__(daemon=True)
        self.address, self.over = address, over
        self.asked = []          # (begun, ended, "ok", "refused" or "broken")

    def run(self):
        connection = None
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                kept = connection is not None
                connection = connection or wire.Connection(self.address)
                how = "broken"
                reply = connection.request("POST", cases.CLIENT, BODY)
                if (reply.status, reply.body, reply.end) == (200, BODY, "clean"):
                    how = "ok"
            except (ConnectionRefusedError, FileNotFoundError):
                kept, how = False, "refused"
            except (OSError, wire.WireError):
                how = "broken"
            if how != "ok" and connection:
                connection.close()
                connection = None
            self.asked.append((begun, time.monotonic(), how, kept))
        if connection:
            connection.close()

    def answers_since(self, moment):
        return sum(1 for begun, _, how, _ in self.asked if begun > moment and how == "ok")


class Kill(cases.Case):
    """Only what was in flight breaks; the new one serves at once, as if nothing had been."""

    def again(self, service, listen, admin):
        """A new gateway at the addresses of the old one, in a folder of its own."""
        folder = self.folder / str(time.monotonic_ns())
        folder.mkdir()
        made = gateway.Gateway(folder, service.url, {"listen": listen, "admin": admin})
        self.addCleanup(made.kill_if_running)
        return made

    def kill(self, gate):
        gate.signal(signal.SIGKILL)
        self.assertEqual(gate.wait_end(), -signal.SIGKILL)
        self.assertEqual([file.name for file in gate.config.parent.iterdir()], ["gateway.yaml"])

    def wait_for(self, callers, condition):
        deadline = wire.deadline_in()
        while not all(condition(caller) for caller in callers):
            self.assertLess(time.monotonic(), deadline, "nobody was served")
            time.sleep(0.005)

    def restarts(self, listen):
        """Kills and restarts a gateway that listens at LISTEN, under load."""
        service = self.upstream(upstream.always(
            lambda request: wire.reply_bytes(200, request.body)))
        gate = self.again(service, listen, "127.0.0.1:0")
        listen, admin = gate.client, gate.admin
        over, marks = threading.Event(), []
        callers = [Caller(listen, over) for _ in range(CALLERS)]
        try:
            for caller in callers:
                caller.start()
            since = time.monotonic()
            for _ in range(ROUNDS):
                self.wait_for(callers, lambda c, at=since: c.answers_since(at) >= ANSWERS)
                down = time.monotonic()
                self.kill(gate)
                gate = self.again(service, listen, admin)
                since = time.monotonic()
                self.assertEqual((gate.client, gate.admin), (listen, admin))
                marks.append((down, since))
            self.wait_for(callers, lambda c: c.answers_since(since) >= ANSWERS)
        finally:
            over.set()
            for caller in callers:
                caller.join(wire.PATIENCE)
            gate.finish()
        self.check(callers, marks)

    def check(self, callers, marks):
        """Nothing failed but between a kill and the new one's word, or on a connection of before."""
        for caller in callers:
            last = 0             # when the last question before began
            for begun, ended, how, kept in caller.asked:
                touched = any(begun <= up and ended >= down for down, up in marks)
                stale = kept and any(last <= down <= begun for down, _ in marks)
                self.assertTrue(how == "ok" or touched or (how == "broken" and stale),
                                (begun, ended, how, marks))
                last = begun

    def test_a_failure_without_a_kill_is_noticed(self):
        caller = Caller("", threading.Event())
        marks = [(10, 11)]
        for asked in ([(9, 12, "broken", True)], [(10.5, 10.6, "refused", False)],
                      [(9, 9.5, "ok", True), (12, 13, "broken", True)]):
            caller.asked = asked
            self.check([caller], marks)
        for asked in ([(8, 9, "broken", True)], [(12, 13, "refused", False)],
                      [(12, 13, "broken", False)],
                      [(10.5, 12, "ok", True), (12, 13, "broken", True)]):
            caller.asked = asked
            with self.assertRaises(AssertionError):
                self.check([caller], marks)

    def test_tcp(self):
        self.restarts("127.0.0.1:0")

    def test_unix_socket(self):
        path = self.folder / "socket"
        self.restarts(f"unix:{path}")
        self.assertFalse(path.exists(), "a socket's file after an orderly end")

    def test_a_file_that_is_no_socket_stays(self):
        path = self.folder / "file"
        path.write_text("somebody's")
        gate = gateway.Gateway(self.folder, "http://127.0.0.1:9", {"listen": f"unix:{path}"},
                               boot=False)
        self.assertEqual(gate.wait_end(), 69)
        self.assertEqual(path.read_text(), "somebody's")

    def test_a_socket_that_is_served_is_not_taken(self):
        path = self.folder / "socket"
        gate = self.gateway(self.upstream(), {"listen": f"unix:{path}"})
        folder = self.folder / "second"
        folder.mkdir()
        second = gateway.Gateway(folder, "http://127.0.0.1:9", {"listen": f"unix:{path}"},
                                 boot=False)
        self.assertEqual(second.wait_end(), 69)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
