"""tools.py - the programs of test/package.json, none of which may leave the loopback

Each runs on the node that the packages bring, without telemetry and without
a look for updates.  strace writes down what it connects to; whoever runs one
is told of anything but the loopback, a name server included.
"""
import pathlib
import re
import subprocess
import tempfile
import time

import nodes
import program
import wire

REDOCLY = "@redocly/cli/bin/cli.js"
PRISM = "@stoplight/prism-cli/dist/index.js"
OPENAPI_TYPESCRIPT = "openapi-typescript/bin/cli.js"
TSC = "typescript/bin/tsc"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1",
         "NO_PROXY": "*"}
TOOL_SECONDS = 240
LOCAL = re.compile(r"\bconnect\(\d+, \{sa_family=AF_(UNIX|UNSPEC|NETLINK)\b")
LOOPBACK = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"')
NAME_SERVER = "htons(53)"


class Trace:
    """What a command connects to, from first to last."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="dpgw-trace-", mode="r")

    def around(self, command):
        """COMMAND, watched; its process stays the one that is started."""
        return ["strace", "-D", "-f", "-q", "--seccomp-bpf", "-e", "trace=connect", "-o",
                self.file.name, *command]

    def elsewhere(self, pid):
        """What PID, which has ended, connected to besides the loopback."""
        ended = re.compile(rf"^{pid} +\+\+\+ (exited|killed)", re.M)
        deadline = time.monotonic() + wire.PATIENCE
        while not ended.search(text := pathlib.Path(self.file.name).read_text()):
            assert time.monotonic() < deadline, f"no end of {pid} was seen:\n{text[-400:]}"
            time.sleep(0.01)
        return far(text)


def far(text):
    """The lines of a trace, TEXT, that lead away from the loopback."""
    return [line for line in text.splitlines() if " connect(" in line and not LOCAL.search(line)
            and (NAME_SERVER in line or not LOOPBACK.search(line))]


def command(script, *arguments):
    return [str(nodes.node()), str(nodes.MODULES / script), *map(str, arguments)]


class Tool(program.Program):
    """SCRIPT running until it is stopped."""

    def __init__(self, script, *arguments, cwd):
        self.trace = Trace()
        super().__init__(self.trace.around(command(script, *arguments)), cwd, QUIET)

    def stop(self):
        status = super().stop()
        assert not (far_away := self.trace.elsewhere(self.pid)), far_away
        return status


def run(script, *arguments, cwd):
    """Runs SCRIPT in the folder CWD to its end: (status, stdout, stderr) with texts."""
    trace = Trace()
    with subprocess.Popen(trace.around(command(script, *arguments)), cwd=cwd, text=True,
                          env=nodes.environment(**QUIET), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            out, error = child.communicate(timeout=TOOL_SECONDS)
        finally:
            child.kill()
    assert not (far_away := trace.elsewhere(child.pid)), far_away
    return child.returncode, out, error


def redocly(*arguments, cwd):
    return run(REDOCLY, *arguments, cwd=cwd)
