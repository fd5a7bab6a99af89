"""lineup.py - the proxies that are measured, and how each is started

All stand on the proxy's core before the service at UPSTREAM.  A row says
which dialect its clients speak: untranslated ones hand the service's through.
"""
import pathlib
import urllib.request

import gateway
import rig
from work import CLIENT, SERVICE


class Row:
    """One line of the tables.  START(folder, upstream) gives something with pid and address."""

    def __init__(self, name, label, dialect, start):
        self.name, self.label, self.dialect, self._start = name, label, dialect, start

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
        self.address = self.client
        urllib.request.urlopen(urllib.request.Request(
            f"http://{self.admin}/-/log-level?level=warn", method="POST"), timeout=10).close()


def nginx(config):
    return lambda folder, upstream: rig.nginx(config, folder / "nginx", rig.PROXY_CORE, upstream)


ROWS = [
    Row("dpgw", "dpgw", CLIENT, Gateway),
    Row("nginx", "nginx `proxy_pass`, untranslated", SERVICE, nginx("nginx.conf")),
]
