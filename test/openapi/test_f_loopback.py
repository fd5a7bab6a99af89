"""No tool asks anybody else: what each connects to is watched, and the watch sees what leads away."""
import socket
import subprocess
import sys

import cases
import tools

# A datagram socket's connect sends nothing.
CONNECT = """
import socket, sys
socket.socket(int(sys.argv[1]), socket.SOCK_DGRAM).connect((sys.argv[2], int(sys.argv[3])))
"""


class Watch(cases.Case):
    def elsewhere(self, family, host, port):
        trace = tools.Trace()
        with subprocess.Popen(trace.around([sys.executable, "-c", CONNECT, str(int(family)), host,
                                            str(port)]), stderr=subprocess.DEVNULL) as child:
            child.wait(tools.TOOL_SECONDS)
        return trace.elsewhere(child.pid)

    def test_the_loopback_is_near(self):
        self.assertEqual(self.elsewhere(socket.AF_INET, "127.0.0.1", 9), [])
        self.assertEqual(self.elsewhere(socket.AF_INET6, "::1", 9), [])

    def test_everything_else_is_far_and_so_is_a_name_server(self):
        for host, port in (("192.0.2.1", 9), ("127.0.0.53", 53)):
            with self.subTest(host):
                self.assertEqual(len(self.elsewhere(socket.AF_INET, host, port)), 1)
