"""Complaints that other gateways got, each turned into a case of that name."""
import gzip
import hashlib
import itertools
import json
import re

import brotli

import cases
import dialects
import upstream
import wire

JSON = [("Content-Type", "application/json")]
ITEM = f"{cases.CLIENT}/7"
SERVICE_ITEM = f"{cases.SERVICE}/7"
MARKED = re.compile(r'"v1;dp-s[0-9a-f]{8}"')


class Acceptance(cases.Case):
    def id(self):
        return "test_z_acceptance." + self._testMethodName.removeprefix("test_")

    def exchange(self, method, target, reply, body=None, fields=(), **options):
        """(reply as the client has it, request as the service had it) of one exchange."""
        gate, service = self.pair(upstream.always(reply), **options)
        return gate.once(method, target, body, fields), service.requests[-1]

    def assert_unchanged_but_names(self, text):
        """TEXT, with <client|service> marks, goes up and comes down with the names changed alone."""
        client, service = dialects.both(text)
        reply, request = self.exchange("POST", cases.CLIENT, wire.reply_bytes(201, service), client)
        self.assertEqual(request.body, service)
        self.assertEqual((reply.status, reply.end, reply.body), (201, "clean", client))


def case(name):
    """Makes a function a case of Acceptance called NAME."""
    def add(function):
        setattr(Acceptance, f"test_{name}", function)
        return function
    return add


@case("numbers keep their digits (`1234567890123456789`, `1.10`, `1E400`)")
def numbers(self):
    self.assert_unchanged_but_names(
        '{"<dataProductId|workspaceId>":1234567890123456789,"price":1.10,"far":[1E400,-0.0,1e-7,0]}')


@case('`{"list":[],"info":{}}` keeps its shape')
def shape(self):
    self.assert_unchanged_but_names('{"list":[],"info":{}}')


@case("key order identical")
def order(self):
    names = [f'"k{n * 7919 % 97}":{n}' for n in range(97)]
    names[40] = '"<dataProductId|workspaceId>":1'
    names[3] = '"<dataProduct|workspace>":{"z":1,"a":2,"<sourceDataProductId|sourceWorkspaceId>":3,"b":4}'
    self.assert_unchanged_but_names("{" + ",".join(names) + ',"2":0,"1":0}')


@case("`%2F` survives")
def escapes(self):
    for tail in ("/p%2Fq", "/p%2fq%20r", "/a%2Fb%3Fc%23d", "/7/semantic-models/x%2Fy/z"):
        with self.subTest(tail):
            _, request = self.exchange("GET", f"{cases.CLIENT}{tail}?q=a%2Fb", cases.OK)
            self.assertEqual(request.target, f"{cases.SERVICE}{tail}?q=a%2Fb")


def form_pieces(size):
    """(name, piece) of a form: a field, a JSON part and SIZE bytes of a file, in both dialects."""
    yield dialects.both('--cut\r\nContent-Disposition: form-data; name="<dataProductId|workspaceId>"\r\n'
                        "\r\ndataProductId\r\n--cut\r\nContent-Disposition: form-data; "
                        'name="meta"\r\nContent-Type: application/json\r\n\r\n'
                        '{"<dataProductType|workspaceType>":1.10}\r\n--cut\r\nContent-Disposition: '
                        'form-data; name="file"; filename="dataProductId.bin"\r\n'
                        "Content-Type: application/octet-stream\r\n\r\n")
    block = b"dataProductId\r\n--cu workspaceId\r\n--cut" + bytes(range(256)) * 255
    for n in itertools.count():
        if size <= 0:
            break
        piece = (b"%08d" % n + block)[:size]
        size -= len(piece)
        yield piece, piece
    yield b"\r\n--cut--\r\n", b"\r\n--cut--\r\n"


@case("30 MB multipart with body rules on")
def multipart(self):
    digest, length = hashlib.sha256(), 0

    def sink(piece):
        nonlocal length
        digest.update(piece)
        length += len(piece)

    def script(connection):
        connection.body(connection.head(), sink=sink)
        connection.send(cases.OK)

    gate, service = self.pair(script)
    wanted, total = hashlib.sha256(), 0
    with gate.connect() as connection:
        connection.send(wire.request_bytes("POST", f"{ITEM}/unstructured-assets", None, [
            ("Content-Type", "multipart/form-data; boundary=cut"),
            ("Transfer-Encoding", "chunked")]))
        for client, up in form_pieces(30_000_000):
            connection.send(b"%x\r\n%s\r\n" % (len(client), client))
            wanted.update(up)
            total += len(up)
        connection.send(b"0\r\n\r\n")
        reply = connection.reply("POST", 60)
    self.assertEqual((reply.status, reply.end), (200, "clean"), reply)
    self.assertEqual((length, digest.hexdigest()), (total, wanted.hexdigest()))
    self.assertEqual(service.requests[-1].end, "clean")


@case("gzip and br upstream")
def codings(self):
    rows = ",".join(f'{{"<dataProductId|workspaceId>":"{n}","n":{n}.10}}' for n in range(500))
    client, service = dialects.both(f"[{rows}]")
    for coding, code in (("gzip", gzip.compress), ("br", brotli.compress)):
        sent = wire.reply_bytes(200, code(service), JSON + [("Content-Encoding", coding)])
        for accepted in (None, "gzip", "br", "identity"):
            with self.subTest(f"{coding} for a client that accepts {accepted}"):
                fields = [("Accept-Encoding", accepted)] if accepted else []
                reply, request = self.exchange("GET", ITEM, sent, fields=fields)
                self.assertIn(coding, request.field("Accept-Encoding"))
                used = reply.field("Content-Encoding")
                self.assertIn(used, {"gzip": [None, "gzip"]}.get(accepted, [None]))
                body = gzip.decompress(reply.body) if used else reply.body
                self.assertEqual((reply.status, reply.end, body), (200, "clean", client))
                self.assertIn("accept-encoding", reply.field("Vary").lower())


@case("400/404/409 bodies translated with their status")
def errors(self):
    for status in (400, 404, 409):
        client, service = dialects.both(
            '{"ok":false,"error":{"code":"<DATA_PRODUCT_NOT_FOUND|WORKSPACE_NOT_FOUND>","message":'
            '"no such thing","details":{"<dataProductId|workspaceId>":"7"}}}')
        for framing in ("length", "chunked", "close"):
            with self.subTest(f"{status}, {framing}"):
                reply, _ = self.exchange("GET", ITEM, wire.reply_bytes(
                    status, service, framing=framing, reason="No"))
                self.assertEqual((reply.status, reply.end, reply.body), (status, "clean", client))


@case("HTML 502 from upstream passes")
def page(self):
    page = b"<html><body><h1>502 Bad Gateway</h1>{\"workspaceId\"}</body></html>\r\n"
    reply, _ = self.exchange("GET", ITEM, wire.reply_bytes(
        502, page, [("Content-Type", "text/html"), ("X-Workspace-Id", "7")], reason="Bad Gateway"))
    self.assertEqual((reply.status, reply.end, reply.body), (502, "clean", page))
    self.assertEqual(reply.field("Content-Type"), "text/html")
    self.assertEqual(reply.field("X-Data-Product-Id"), "7")


def tagged(request):
    """A service that knows one version, "v1", of one thing."""
    tag = [("ETag", '"v1"')]
    if request.method == "PATCH":
        if request.field("If-Match") != '"v1"':
            return wire.reply_bytes(412, b'{"workspaceId":"stale"}', reason="Precondition Failed")
        return wire.reply_bytes(200, b'{"workspaceId":"8"}', [("ETag", '"v2"')])
    if request.field("If-None-Match") == '"v1"':
        return wire.reply_bytes(304, b"", tag, framing="none", reason="Not Modified")
    return wire.reply_bytes(200, b'{"workspaceId":"7"}', tag)


@case("ETag round trip and conditional PATCH")
def tags(self):
    gate, service = self.pair(upstream.always(tagged))
    tag = gate.once("GET", ITEM).field("ETag")
    self.assertRegex(tag, MARKED)
    same = gate.once("GET", ITEM, fields=[("If-None-Match", f'"other", {tag}')])
    self.assertEqual((same.status, same.field("ETag"), same.body), (304, tag, b""))
    self.assertEqual(service.requests[-1].field("If-None-Match"), '"v1"')
    patched = gate.once("PATCH", ITEM, b'{"dataProductId":"8"}', JSON + [("If-Match", tag)])
    self.assertEqual((patched.status, patched.body), (200, b'{"dataProductId":"8"}'))
    refused = gate.once("PATCH", ITEM, b"{}", JSON + [("If-Match", '"v0;dp-s00000000"')])
    self.assertEqual((refused.status, refused.body), (412, b'{"dataProductId":"stale"}'))
    self.assertEqual(service.requests[-1].field("If-Match"), '"v0"')


@case("target key already present")
def collision(self):
    # In a request both names of a pair are refused before the service hears of them ...
    gate, service = self.pair()
    both = b'{"dataProductId":"1","workspaceId":"2"}'
    error = self.assert_error(gate.once("POST", cases.CLIENT, both), 400, "CONFLICTING_FIELDS")
    self.assertIn("dataProductId", json.dumps(error))
    self.assertEqual(service.requests, [])
    # ... in a reply neither value is lost.
    for sent, wanted in (
            (b'{"workspaceId":1,"dataProductId":2}', b'{"dataProductId":1,"workspaceId":2}'),
            (b'{"dataProductId":2,"workspaceId":1}', b'{"dataProductId":2,"workspaceId":1}')):
        with self.subTest(sent):
            reply, _ = self.exchange("GET", ITEM, wire.reply_bytes(200, sent))
            self.assertEqual((reply.status, reply.body), (200, wanted))


@case("302 with `Location: /api/v1/accounts/a/workspaces/7?next=…` and a `Link` rel=next")
def redirect(self):
    place = "/api/v1/accounts/a/workspaces/7?next=/api/v1/accounts/a/workspaces/8"
    link = ('</api/v1/accounts/a/workspaces?cursor=2&workspaceId=7>; rel=next, '
            '<https://elsewhere.example/workspaces>; rel="help"')
    reply, _ = self.exchange("GET", "/api/v1/accounts/a/data-products", wire.reply_bytes(
        302, b"", [("Location", place), ("Link", link)], reason="Found"))
    self.assertEqual(reply.status, 302)
    self.assertEqual(reply.field("Location"), "/api/v1/accounts/a/data-products/7"
                     "?next=/api/v1/accounts/a/workspaces/8")
    self.assertEqual(reply.field("Link"), link.replace(
        "/accounts/a/workspaces?cursor=2&workspaceId=7",
        "/accounts/a/data-products?cursor=2&dataProductId=7"))
