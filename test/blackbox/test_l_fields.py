"""Header fields that carry URLs, validators, traces and forwarding, by the bytes on both sides."""
import re
import threading
import time
from email.utils import formatdate

import cases
import mappings
import upstream
import wire

ONE = f"{cases.CLIENT}/7"
MARKED = re.compile(r'^(W/)?"v(\d+);dp-([sw])([0-9a-f]{8})"$')
TRACE = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$")
JSON = ("Content-Type", "application/json")


class Shelf:
    """A service with one workspace, which judges conditions by the letter of RFC 9110, 13."""

    def __init__(self, weak=False):
        self.version, self.weak, self.lock = 1, weak, threading.Lock()

    @property
    def tag(self):
        return f'{"W/" if self.weak else ""}"v{self.version}"'

    @staticmethod
    def opaque(tags):
        return [tag.strip().removeprefix("W/") for tag in tags.split(",")]

    def __call__(self, request):
        with self.lock:
            return self.answer(request)

    def answer(self, request):
        match, none = request.field("If-Match"), request.field("If-None-Match")
        if match is not None and match != "*" and \
                (self.weak or self.tag not in [t.strip() for t in match.split(",")]):
            return wire.reply_bytes(412, b'{"error":"workspaceId"}', [JSON])
        if request.method == "PATCH":
            self.version += 1
        elif none is not None and (none == "*" or
                                   self.tag.removeprefix("W/") in self.opaque(none)):
            return f"HTTP/1.1 304 Not Modified\r\nETag: {self.tag}\r\n\r\n".encode()
        if request.method == "HEAD":
            return (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: {self.tag}\r\n"
                    "Content-Length: 17\r\n\r\n").encode()
        return wire.reply_bytes(200, b'{"workspaceId":7}', [JSON, ("ETag", self.tag)])


class Validators(cases.Case):
    def shelf(self, weak=False, **options):
        return self.pair(upstream.always(Shelf(weak)), **options)

    def test_etag_round_trip_and_conditional_patch(self):
        gate, service = self.shelf()
        with gate.connect() as connection:
            first = connection.request("GET", ONE)
            self.assertEqual((first.status, first.body), (200, b'{"dataProductId":7}'))
            tag = first.field("ETag")
            self.assertEqual(MARKED.match(tag).group(1, 2, 3), (None, "1", "s"))
            self.assertEqual(connection.request("HEAD", ONE).field("ETag"), tag)

            unchanged = connection.request("GET", ONE, fields=[("If-None-Match", tag)])
            self.assertEqual((unchanged.status, unchanged.body), (304, b""))
            self.assertEqual(unchanged.field("ETag"), tag)
            self.assertEqual(service.requests[-1].field("If-None-Match"), '"v1"')

            patched = connection.request("PATCH", ONE, b'{"dataProductId":7}',
                                         [JSON, ("If-Match", f'"v0;dp-s00000000", {tag}')])
            self.assertEqual(patched.status, 200)
            self.assertEqual(service.requests[-1].field("If-Match"), '"v0", "v1"')
            self.assertEqual(MARKED.match(patched.field("ETag")).group(2), "2")

            stale = connection.request("PATCH", ONE, b"{}", [JSON, ("If-Match", tag)])
            self.assertEqual((stale.status, stale.body), (412, b'{"error":"workspaceId"}'))
            again = connection.request("GET", ONE, fields=[("If-None-Match", tag)])
            self.assertEqual(again.status, 200)

    def test_weak_tags_stay_weak(self):
        gate, service = self.shelf(weak=True)
        tag = gate.once("GET", ONE).field("ETag")
        self.assertEqual(MARKED.match(tag).group(1, 3), ("W/", "w"))
        self.assertEqual(gate.once("GET", ONE, fields=[("If-None-Match", tag)]).status, 304)
        self.assertEqual(service.requests[-1].field("If-None-Match"), 'W/"v1"')

    def test_a_tag_of_another_mapping_matches_for_a_change_only(self):
        gate, service = self.shelf()
        other = self.gateway(service, mapping=mappings.EVERYTHING)
        old = gate.once("GET", ONE).field("ETag")
        new = other.once("GET", ONE).field("ETag")
        self.assertNotEqual(old, new)
        for name, tags, status in (("old", old, 200), ("new", new, 304),
                                   ("unmarked", '"v1"', 200), ("any", "*", 304),
                                   ("all", f'"v1", {old},{new}', 304)):
            with self.subTest(name):
                reply = other.once("GET", ONE, fields=[("If-None-Match", tags)])
                self.assertEqual(reply.status, status)
        self.assertEqual(service.requests[-1].field("If-None-Match"), '"v1"')
        patched = other.once("PATCH", ONE, b"{}", [JSON, ("If-Match", old)])
        self.assertEqual(patched.status, 200)

    def test_raw_and_passthrough_keep_their_tags(self):
        gate, service = self.shelf(mapping=mappings.EVERYTHING)
        for target in (f"{ONE}/raw", f"{cases.SERVICE}/7"):
            with self.subTest(target):
                reply = gate.once("GET", target, fields=[("Accept-Encoding", "br;q=0.5")])
                self.assertEqual((reply.field("ETag"), reply.body), ('"v1"', b'{"workspaceId":7}'))
                self.assertEqual(service.requests[-1].field("Accept-Encoding"), "br;q=0.5")
                reply = gate.once("GET", target, fields=[("If-None-Match", '"v1"')])
                self.assertEqual((reply.status, reply.field("ETag")), (304, '"v1"'))
                self.assertEqual(service.requests[-1].field("Accept-Encoding"), None)

    def test_dates_before_the_mapping_was_loaded_do_not_count(self):
        gate, service = self.shelf()
        for seconds, passes in ((-86400, False), (60, True)):
            date = formatdate(time.time() + seconds, usegmt=True)
            gate.once("GET", ONE, fields=[("If-Modified-Since", date)])
            self.assertEqual(service.requests[-1].field("If-Modified-Since"),
                             date if passes else None)

    def test_ranges_are_not_asked_for(self):
        gate, service = self.shelf()
        reply = gate.once("GET", ONE, fields=[("Range", "bytes=0-1"), ("If-Range", '"v1"')])
        self.assertEqual((reply.status, reply.body), (200, b'{"dataProductId":7}'))
        self.assertEqual(service.requests[-1].field("Range"), None)
        self.assertEqual(service.requests[-1].field("If-Range"), None)


class Places(cases.Case):
    def told(self, fields, status=200, **options):
        """The fields that the client gets of a reply with FIELDS; "@" is the service's origin."""
        service = self.upstream(lambda connection: upstream.serve(
            connection, lambda _: wire.reply_bytes(
                status, b"", [(n, v.replace("@", service.url)) for n, v in fields])))
        gate = self.gateway(service, **options)
        return gate.once("GET", cases.CLIENT).fields

    def test_302_location_with_query_and_link_rel_next(self):
        fields = self.told([
            ("Location", f"{cases.SERVICE}/7?next={cases.SERVICE}&workspaceId=1"),
            ("Link", f"<{cases.SERVICE}?cursor=x&workspaceId=1>; rel=\"next\""),
            ("Link", f"<@{cases.SERVICE}?workspaceType=a>; rel=first, </help>; rel=help"),
            ("Link", f"<{cases.SERVICE}>; rel=\"broken")], status=302)
        self.assertEqual(fields.one("Location"),
                         f"{cases.CLIENT}/7?next={cases.SERVICE}&dataProductId=1")
        self.assertEqual(fields.all("Link"), [
            f"<{cases.CLIENT}?cursor=x&dataProductId=1>; rel=\"next\"",
            f"<http://gateway.test{cases.CLIENT}?dataProductType=a>; rel=first, </help>; rel=help",
            f"<{cases.SERVICE}>; rel=\"broken"])

    def test_set_cookie_path_and_refresh(self):
        fields = self.told([
            ("Set-Cookie", f"a=1; Path={cases.SERVICE}/7; HttpOnly"), ("Set-Cookie", "b=2; Path=/"),
            ("Set-Cookie", f"c={cases.SERVICE}"), ("Refresh", f"3; url=@{cases.SERVICE}/7")])
        self.assertEqual(fields.all("Set-Cookie"), [
            f"a=1; Path={cases.CLIENT}/7; HttpOnly", "b=2; Path=/", f"c={cases.SERVICE}"])
        self.assertEqual(fields.one("Refresh"), f"3; url=http://gateway.test{cases.CLIENT}/7")

    def test_link_in_103(self):
        hints = f"HTTP/1.1 103 Early Hints\r\nLink: <{cases.SERVICE}>; rel=preload\r\n\r\n"
        gate, _ = self.pair(upstream.always(hints.encode() + cases.OK))
        interim = gate.once("GET", cases.CLIENT).interim
        self.assertEqual([(s, f.one("Link")) for s, f in interim],
                         [(103, f"<{cases.CLIENT}>; rel=preload")])

    def test_the_clients_host_may_go_up_and_comes_back(self):
        service = self.upstream(upstream.always(lambda request: wire.reply_bytes(
            201, b"", [("Location", f"http://{request.field('Host')}{cases.SERVICE}/7")])))
        gate = self.gateway(service, settings={"upstream.host": "client"})
        reply = gate.once("GET", cases.CLIENT, fields=[("Host", "api.test:81")])
        self.assertEqual(service.requests[0].field("Host"), "api.test:81")
        self.assertEqual(reply.field("Location"), f"http://api.test:81{cases.CLIENT}/7")


class Forwarding(cases.Case):
    GIVEN = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "10.0.0.2"),
             ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.test")]

    def seen(self, fields, **settings):
        """The request as the service gets it, and the reply, which points at the service."""
        service = self.upstream(lambda connection: upstream.serve(
            connection, lambda _: wire.reply_bytes(
                201, b"", [("Location", f"{service.url}{cases.SERVICE}/7")])))
        gate = self.gateway(service, settings=settings)
        reply = gate.once("GET", cases.CLIENT, fields=fields)
        return service.requests[0], reply

    def test_trusted_hops(self):
        request, reply = self.seen(self.GIVEN, trusted_hops=["10.0.0.0/8", "127.0.0.0/8"])
        self.assertEqual(request.field("X-Forwarded-For"), "203.0.113.9, 10.0.0.2, 127.0.0.1")
        self.assertEqual(request.field("X-Forwarded-Proto"), "https, http")
        self.assertEqual(request.field("X-Forwarded-Host"), "api.test, gateway.test")
        self.assertEqual(reply.field("Location"), f"https://api.test{cases.CLIENT}/7")

    def test_others_are_not_believed(self):
        request, reply = self.seen(self.GIVEN, trusted_hops=["10.0.0.0/8", "::1/128"])
        self.assertEqual(request.field("X-Forwarded-For"), "127.0.0.1")
        self.assertEqual(request.field("X-Forwarded-Proto"), "http")
        self.assertEqual(request.field("X-Forwarded-Host"), "gateway.test")
        self.assertEqual(reply.field("Location"), f"http://gateway.test{cases.CLIENT}/7")

    def test_traces_go_on_and_are_logged(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        parent = f"00-{trace}-b7ad6b7169203331-01"
        gate, service = self.pair()
        for target in (cases.CLIENT, f"{cases.SERVICE}/7"):
            gate.once("GET", target, fields=[("traceparent", parent), ("tracestate", "a=1,b=2"),
                                             ("tracestate", "c=3")])
            request = service.requests[-1]
            found = TRACE.match(request.field("traceparent"))
            self.assertEqual(found.group(1, 3), (trace, "01"))
            self.assertNotEqual(found.group(2), "b7ad6b7169203331")
            self.assertEqual(request.field("tracestate"), "a=1,b=2,c=3")
            gate.wait_line(rf"trace_id={trace}")

    def test_broken_traces_begin_anew(self):
        gate, service = self.pair()
        good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        for fields in ([], [("traceparent", good.upper())], [("traceparent", good)] * 2):
            gate.once("GET", cases.CLIENT, fields=fields + [("tracestate", "a=1")])
            request = service.requests[-1]
            found = TRACE.match(request.field("traceparent"))
            self.assertNotEqual(found.group(1), "0af7651916cd43dd8448eb211c80319c")
            self.assertEqual(found.group(3), "00")
            self.assertEqual(request.field("tracestate"), None)
            gate.wait_line(rf"trace_id={found.group(1)}")
