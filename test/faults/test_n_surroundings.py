"""Surroundings: descriptors, the log, the clock, a stopped service, names."""
import contextlib
import fcntl
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

import cases
import gateway
import program
import starve
import upstream
import walltime
import wire

SMALL = "version: 1\nroutes:\n  - {client: /a, upstream: /b, methods: [GET, POST]}\n"


def configuration(folder, url, **settings):
    """A configuration in FOLDER, and the command that serves it."""
    (folder / "mapping.yaml").write_text(SMALL)
    values = dict(gateway.SETTINGS, mapping=str(folder / "mapping.yaml"), admin="off", workers=1)
    values["upstream.url"] = url
    values.update({name.replace("__", "."): value for name, value in settings.items()})
    (folder / "gateway.yaml").write_text(gateway.settings_yaml(values))
    return [program.build_path("DPGW", "dpgw"), "serve", "-c", str(folder / "gateway.yaml")]


class Descriptors(cases.Case):
    def limit(self, gate, most=None):
        """No new descriptor for GATE, or MOST of them."""
        if most is None:
            taken = {int(name) for name in os.listdir(f"/proc/{gate.pid}/fd")}
            most = next(n for n in range(len(taken) + 1) if n not in taken)
        _, hard = resource.prlimit(gate.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(gate.pid, resource.RLIMIT_NOFILE, (most, hard))

    def test_no_descriptor_for_the_services_socket(self):
        service = self.upstream()
        gate = self.gateway(service, {"workers": 1}, SMALL)
        gate.expect_line(r'upstream_socket_failed why="Too many open files"')
        with gate.connect() as connection:
            self.assertEqual(connection.request("GET", "/none").status, 404)
            before = resource.prlimit(gate.pid, resource.RLIMIT_NOFILE)[0]
            self.limit(gate)
            for method in ("GET", "POST", "GET"):
                reply = connection.request(method, "/a")
                self.assert_error(reply, 503, "OVERLOADED")
                self.assertEqual(reply.field("Retry-After"), "1")
            self.assertEqual(service.requests, [])
            self.limit(gate, before)
            for method in ("GET", "POST"):
                self.assertEqual(connection.request(method, "/a").status, 200)
        said = [line for line in gate.lines if "upstream_socket_failed" in line]
        self.assertEqual(len(said), 1)

    def test_a_start_with_few_descriptors(self):
        """It serves or says why not."""
        command = configuration(self.folder, self.upstream().url)
        ready = 0
        for most in range(4, 40):
            made = program.Program(["prlimit", f"--nofile={most}:{most}", *command])
            self.addCleanup(lambda m=made: m.running and m.child.kill())
            with made.news:
                self.assertTrue(made.news.wait_for(lambda m=made: m.closed == 2 or any(
                    " ready " in line for line in m.lines), wire.PATIENCE), made.lines)
            if made.closed == 2:
                self.assertEqual(ready, 0)
                self.assertIn(made.wait_end(), (69, 71, 78, 127), made.lines)
                self.assertIn("Too many open files", "\n".join(made.lines))
                continue
            self.assertEqual(made.stop(), 0, made.lines)
            ready += 1
            if ready == 3:
                return
        self.fail("never enough")


class Mute:
    """A gateway whose log goes to the descriptor ERRORS; it listens on a Unix socket."""

    def __init__(self, case, url, errors):
        self.path = f"unix:{case.folder}/listen"
        command = configuration(case.folder, url, listen=self.path)
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=errors, env=program.environment())
        case.addCleanup(lambda: self.child.poll() is None and self.child.kill())
        deadline = wire.deadline_in()
        while True:
            with contextlib.suppress(OSError):
                wire.Connection(self.path).close()
                return
            assert self.child.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)

    def ask(self, count):
        """COUNT requests, one after the other."""
        request = wire.request_bytes("GET", "/a", fields=[("X-Request-Id", "x" * 100)])
        with wire.Connection(self.path) as connection:
            for _ in range(count):
                connection.send(request)
                assert connection.reply().status == 200

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(wire.PATIENCE)


LOST = re.compile(r" warn log lines lost count=(\d+)$", re.M)


class Log(cases.Case):
    REQUESTS = 4000

    def test_the_disk_is_full(self):
        with open("/dev/full", "wb") as full:
            mute = Mute(self, self.upstream().url, full)
        mute.ask(100)
        self.assertEqual(mute.stop(), 0)

    def test_the_reader_is_gone(self):
        reader, writer = os.pipe()
        mute = Mute(self, self.upstream().url, writer)
        os.close(writer)
        os.close(reader)
        mute.ask(100)
        self.assertEqual(mute.stop(), 0)

    def test_the_reader_was_gone_before_the_start(self):
        reader, writer = os.pipe()
        os.close(reader)
        mute = Mute(self, self.upstream().url, writer)
        os.close(writer)
        mute.ask(10)
        self.assertEqual(mute.stop(), 0)

    def stopped(self):
        """A gateway that has served more than its log takes, and the end nobody reads."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        mute = Mute(self, self.upstream().url, writer)
        os.close(writer)
        mute.ask(self.REQUESTS)
        return mute, os.fdopen(reader, encoding="utf-8")

    def test_the_reader_is_stopped(self):
        """Requests go on, and what was lost is told when the reader goes on."""
        mute, log = self.stopped()
        lines, rest = [], []
        with log:
            while not lines or not LOST.search(lines[-1]):
                lines.append(log.readline())
                self.assertTrue(lines[-1], "the log ended")
            goes_on = threading.Thread(target=lambda: rest.extend(log))
            goes_on.start()
            mute.ask(1)
            self.assertEqual(mute.stop(), 0)
            goes_on.join(wire.PATIENCE)
        self.assertTrue(any(" exchange " in line for line in rest))
        self.assertIn(" stopped", rest[-1])
        seen = sum(" exchange " in line for line in lines + rest)
        lost = sum(int(count) for count in LOST.findall("".join(lines + rest)))
        self.assertGreater(lost, 0)
        self.assertEqual(seen + lost, self.REQUESTS + 1)

    def test_the_end_comes_while_the_reader_is_stopped(self):
        mute, log = self.stopped()
        with log:
            self.assertEqual(mute.stop(), 0)


@unittest.skipUnless(walltime.LIBRARY, walltime.NEEDED)
class Clock(cases.Case):
    """The wall clock jumps by days; the monotonic one goes on."""

    def setUp(self):
        super().setUp()
        self.time = walltime.WallTime(self.folder)
        self.release = threading.Event()
        self.service = self.upstream(upstream.always(self.answer))
        self.gate = self.gateway(self.service, {
            "timeouts.upstream_first_byte": "2s", "timeouts.keep_alive": "60s"}, SMALL, env=self.time.env)

    def answer(self, request):
        if request.target == "/b?slow":
            self.release.wait(wire.PATIENCE)
        if request.target == "/b?never":
            raise upstream.Gone("fin") if self.service.stopping else upstream.Gone(
                self.service.connections[-1].wait_for_end())
        return cases.OK

    def day(self):
        """The day that the last line of an exchange tells."""
        return [line for line in self.gate.lines if " exchange " in line][-1][:10]

    def test_jumps_by_days(self):
        days = set()
        with self.gate.connect() as kept:
            for offset in ("+0", "+3d", "-5d", "+400d", "+0"):
                with self.gate.connect() as slow:
                    seen = len(self.service.requests)
                    slow.send(wire.request_bytes("GET", "/a?slow"))
                    self.service.wait_requests(seen + 1)
                    self.time.set(offset)
                    self.assertEqual(kept.request("GET", "/a").status, 200)
                    self.release.set()
                    self.assertEqual(slow.reply().status, 200)
                    self.release.clear()
                self.assertEqual(self.gate.once("GET", "/a").status, 200)
                count = len(self.service.requests)
                self.gate.wait_line(" exchange ")
                with self.gate.news:
                    self.gate.news.wait_for(lambda n=count: sum(
                        " exchange " in line for line in self.gate.lines) >= n, wire.PATIENCE)
                days.add(self.day())
        self.assertEqual(len(days), 4, days)

    def test_a_deadline_keeps_its_length(self):
        for offset in ("+3d", "-5d"):
            begun = time.monotonic()
            with self.gate.connect() as slow:
                seen = len(self.service.requests)
                slow.send(wire.request_bytes("POST", "/a?never", b"{}"))
                self.service.wait_requests(seen + 1)
                self.time.set(offset)
                self.assert_error(slow.reply("POST"), 504, "UPSTREAM_TIMEOUT")
            self.assertGreater(time.monotonic() - begun, 1.9)


class Stopped(cases.Case):
    """The service's process stands still: the kernel takes connections, nobody answers."""

    LIMIT = {"timeouts.upstream_first_byte": "400ms", "timeouts.upstream_connect": "400ms"}

    def test_it_times_out_and_goes_on(self):
        service = self.service()
        gate = self.gateway(service, self.LIMIT)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)  # a connection is kept
        service.freeze()
        try:
            for method, body in (("GET", None), ("GET", None), ("POST", b"{}")):
                reply = gate.once(method, cases.CLIENT, body)
                self.assert_error(reply, 504, "UPSTREAM_TIMEOUT")
            self.assertEqual(gate.once("GET", "/nowhere").status, 404)
        finally:
            service.thaw()
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_its_queue_is_full(self):
        """Connecting has its own limit."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            address = full.getsockname()
            waiting = []
            with contextlib.ExitStack() as stack:
                while True:
                    one = stack.enter_context(socket.socket())
                    one.settimeout(0.2)
                    waiting.append(one)
                    try:
                        one.connect(address)
                    except TimeoutError:
                        break
                gate = self.gateway("http://%s:%d" % address, self.LIMIT)
                for method, body in (("GET", None), ("POST", b"{}")):
                    self.assert_error(gate.once(method, cases.CLIENT, body), 502,
                                      "UPSTREAM_UNREACHABLE")


class Names:
    """What names mean: ADDRESS, or "" for nothing; while HELD nobody is told."""

    def __init__(self, folder, address="127.0.0.1"):
        self.address, self.asked = address, 0
        self.free = threading.Event()
        self.free.set()
        self.path = str(folder / "names")
        self.news = threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                asking, _ = self.listener.accept()
            except OSError:
                return
            with self.news:
                self.asked += 1
                self.news.notify_all()
            threading.Thread(target=self._answer, args=(asking,), daemon=True).start()

    def _answer(self, asking):
        with asking:
            while asking.recv(256):
                pass
            self.free.wait(wire.PATIENCE)
            asking.sendall(self.address.encode())

    def wait_asked(self, count):
        with self.news:
            assert self.news.wait_for(lambda: self.asked >= count, wire.PATIENCE)

    def close(self):
        self.free.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Resolver(cases.Case):
    def named(self, names, service, **settings):
        settings = {k.replace("__", "."): v for k, v in settings.items()}
        return self.gateway(f"http://service.test:{service.port}", {"workers": 1, **settings},
                            SMALL, env=starve.preload(self.folder, NAMES=names.path))

    def names(self, address="127.0.0.1"):
        made = Names(self.folder, address)
        self.addCleanup(made.close)
        return made

    CLOSE = wire.reply_bytes(200, b'{"ok":true}', [("Connection", "close")])

    def test_a_name_that_is_not_there_yet(self):
        names, service = self.names(""), self.upstream()
        gate = self.named(names, service)
        for method in ("GET", "POST"):
            self.assert_error(gate.once(method, "/a"), 502, "UPSTREAM_UNREACHABLE")
        names.address = "127.0.0.1"
        self.assertEqual(gate.once("GET", "/a").status, 200)
        names.address = ""
        self.assertEqual(gate.once("GET", "/a").status, 200)  # on the connection that is kept

    def test_a_name_that_changes(self):
        """A new connection goes where the name points by then."""
        names = self.names()
        old = self.upstream(upstream.always(self.CLOSE))
        new = self.upstream(upstream.always(self.CLOSE), address=("127.0.0.2", old.port))
        gate = self.named(names, old)
        self.assertEqual(gate.once("GET", "/a").status, 200)
        names.address = "127.0.0.2"
        self.assertEqual(gate.once("POST", "/a").status, 200)
        names.address = ""
        self.assert_error(gate.once("POST", "/a"), 502, "UPSTREAM_UNREACHABLE")
        self.assertEqual((len(old.requests), len(new.requests)), (1, 1))

    def test_a_name_that_changes_is_followed_where_a_connection_never_rests(self):
        names = self.names()
        old = self.upstream()
        new = self.upstream(address=("127.0.0.2", old.port))
        gate = self.named(names, old, upstream__refresh="1s")
        with gate.connect() as client:
            self.assertEqual(client.request("GET", "/a").status, 200)
            names.address = "127.0.0.2"

            def asked():
                self.assertEqual(client.request("POST", "/a").status, 200)
                return new.requests
            self.wait_for(asked)
            seen = len(old.requests)
            for _ in range(20):
                self.assertEqual(client.request("POST", "/a").status, 200)
        self.assertEqual(len(old.requests), seen)
        self.assertTrue(old.connections[0].over.wait(wire.PATIENCE))

    def test_a_slow_resolver_holds_up_nobody_else(self):
        """Not while the lookup lasts, nor when it is given up."""
        names = self.names()
        release = threading.Event()

        def answer(request):
            if request.target == "/b?slow":
                release.wait(wire.PATIENCE)
            return cases.OK

        service = self.upstream(upstream.always(answer))
        gate = self.named(names, service, timeouts__upstream_connect="700ms")
        with gate.connect() as busy, gate.connect() as bystander, gate.connect() as waiting:
            self.assertEqual(bystander.request("GET", "/a").status, 200)
            names.free.clear()
            asked = names.asked
            begun = time.monotonic()
            busy.send(wire.request_bytes("GET", "/a?slow"))  # on the kept connection
            service.wait_requests(2)
            waiting.send(wire.request_bytes("POST", "/a"))   # needs a new one
            names.wait_asked(asked + 1)
            release.set()
            self.assertEqual(busy.reply().status, 200)
            for _ in range(20):
                self.assertEqual(bystander.request("GET", "/a").status, 200)
            self.assertLess(time.monotonic() - begun, 5)
            self.assert_error(waiting.reply("POST"), 502, "UPSTREAM_UNREACHABLE")
            self.assertFalse(names.free.is_set())            # and nobody has waited for it
            for _ in range(20):
                self.assertEqual(bystander.request("GET", "/a").status, 200)
            waiting.send(wire.request_bytes("GET", "/none"))
            self.assertEqual(waiting.reply().status, 404)
            names.free.set()

    def test_the_client_goes_during_a_lookup(self):
        names, service = self.names(), self.upstream()
        names.free.clear()
        gate = self.named(names, service)
        with gate.connect() as leaving:
            leaving.send(wire.request_bytes("POST", "/a"))
            names.wait_asked(1)
            leaving.reset()
        gate.wait_line("outcome=CLIENT_GONE")
        self.assertEqual(gate.once("GET", "/none").status, 404)
        names.free.set()
        self.assertEqual(gate.once("GET", "/a").status, 200)


if __name__ == "__main__":
    unittest.main()
