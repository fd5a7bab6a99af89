"""Inherited sockets: which address each stands for, all workers, and the next process."""
import os
import pathlib
import signal
import socket
import sys
import threading
import unittest

import cases
import gateway
import manager
import wire

HEIR = str(pathlib.Path(__file__).with_name("heir.py"))
ACTIVATE = manager.tool("systemd-socket-activate")


class Sockets(cases.Case):
    def listening(self, *arguments):
        made = manager.listening(*arguments)
        self.addCleanup(made.close)
        return made

    def heir(self, named, settings=None, **options):
        """A gateway that inherits the sockets of NAMED: [(socket, name)]."""
        under = [sys.executable, HEIR, *(f"{s.fileno()}={name}" for s, name in named), "--"]
        return self.gateway(self.upstream(), settings, under=under,
                            descriptors=[s.fileno() for s, _ in named], **options)

    @staticmethod
    def place(sock):
        return "%s:%d" % sock.getsockname()[:2]

    def test_names_say_which_address_is_meant(self):
        client, second, admin = self.listening(), self.listening(), self.listening()
        gate = self.heir([(client, "web"), (admin, "admin"), (second, "")])
        gate.wait_line(" ready ")
        said = [line for line in gate.lines if " listening " in line]
        plain = "socket=inherited tls=false proxy_protocol=false"
        self.assertEqual([line.split("address=")[1] for line in said],
                         [f"{self.place(client)} role=client {plain}",
                          f"{self.place(second)} role=client {plain}",
                          f"{self.place(admin)} role=admin {plain}"])
        for sock in (client, second):
            with wire.Connection(self.place(sock)) as connection:
                self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
        with wire.Connection(self.place(admin)) as connection:
            self.assertEqual(connection.request("GET", "/healthz").status, 200)

    def test_the_admin_address_stays_where_none_is_inherited(self):
        gate = self.heir([(self.listening(), "dpgw.socket")])
        line = next(line for line in gate.lines if "role=admin" in line)
        self.assertIn("socket=own", line)
        with wire.Connection(gate.admin) as connection:
            self.assertEqual(connection.request("GET", "/readyz").status, 200)

    def test_only_the_admin_socket_is_inherited(self):
        admin = self.listening()
        gate = self.heir([(admin, "admin")])
        self.assertEqual(gate.admin, self.place(admin))
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_unix_sockets_and_their_path_stay(self):
        path = self.folder / "client.sock"
        held = self.listening(str(path), socket.AF_UNIX)
        gate = self.heir([(held, "")])
        self.assertEqual(gate.client, f"unix:{path}")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(wire.PATIENCE)
            sock.connect(str(path))
            sock.sendall(wire.request_bytes("GET", cases.CLIENT, fields=[("Connection", "close")]))
            self.assertTrue(sock.recv(64).startswith(b"HTTP/1.1 200 "))
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait_end(), 0)
        self.assertTrue(path.exists())

    def test_an_abstract_socket_is_named(self):
        name = f"dpgw-test-{os.getpid()}"
        gate = self.heir([(self.listening("\0" + name, socket.AF_UNIX), "")])
        self.assertEqual(gate.client, f"unix:@{name}")

    def test_all_workers_accept(self):
        """Each has the one socket, with its one queue."""
        sock = self.listening()
        gate = self.heir([(sock, "")], {"workers": 4})
        gate.wait_line("workers=4")
        inode = os.fstat(sock.fileno()).st_ino
        links = [os.readlink(f"/proc/{gate.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{gate.pid}/fd")]
        self.assertEqual(links.count(f"socket:[{inode}]"), 4)
        ends = []

        def one():
            ends.append(gate.once("GET", cases.CLIENT).status)
        threads = [threading.Thread(target=one) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(ends, [200] * 32)

    def test_a_drain_leaves_the_queue_to_the_next_process(self):
        """Half the clients connect while nobody accepts: the successor answers them."""
        sock = self.listening()
        first = self.heir([(sock, "")])
        with first.connect() as busy:
            busy.send(b"GET / HTTP/1.1\r\n")
            first.signal(signal.SIGTERM)
            first.wait_line(" draining ")
            inode = os.fstat(sock.fileno()).st_ino
            self.until_released(first.pid, inode)
            waiting = [first.connect() for _ in range(20)]
            for connection in waiting:
                connection.send(wire.request_bytes("GET", cases.CLIENT))
            second = self.heir([(sock, "")])
            for connection in waiting:
                self.assertEqual(connection.reply().status, 200)
                connection.close()
            busy.send(b"Host: a\r\n\r\n")
            self.assertEqual(busy.reply().status, 404)
        self.assertEqual(first.wait_end(), 0)
        self.assertEqual(second.once("GET", cases.CLIENT).status, 200)

    def until_released(self, pid, inode):
        """Waits until the process PID has no descriptor of the socket INODE."""
        folder, deadline = f"/proc/{pid}/fd", wire.deadline_in()

        def held():
            for fd in os.listdir(folder):
                try:
                    if os.readlink(f"{folder}/{fd}") == f"socket:[{inode}]":
                        return True
                except FileNotFoundError:
                    pass
            return False
        while held():
            self.assertLess(wire.time.monotonic(), deadline, "the socket is still held")

    def test_what_is_no_listener_is_refused(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with self.subTest(kind.name), socket.socket(socket.AF_INET, kind) as sock:
                gate = self.heir([(sock, "")], boot=False)
                gate.expect_line(r"cannot listen inherited=3 role=client reason=\"Invalid argument\" "
                                 r"hint=\"a listening stream socket is wanted\"")
                gate.expected_status = 69
                gate.wait_end()

    def test_too_many_are_refused(self):
        gate = self.heir([(self.listening(), "") for _ in range(9)], boot=False)
        gate.expect_line("too many inherited sockets most=8")
        gate.expected_status = 69
        gate.wait_end()

    def test_those_of_another_process_are_not_taken(self):
        gate = self.gateway(self.upstream(), env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
        gate.wait_line("socket=own")


@unittest.skipUnless(ACTIVATE, "no systemd-socket-activate")
class Activated(cases.Case):
    def test_started_by_its_first_client(self):
        """systemd-socket-activate listens, and becomes the gateway when a client comes."""
        paths = [self.folder / name for name in ("client.sock", "admin.sock")]
        command, env = ACTIVATE
        gate = gateway.Gateway(self.folder, self.upstream().url, boot=False, env=env,
                               under=[command, "-l", str(paths[0]), "-l", str(paths[1]),
                                      "--fdname=web:admin"])
        self.addCleanup(gate.kill_if_running)
        gate.wait_line("Listening on .*admin.sock")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(wire.PATIENCE)
            sock.connect(str(paths[0]))
            sock.sendall(wire.request_bytes("GET", cases.CLIENT, fields=[("Connection", "close")]))
            self.assertTrue(sock.recv(64).startswith(b"HTTP/1.1 200 "))
        for path, role in zip(paths, ("client", "admin")):
            gate.wait_line(f"listening address=unix:{path} role={role} socket=inherited")
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait_end(), 0)


if __name__ == "__main__":
    unittest.main()
