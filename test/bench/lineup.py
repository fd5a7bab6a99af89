"""lineup.py - the proxies that are measured, and how each is started

All stand on the proxy's core before the service at UPSTREAM.  A row says
which dialect its clients speak: untranslated ones hand the service's through.
"""
import pathlib
import urllib.request

import gateway
import nodes
import rig
from work import CLIENT, SERVICE


class Row:
    """
    One line of the tables.  START(folder, upstream) gives something with pid
    and address.  REQUESTS: it translates bodies of requests, too.
    """

    def __init__(self, name, label, start, dialect=CLIENT, requests=True):
        self.name, self.label, self._start = name, label, start
        self.dialect, self.requests = dialect, requests

    def start(self, folder, upstream):
        folder = pathlib.Path(folder)
        folder.mkdir()
        return self._start(folder, upstream)


class Gateway(gateway.Gateway):
    """The gateway as it is shipped, a line for each request not written."""

    def __init__(self, folder, upstream, **settings):
        super().__init__(folder, f"http://{upstream}", {
            "workers": 1, "limits.requests_per_connection": 10**9, **settings},
            under=rig.on_core(rig.PROXY_CORE))
        rig.STARTED.append(self)
        self.address = self.client
        urllib.request.urlopen(urllib.request.Request(
            f"http://{self.admin}/-/log-level?level=warn", method="POST"), timeout=10).close()


def nginx(config):
    return lambda folder, upstream: rig.nginx(config, folder / "nginx", rig.PROXY_CORE, upstream)


def haproxy(folder, upstream):
    sock, address = rig.listener()
    config = rig.put("haproxy.cfg", folder, FD=sock.fileno(), UPSTREAM=upstream)
    started = rig.Started([rig.TOOLS / "usr/sbin/haproxy", "-db", "-f", config], rig.PROXY_CORE,
                          address, descriptors=(sock.fileno(),),
                          env={"LD_LIBRARY_PATH": rig.LIBRARIES})
    sock.close()
    rig.await_service(started)
    return started


def told(*command, **options):
    """What tells its address when it listens."""
    started = rig.Started(command, rig.PROXY_CORE, **options)
    started.address = started.wait_line(r"listening address=(\S+)").group(1)
    return started


def go(_, upstream):
    return told(rig.TOOLS / "go-proxy", f"http://{upstream}")


def node(_, upstream):
    # Packages are looked for from the program's place upwards: test/node_modules.
    return told(nodes.node(), rig.PEERS / "node.mjs", f"http://{upstream}",
                env={"NODE_ENV": "production"})


ROWS = [
    Row("dpgw", "dpgw", Gateway),
    Row("nginx", "nginx `proxy_pass`, untranslated", nginx("nginx.conf"), SERVICE),
    Row("haproxy", "HAProxy, untranslated", haproxy, SERVICE),
    Row("sub_filter", "nginx `sub_filter`, text only", nginx("sub_filter.conf"), requests=False),
    Row("lua", "nginx + Lua + lua-cjson", nginx("lua.conf")),
    Row("njs", "nginx + njs", nginx("njs.conf")),
    Row("go", "Go `httputil.ReverseProxy`", go),
    Row("node", "Node `http-proxy-middleware`", node),
]
