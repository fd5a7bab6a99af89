"""dialects.py - one text written in both dialects side by side

Expected bytes never come from the gateway: a test writes <client|service>
where a name differs, and `both` gives the two texts.  `documents` does the
same for documents of any size, a piece at a time.
"""
import re

MARK = re.compile(rb"<(\w*)\|(\w*)>")

# The table of field names that the gateway ships with.
NAMES = [
    ("dataProduct", "workspace"),
    ("dataProducts", "workspaces"),
    ("dataProductId", "workspaceId"),
    ("dataProductType", "workspaceType"),
    ("externalDataProductId", "externalWorkspaceId"),
    ("sourceDataProductId", "sourceWorkspaceId"),
]


def both(text):
    """(client's bytes, service's bytes) of TEXT with <client|service> marks."""
    raw = text if isinstance(text, bytes) else text.encode()
    return MARK.sub(rb"\1", raw), MARK.sub(rb"\2", raw)


RECORDS = [
    r'{"<dataProductId|workspaceId>":"%d","<dataProductType|workspaceType>":"sales",'
    r'"note":"$ref(sales_workspace.orders) <dataProductId|dataProductId>","n":%d.50,"rows":[]}',
    r'{"id":%d,"<externalDataProductId|externalWorkspaceId>":"ws-%d","slackWorkspaceId":"T9",'
    r'"nested":{"<dataProduct|workspace>":{"<dataProducts|workspaces>":[1,-0.0,1e5,null,true]}}}',
    r'[%d, "a \"quoted\" \\ text: workspaceId", { "<sourceDataProductId|sourceWorkspaceId>" :%d } ]',
    r'{"text":"Gr\u00fc\u00dfe, Welt \ud83d\ude00 %d","k%d":{"<dataProductId|workspaceId>":[{"a":{}}]}}',
    '"a string on its own, %d %d"',
    '%d%d',
]


def documents(size, piece=1 << 20):
    """
    Pieces (client, service) of one JSON array of at least SIZE bytes.  The
    numbers in it count up, so that no two parts are alike and a lost or
    doubled part shows in the digest.
    """
    templates = [tuple(side.decode().replace("%d", "%%d").replace("%%d", "%d") for side in both(r))
                 for r in RECORDS]
    block = ",\n ".join(client for client, _ in templates), \
        ",\n ".join(service for _, service in templates)
    made, number, first = 0, 0, True
    while made < size:
        client, service = [], []
        length = 0
        while length < piece and made + length < size:
            numbers = tuple(range(number, number + 2 * len(RECORDS)))
            number += 2 * len(RECORDS)
            client.append(block[0] % numbers)
            service.append(block[1] % numbers)
            length += len(client[-1])
        made += length
        start = "[" if first else ",\n "
        first = False
        yield ((start + ",\n ".join(client)).encode(), (start + ",\n ".join(service)).encode())
    yield b"]", b"]"


def long_string(size, piece=1 << 20):
    """Pieces (client, service) of one object that holds a string of SIZE bytes."""
    head = both('{"<dataProductId|workspaceId>":"before","text":"')
    yield head
    made, number = 0, 0
    while made < size:
        lines = []
        length = 0
        while length < piece and made + length < size:
            lines.append('%d workspaceId \\"dataProductId\\" \\u00e4 \u00e4 ' % number)
            number += 1
            length += len(lines[-1]) + 1
        text = "".join(lines).encode()
        made += len(text)
        yield text, text
    yield both('","<dataProductType|workspaceType>":"after"}')
