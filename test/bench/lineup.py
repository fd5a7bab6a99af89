"""lineup.py - the proxies that are measured, and how each is started

All stand on the proxy's core before the service at UPSTREAM.  A row says
which dialect its clients speak: untranslated ones hand the service's through.
"""
import pathlib
import urllib.request

import gateway
import nodes
import program
import rig
from work import CLIENT, SERVICE


class Row:
    """
    One line of the tables.  START(folder, upstream, work) gives something that
    runs, with an address.  TO_THE_BYTE: it leaves bytes alone that are no
    names.  REQUESTS: it translates bodies of requests, too.  ONLY: the names
    of the works that it is measured at, or all.
    """

    def __init__(self, name, label, start, dialect=CLIENT, to_the_byte=True, requests=True,
                 only=None):
        self.name, self.label, self._start = name, label, start
        self.dialect, self.to_the_byte, self.requests = dialect, to_the_byte, requests
        self.only = only

    def does(self, work):
        return (self.only is None or work.name in self.only) and (self.requests or not work.body)

    def start(self, folder, upstream, work=None):
        folder = pathlib.Path(folder)
        folder.mkdir()
        return self._start(folder, upstream, work)


class Gateway(gateway.Gateway):
    """The gateway as it is shipped, a line for each request not written."""

    def __init__(self, folder, upstream, workers=1, level="warn"):
        super().__init__(folder, f"http://{upstream}", {
            "workers": workers, "limits.requests_per_connection": 10**9},
            under=rig.on_core(rig.PROXY_CORE))
        rig.STARTED.append(self)
        self.address = self.client
        urllib.request.urlopen(urllib.request.Request(
            f"http://{self.admin}/-/log-level?level={level}", method="POST"), timeout=10).close()

    def peak(self):
        return self.memory_peak()

    def held(self):
        return self.memory()


def nginx(config):
    return lambda folder, upstream, _: rig.nginx(config, folder / "nginx", rig.PROXY_CORE, upstream)


def haproxy(folder, upstream, _):
    sock, address = rig.listener()
    config = rig.put("haproxy.cfg", folder, FD=sock.fileno(), UPSTREAM=upstream)
    started = rig.Started([rig.TOOLS / "usr/sbin/haproxy", "-db", "-f", config], rig.PROXY_CORE,
                          address, descriptors=(sock.fileno(),),
                          env={"LD_LIBRARY_PATH": rig.LIBRARIES})
    sock.close()
    return started


def told(*command, **options):
    """What tells its address when it listens."""
    started = rig.Started(command, rig.PROXY_CORE, **options)
    started.address = started.wait_line(r"listening address=(\S+)").group(1)
    return started


def go(_, upstream, _work):
    return told(rig.TOOLS / "go-proxy", f"http://{upstream}")


def node(_, upstream, _work):
    # Packages are looked for from the program's place upwards: test/node_modules.
    return told(nodes.node(), rig.PEERS / "node.mjs", f"http://{upstream}",
                env={"NODE_ENV": "production"})


def dpgw(**options):
    return lambda folder, upstream, _: Gateway(folder, upstream, **options)


def bare_evhttp(folder, _, work):
    """No proxy: the client's side of one."""
    document = folder / "reply"
    document.write_bytes(work.reply[SERVICE])
    return told(program.build_path("BARE_EVHTTP", "bench/bare_evhttp"), document)


SMALL = ("1k", "12k", "post")
ROWS = [
    Row("dpgw", "**dpgw**", dpgw()),
    Row("nginx", "nginx `proxy_pass`, untranslated", nginx("nginx.conf"), SERVICE),
    Row("haproxy", "HAProxy, untranslated", haproxy, SERVICE),
    Row("sub_filter", "nginx `sub_filter`, text only", nginx("sub_filter.conf"), requests=False),
    Row("lua", "nginx + Lua + lua-cjson", nginx("lua.conf"), to_the_byte=False),
    Row("njs", "nginx + njs", nginx("njs.conf"), to_the_byte=False),
    Row("go", "Go `httputil.ReverseProxy`", go, to_the_byte=False),
    Row("node", "Node `http-proxy-middleware`", node, to_the_byte=False),
]
# What is measured beside them: the gateway set up otherwise, and its libraries alone.
BESIDE = [
    Row("dpgw2", "dpgw, two workers", dpgw(workers=2), only=SMALL),
    Row("dpgw-log", "dpgw, a log line each", dpgw(level="info"), only=("1k",)),
    Row("evhttp", "bare evhttp, no proxying", bare_evhttp, SERVICE, only=SMALL),
]
