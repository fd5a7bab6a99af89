"""Privileges: who serves, what it may still do, and that its memory stays its own.

Becoming another user takes root.  Where the tests do not run as root, each of
those cases asserts that the gateway says so and does not serve.
"""
import grp
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import subprocess

import cases
import mappings
import program
import wire

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
PLAIN = "release" in os.environ.get("BUILD", "release")
SECRET = b"PLANTED-IN-MEMORY"
AS_NOBODY = ("setpriv", "--reuid=nobody", f"--regid={NOBODY.pw_gid}", "--clear-groups", "--")


def status_of(task):
    """{name: value} of one thread's status file."""
    lines = (task / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def threads(gate):
    """What the kernel says of each thread of GATE."""
    return [status_of(task) for task in pathlib.Path(f"/proc/{gate.pid}/task").iterdir()]


def core_limits(gate):
    """The soft and the hard limit of core files."""
    text = pathlib.Path(f"/proc/{gate.pid}/limits").read_text()
    return re.search(r"^Max core file size\s+(\S+)\s+(\S+)", text, re.M).groups()


def is_dumpable(gate):
    """False if the kernel keeps what it knows of the process from its own user."""
    owner = os.stat(f"/proc/{gate.pid}/environ").st_uid
    return owner == int(threads(gate)[0]["Uid"].split()[0])


class BecomingAUser(cases.Case):
    def becomes(self, user, **settings):
        """A gateway that has become USER and serves, or None where it could not and said so."""
        service = self.upstream()
        user = user if ROOT else "daemon"
        gate = self.gateway(service, dict(settings, user=user, workers=3), boot=ROOT)
        if ROOT:
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
            return gate
        self.assert_refused(gate)
        return None

    def assert_refused(self, gate):
        gate.expected_status = 77
        gate.expect_line(r"cannot change user .*Operation not permitted")
        self.assertEqual(gate.wait_end(), 77, gate.lines)
        self.assertFalse(any("listening" in line for line in gate.lines), gate.lines)

    def assert_is(self, gate, uid, gid, groups):
        """Every thread of GATE has these ids, and no way to others."""
        seen = threads(gate)
        self.assertGreaterEqual(len(seen), 4)
        for thread in seen:
            self.assertEqual(thread["Uid"].split(), [str(uid)] * 4)
            self.assertEqual(thread["Gid"].split(), [str(gid)] * 4)
            self.assertEqual(sorted(map(int, thread["Groups"].split())), sorted(groups))
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(thread[capabilities], 16), 0, capabilities)
            self.assertEqual(thread["NoNewPrivs"], "1")

    def test_every_thread_is_the_user(self):
        if gate := self.becomes("nobody"):
            groups = os.getgrouplist("nobody", NOBODY.pw_gid)
            self.assert_is(gate, NOBODY.pw_uid, NOBODY.pw_gid, groups)
            self.assertTrue(any("changed user" in line for line in gate.lines), gate.lines)
            self.assertFalse(any("running as root" in line for line in gate.lines), gate.lines)

    def test_a_group_of_its_own_goes_with_the_user(self):
        if gate := self.becomes("nobody:daemon"):
            daemon = grp.getgrnam("daemon").gr_gid
            self.assert_is(gate, NOBODY.pw_uid, daemon, os.getgrouplist("nobody", daemon))

    def test_ids_without_a_name_have_one_group(self):
        if gate := self.becomes("4000001:4000002"):
            self.assert_is(gate, 4000001, 4000002, [4000002])

    def test_the_check_of_ids_can_fail(self):
        gate, _ = self.pair(settings={"workers": 3})
        with self.assertRaises(AssertionError):
            self.assert_is(gate, NOBODY.pw_uid, NOBODY.pw_gid, [NOBODY.pw_gid])

    def test_what_only_root_may_open_is_open_before(self):
        self.folder.chmod(0o700)
        listen = ["127.0.0.1:0", f"unix:{self.folder}/gateway.sock"]
        if gate := self.becomes("nobody", listen=listen):
            for address in (gate.client, listen[1]):
                gate.client = address
                for _ in range(12):  # each worker has a socket of its own
                    self.assertEqual(gate.once("GET", cases.CLIENT).status, 200, address)

    def test_root_without_a_user_is_warned_once(self):
        gate, _ = self.pair()
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertEqual(gate.stop(), 0)
        self.assertEqual(sum("running as root" in line for line in gate.lines), int(ROOT))

    def test_an_unknown_user_ends_with_78_and_its_line(self):
        for user, why in (("no-such-user", "there is no such user"),
                          ("nobody:no-such-group", "there is no such group"),
                          ("root", "it is the superuser")):
            gate = self.gateway("http://127.0.0.1:1", {"user": user}, boot=False)
            gate.expected_status = 78
            self.assertEqual(gate.wait_end(), 78, gate.lines)
            text = "\n".join(gate.lines)
            self.assertRegex(text, rf'gateway\.yaml:\d+:\d+: error: user can\'t be "{user}": {why}')
            line = int(re.search(r"gateway\.yaml:(\d+)", text).group(1))
            self.assertIn(user, gate.config.read_text().splitlines()[line - 1])


class WithoutRoot(cases.Case):
    """The gateway as a plain user: nobody, or whoever runs the tests."""

    def plain(self, user, boot=True):
        service = self.upstream()
        binary = None
        if ROOT:  # what nobody may read and execute
            self.folder.chmod(0o755)
            binary = shutil.copy(program.build_path("DPGW", "dpgw"), self.folder / "dpgw")
        return self.gateway(service, {"user": user}, mappings.EVERYTHING, boot=boot,
                            under=AS_NOBODY if ROOT else (), binary=binary)

    def test_it_needs_no_privilege(self):
        gate = self.plain("none")
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        self.assertEqual({t["Uid"].split()[0] for t in threads(gate)},
                         {str(NOBODY.pw_uid if ROOT else os.geteuid())})
        self.assertFalse(any("running as root" in line for line in gate.lines), gate.lines)

    def test_it_ignores_its_own_name_and_says_so(self):
        gate = self.plain("nobody" if ROOT else f"{os.getuid()}:{os.getgid()}")
        gate.expect_line(r"user ignored .*already")
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_it_cannot_become_another(self):
        gate = self.plain("daemon", boot=False)
        gate.expected_status = 77
        gate.expect_line(r"cannot change user .*not permitted.*start as root, or remove user")
        self.assertEqual(gate.wait_end(), 77, gate.lines)
        self.assertFalse(any("listening" in line for line in gate.lines), gate.lines)


# What a shell starts behind itself ignores SIGQUIT.
UNCAUGHT = ("env", "--default-signal=QUIT")


class Memory(cases.Case):
    def served(self, core_dumps, user="none"):
        """A gateway that holds a secret; core files would be unlimited but for itself."""
        service = self.upstream()
        settings = {"user": user if ROOT else "none", "core_dumps": "on" if core_dumps else None}
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        most = "unlimited" if most == resource.RLIM_INFINITY else most
        gate = self.gateway(service, settings, under=UNCAUGHT + ("prlimit", f"--core={most}:{most}"),
                            env={"ASAN_OPTIONS": "disable_coredump=0:detect_leaks=0"})
        connection = gate.connect()
        self.addCleanup(connection.close)
        connection.send(b"POST " + cases.CLIENT.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                        b"Authorization: Bearer " + SECRET + b"\r\nContent-Length: 100\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        self.assertEqual(connection.source.line(wire.deadline_in()), b"HTTP/1.1 100 Continue")
        return gate

    def may_peek(self, gate):
        """True if a process of the gateway's own user may look into it."""
        under = AS_NOBODY if ROOT else ()
        done = subprocess.run([*under, "cat", f"/proc/{gate.pid}/environ"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def test_it_is_kept_from_core_files_and_neighbours(self):
        for user in ("none", "nobody"):
            with self.subTest(user):
                gate = self.served(False, user)
                self.assertEqual(core_limits(gate), ("0", "0"))
                if user == "nobody":
                    self.assertFalse(is_dumpable(gate))
                    self.assertFalse(self.may_peek(gate))

    def test_it_is_open_where_core_dumps_are_on(self):
        gate = self.served(True, "nobody")
        self.assertNotEqual(core_limits(gate), ("0", "0"))
        self.assertTrue(is_dumpable(gate))
        self.assertTrue(self.may_peek(gate))

    def crash(self, gate):
        """How GATE ended by a crash; sanitizers take SIGSEGV for themselves."""
        number = signal.SIGSEGV if PLAIN else signal.SIGQUIT
        gate.expected_status = -number
        gate.signal(number)
        code = os.waitid(os.P_PID, gate.pid, os.WEXITED | os.WNOWAIT).si_code
        self.assertEqual(gate.wait_end(), -number)
        return code

    def test_a_crash_leaves_no_core(self):
        gate = self.served(False)
        self.assertEqual(self.crash(gate), os.CLD_KILLED)
        self.assertEqual(list(self.folder.glob("*core*")), [])

    def test_a_core_would_hold_the_secret(self):
        """What the other cases keep away is there where a core file is wanted."""
        gate = self.served(True)
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        here = PLAIN and not pattern.startswith(("|", "/")) and core_limits(gate)[1] != "0"
        code = self.crash(gate)
        if not here:  # a sanitizer's would be too large, or it goes where no test may look
            self.assertIn(code, (os.CLD_KILLED, os.CLD_DUMPED))
            return
        self.assertEqual(code, os.CLD_DUMPED)
        cores = [f for f in self.folder.iterdir() if f.name.startswith(pattern.split("%")[0])]
        self.assertTrue(any(SECRET in f.read_bytes() for f in cores), cores)
