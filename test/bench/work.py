"""work.py - what the proxies are given to do: documents and requests in both dialects

Each document is written in both dialects side by side: the service's files
lie below FOLDER/service, what clients must get below FOLDER/client.  An item
of a list has keys to rename at two depths, text beyond ASCII, numbers that a
double cannot hold, and names of a third party that must stay.
"""
import pathlib

import cases
import dialects

ITEM = (
    '{"<dataProductId|workspaceId>":"550e8400-e29b-41d4-a716-44665544%(n)04d",'
    '"<externalDataProductId|externalWorkspaceId>":"ws-%(n)d","name":"Продажи по регионам %(n)d",'
    '"description":"売上高の四半期報告 – größe, données, 客户订单 😀: the workspace of a team",'
    '"<dataProductType|workspaceType>":"sales","rank":0.%(n)d50,"rows_total":9007199254740993,'
    '"revision":184467440737095%(n)05d,"active":true,"parent":null,"slackWorkspaceId":"T0%(n)d",'
    '"createdAt":"2026-03-02T12:00:00Z","dataAssets":[{"id":%(n)d,'
    '"<dataProductId|workspaceId>":"550e8400-e29b-41d4-a716-44665544%(n)04d",'
    '"tableName":"orders","schemaName":"sales","tags":["a","b"]}]}')
ONE = '{"ok":true,"data":{"<dataProduct|workspace>":%s,"note":"%s"}}'
MANY = '{"ok":true,"data":{"count":%d,"<dataProducts|workspaces>":[%s]}}'
POSTED = ('{"name":"Продажи %(n)d","description":"%(filler)s","dataSourceId":"default",'
          '"<sourceDataProductId|sourceWorkspaceId>":"550e8400-e29b-41d4-a716-446655440000",'
          '"limit":9007199254740993,"dataAssets":[{"externalId":"asset-%(n)d",'
          '"<dataProductId|workspaceId>":"550e8400","tableName":"orders","schemaName":"sales"}]}')
FILLER = "A data product for reporting, quarter by quarter. "


def filled(make, size):
    """What MAKE(filler) makes with so much filler that the service's bytes are SIZE at least."""
    lacks = size - len(dialects.both(make(""))[1])
    return make((FILLER * (lacks // len(FILLER) + 1))[:max(lacks, 0)])


def item(number):
    return ITEM % {"n": number}


def listed(size):
    count = max(1, round(size / len(dialects.both(item(5000))[1])))
    return MANY % (count, ",".join(item(1 + n % 9999) for n in range(count)))


DOCUMENTS = {
    "1k": lambda: filled(lambda text: ONE % (item(1), text), 1024),
    "12k": lambda: listed(12 << 10),
    "1200k": lambda: listed(1200 << 10),
    "12m": lambda: listed(12 << 20),
    "post": lambda: filled(lambda text: ONE % (item(2), text), 1024),
}
REQUEST = filled(lambda text: POSTED % {"n": 7, "filler": text}, 1024)


class Work:
    """
    One kind of request: METHOD TARGET with BODY, a pair by dialect as is
    REPLY.  COUNTED: too large for wrk, which knows no number of requests, and
    asked for on one connection only.  LATE: latency is measured, too.
    """

    def __init__(self, name, label, path="", body=None, counted=False, late=False):
        self.name, self.label, self.counted, self.late = name, label, counted, late
        self.connections = 1 if counted else 32
        self.method = "POST" if body else "GET"
        self.target = cases.CLIENT + path
        self.body = body
        self.reply = dialects.both(DOCUMENTS[name]())

    def request_body(self, dialect):
        """What the client sends to a proxy that speaks DIALECT to it."""
        return self.body and self.body[dialect]


CLIENT, SERVICE = 0, 1           # index of a dialect in a pair


def works():
    """Every work that is a request and its reply, in the order of the table."""
    return [Work("1k", "1 KB object", "/1k", late=True),
            Work("12k", "12 KB list", "/12k", late=True),
            Work("post", "1 KB POST, both ways", body=dialects.both(REQUEST)),
            Work("1200k", "1.2 MB list", "/1200k", counted=True),
            Work("12m", "12 MB list", "/12m", counted=True)]


SMALL = 64 << 10                 # a document up to this is part of the service's configuration
WORD = 1000                      # characters of one word of it: nginx takes 4096 bytes


def location(work):
    """What has nginx answer with the service's document of WORK at once."""
    text = work.reply[SERVICE].decode()
    assert not set("$'\\\n") & set(text), "these would have to be quoted"
    words = [text[at:at + WORD] for at in range(0, len(text), WORD)]
    names = "".join(f"${{w{number}}}" for number in range(len(words)))
    said = "\n".join([*(f"    set $w{number} '{word}';" for number, word in enumerate(words)),
                      f"    add_header ETag '\"{work.name}\"';",
                      f'    return 200 "{names}";'])
    targets = work.target, work.target.replace(cases.CLIENT, cases.SERVICE)
    return "".join(f"location = {target} {{\n{said}\n}}\n" for target in targets)


def write(folder, wanted):
    """Writes what nginx answers with to WANTED works: files, and a part of its configuration."""
    service = pathlib.Path(folder) / "service"
    service.mkdir()
    small = [work for work in wanted if len(work.reply[SERVICE]) <= SMALL]
    (pathlib.Path(folder) / "small.conf").write_text("".join(map(location, small)))
    for work in wanted:
        (service / work.name).write_bytes(work.reply[SERVICE])
