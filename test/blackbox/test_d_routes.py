"""Paths, methods, query names and header names: what goes up and what comes down."""
import cases
import mappings
import upstream
import wire

ID = "p1"
# product.md's table: client tail, methods, and whether anything below is served too.
TABLE = [
    ("", "GET POST", False),
    (f"/{ID}", "GET PATCH DELETE", False),
    (f"/{ID}/semantic-models", "GET POST PATCH", True),
    (f"/{ID}/verified-queries", "GET POST DELETE", True),
    (f"/{ID}/system-prompts", "GET POST DELETE", True),
    (f"/{ID}/front-page-configs", "GET POST DELETE", True),
    (f"/{ID}/data-assets", "GET PATCH", False),
    (f"/{ID}/chat", "POST", False),
    (f"/{ID}/chat/stream", "POST", False),
    (f"/{ID}/skills", "GET PUT DELETE", True),
    (f"/{ID}/unstructured-assets", "GET POST PATCH DELETE", True),
    (f"/{ID}/users", "GET PATCH", False),
    (f"/{ID}/compositions", "GET POST DELETE", True),
]
ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def echo(request):
    """A reply that tells nothing but that the request was seen."""
    body = b"" if request.method == "HEAD" else b'{"ok":true}'
    return wire.reply_bytes(200, body, [("X-Seen", f"{request.method} {request.target}")])


class Routes(cases.Case):
    def setUp(self):
        super().setUp()
        self.service = self.upstream(upstream.always(echo))

    def shipped(self):
        return self.gateway(self.service)

    def own(self):
        return self.gateway(self.service, mapping=mappings.EVERYTHING)

    def seen(self, gate, method, target, fields=(), body=None):
        """The target that the service saw for TARGET."""
        before = len(self.service.requests)
        reply = gate.once(method, target, body, fields)
        self.assertEqual(reply.status, 200, (target, reply))
        self.assertEqual(len(self.service.requests), before + 1)
        return self.service.requests[-1]

    def test_every_row_of_the_table(self):
        gate = self.shipped()
        for tail, methods, deep in TABLE:
            tails = [tail] + ([f"{tail}/x", f"{tail}/x/y%2Fz/w"] if deep else [])
            for one in tails:
                for method in methods.split():
                    with self.subTest(f"{method} {one}"):
                        body = b"{}" if method in ("POST", "PUT", "PATCH") else None
                        request = self.seen(gate, method, cases.CLIENT + one, body=body)
                        self.assertEqual((request.method, request.target),
                                         (method, cases.SERVICE + one))

    def test_other_methods_are_405_with_allow(self):
        gate = self.shipped()
        for tail, methods, _ in TABLE:
            for method in sorted(set(ALL) - set(methods.split())):
                with self.subTest(f"{method} {tail}"):
                    reply = gate.once(method, cases.CLIENT + tail)
                    self.assert_error(reply, 405, "METHOD_NOT_ALLOWED")
                    allowed = {m.strip() for m in reply.field("Allow").split(",")}
                    wanted = set(methods.split()) | {"OPTIONS"}
                    self.assertEqual(allowed, wanted | ({"HEAD"} if "GET" in wanted else set()))
        self.assertEqual(self.service.requests, [])

    def test_unlisted_paths_are_404(self):
        gate = self.shipped()
        for path in ("/", "/api/v1/accounts/a", "/api/v1/accounts/a/data-productsx",
                     cases.CLIENT + "/", cases.CLIENT + "/p/", cases.CLIENT + "/p/chat-threads",
                     cases.CLIENT + "/p/data-assets/x", cases.CLIENT + "/p/chat/stream/x",
                     cases.CLIENT + "/p/nothing", "/api/v1/accounts/a/Data-Products",
                     "/api/v2/accounts/a/data-products"):
            with self.subTest(path):
                self.assert_error(gate.once("GET", path), 404, "ROUTE_NOT_FOUND")
        self.assertEqual(self.service.requests, [])

    def test_head_of_an_unlisted_path_has_no_body(self):
        gate = self.shipped()
        with gate.connect() as connection:
            reply = connection.request("HEAD", "/nothing")
            self.assertEqual((reply.status, reply.body), (404, b""))
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)

    def test_options_is_forwarded_and_allow_translated(self):
        service = self.upstream(upstream.always(
            wire.reply_bytes(204, fields=[("Allow", "GET, POST, OPTIONS")], framing=None)))
        gate = self.gateway(service, mapping=mappings.EVERYTHING)
        reply = gate.once("OPTIONS", f"{cases.CLIENT}/p/skills/s")
        self.assertEqual(reply.status, 204)
        self.assertEqual({m.strip() for m in reply.field("Allow").split(",")},
                         {"GET", "HEAD", "PUT", "OPTIONS"} - (
                             {"HEAD"} if "HEAD" not in reply.field("Allow") else set()))
        self.assertEqual(service.requests[0].method, "OPTIONS")

    def test_options_asterisk(self):
        gate = self.shipped()
        self.assertEqual(gate.once("OPTIONS", "*").status, 204)
        self.assertEqual(self.service.requests, [])

    def test_method_mapping(self):
        request = self.seen(self.own(), "PUT", f"{cases.CLIENT}/p/skills/s", body=b"{}")
        self.assertEqual((request.method, request.target),
                         ("POST", f"{cases.SERVICE}/p/skills/s"))

    def test_parameters_and_tails_go_up_byte_for_byte(self):
        gate = self.shipped()
        for tail in ("/p%2Fq", "/%20", "/a;v=1", "/%c3%a4", "/A%2fb", "/~.x", "/...", "/a:b@c!$&'()*+,=",
                     "/p/semantic-models/%7E/x%2F..y", "/p/semantic-models/", "/p/semantic-models/a/",
                     "/workspaces", "/data-products"):
            with self.subTest(tail):
                request = self.seen(gate, "GET", cases.CLIENT + tail)
                self.assertEqual(request.target, cases.SERVICE + tail)

    def test_a_literal_in_escapes_is_matched_decoded(self):
        gate = self.shipped()
        request = self.seen(gate, "GET", "/api/v1/accounts/a/data%2Dproducts/p")
        self.assertEqual(request.target, "/api/v1/accounts/a/workspaces/p")

    def test_unsafe_paths_are_400(self):
        gate = self.shipped()
        for segment in (".", "..", "%2e", "%2E%2e", ".%2e", "%252e%252e", "%25252e%25252e", "..;x",
                        "%2e%2e%3bx", "..%2fx", "x%2f..", "x%2F%2e%2e%2Fy", "x%5c..%5cy", "..%5c",
                        "%00", "a%00b", "%2500", "%c0%ae%c0%ae", "%c0%af", "a%2f.%2fb"):
            for path in (f"{cases.CLIENT}/{segment}", f"{cases.CLIENT}/p/semantic-models/{segment}",
                         f"{cases.SERVICE}/p/{segment}", f"{cases.CLIENT}/{segment}/users"):
                with self.subTest(path):
                    self.assert_error(gate.once("GET", path), 400, "BAD_REQUEST")
        for path in (f"{cases.CLIENT}//p", "//x", f"{cases.CLIENT}/a\\b", f"{cases.CLIENT}/%",
                     f"{cases.CLIENT}/%2", f"{cases.CLIENT}/%zz", f"{cases.CLIENT}/a#b",
                     f"{cases.CLIENT}/\x7f", f"{cases.CLIENT}/\xe4", f"{cases.CLIENT}/a\"b",
                     f"{cases.CLIENT}/<p>"):
            with self.subTest(path):
                self.assert_error(gate.once("GET", path), 400, "BAD_REQUEST")
        self.assertEqual(self.service.requests, [])

    def test_absolute_form(self):
        gate = self.shipped()
        request = self.seen(gate, "GET", f"http://gateway.test{cases.CLIENT}/p?x=1")
        self.assertEqual(request.target, f"{cases.SERVICE}/p?x=1")
        reply = gate.once("GET", f"http://other.test{cases.CLIENT}/p")
        self.assert_error(reply, 400, "BAD_REQUEST")

    def test_query_names(self):
        gate = self.shipped()
        for client, service in (
                ("?dataProductId=7", "?workspaceId=7"),
                ("?a=1&dataProductId=x%20y+z&b", "?a=1&workspaceId=x%20y+z&b"),
                ("?externalDataProductId=workspaceId&limit=2",
                 "?externalWorkspaceId=workspaceId&limit=2"),
                ("?data%50roductId=7", "?workspaceId=7"),
                ("?slackWorkspaceId=1&slackWorkspaceName=2", "?slackWorkspaceId=1&slackWorkspaceName=2"),
                ("?q=dataProductId", "?q=dataProductId"),
                ("?cursor=ZGF0YVByb2R1Y3RJZA%3D%3D&limit=50",
                 "?cursor=ZGF0YVByb2R1Y3RJZA%3D%3D&limit=50"),
                ("?", "?"), ("?&&=&", "?&&=&"), ("?dataProductId", "?workspaceId"),
                ("?dataProductId=1&dataProductId=2", "?workspaceId=1&workspaceId=2")):
            with self.subTest(client):
                request = self.seen(gate, "GET", cases.CLIENT + client)
                self.assertEqual(request.target, cases.SERVICE + service)

    def test_query_values_that_list_names(self):
        gate = self.own()
        for client, service in (
                ("?sort=-dataProductId,name", "?sort=-workspaceId,name"),
                ("?fields=a%2CdataProductId%2Cb.dataProductType",
                 "?fields=a%2CworkspaceId%2Cb.workspaceType"),
                ("?include=dataProducts&x=dataProducts", "?include=workspaces&x=dataProducts")):
            with self.subTest(client):
                request = self.seen(gate, "GET", cases.CLIENT + client)
                self.assertEqual(request.target, cases.SERVICE + service)

    def test_both_names_in_one_query_conflict(self):
        gate = self.shipped()
        reply = gate.once("GET", f"{cases.CLIENT}?dataProductId=1&workspaceId=2")
        self.assert_error(reply, 400, "CONFLICTING_FIELDS")
        self.assertEqual(self.service.requests, [])

    def test_header_names_both_ways(self):
        service = self.upstream(upstream.always(wire.reply_bytes(200, b"{}", [
            ("X-Workspace-Id", "7"), ("X-Other", "X-Workspace-Id"),
            ("Vary", "Accept, X-Workspace-Id")])))
        gate = self.gateway(service, mapping=mappings.EVERYTHING)
        reply = gate.once("GET", cases.CLIENT, fields=[("x-DATA-product-id", "7"), ("X-A", "b")])
        self.assertEqual(service.requests[0].field("X-Workspace-Id"), "7")
        self.assertEqual(service.requests[0].field("X-Data-Product-Id"), None)
        self.assertEqual(service.requests[0].field("X-A"), "b")
        self.assertEqual(reply.field("X-Data-Product-Id"), "7")
        self.assertEqual(reply.field("X-Workspace-Id"), None)
        self.assertEqual(reply.field("X-Other"), "X-Workspace-Id")
        self.assertEqual(reply.field("Vary"), "Accept, X-Data-Product-Id")
        both = gate.once("GET", cases.CLIENT,
                         fields=[("X-Data-Product-Id", "7"), ("X-Workspace-Id", "8")])
        self.assert_error(both, 400, "BAD_REQUEST")

    def test_end_to_end_fields_pass_and_hop_by_hop_stop(self):
        service = self.upstream(upstream.always(wire.reply_bytes(200, b"{}", [
            ("Set-Cookie", "a=1"), ("X-One", "1"), ("Set-Cookie", "b=2"), ("Connection", "X-Hop"),
            ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Authenticate", "x")])))
        gate = self.gateway(service)
        reply = gate.once("GET", cases.CLIENT, fields=[
            ("Authorization", "Bearer t"), ("X-Two", "a"), ("X-Two", "b"), ("Connection", "X-Drop"),
            ("X-Drop", "1"), ("TE", "trailers"), ("Proxy-Authorization", "x"),
            ("X-HTTP-Method-Override", "DELETE"), ("X-Original-URL", "/x"),
            ("X-Rewrite-URL", "/x"), ("Upgrade", "h2c"), ("X-Forwarded-For", "6.6.6.6")])
        request = service.requests[0]
        self.assertEqual(request.field("Authorization"), "Bearer t")
        self.assertEqual(request.fields.all("X-Two"), ["a", "b"])
        for name in ("X-Drop", "TE", "Proxy-Authorization", "X-HTTP-Method-Override", "Upgrade",
                     "X-Original-URL", "X-Rewrite-URL", "User-Agent", "Expect", "Keep-Alive"):
            self.assertEqual(request.field(name), None, name)
        self.assertEqual(request.field("Via"), "1.1 dpgw")
        self.assertEqual(request.field("Host"), service.url.removeprefix("http://"))
        self.assertEqual(request.field("X-Forwarded-For"), "127.0.0.1")
        self.assertEqual(request.field("X-Forwarded-Proto"), "http")
        self.assertEqual(request.field("X-Forwarded-Host"), "gateway.test")
        self.assertEqual(reply.fields.all("Set-Cookie"), ["a=1", "b=2"])
        for name in ("X-Hop", "Keep-Alive", "Proxy-Authenticate"):
            self.assertEqual(reply.field(name), None, name)
        self.assertEqual(reply.field("Via"), "1.1 dpgw")
        self.assertEqual(reply.field("X-Request-Id"), request.field("X-Request-Id"))

    def test_request_id_is_kept_if_sane(self):
        gate = self.shipped()
        reply = gate.once("GET", cases.CLIENT, fields=[("X-Request-Id", "abc-123")])
        self.assertEqual(reply.field("X-Request-Id"), "abc-123")
        self.assertEqual(self.service.requests[-1].field("X-Request-Id"), "abc-123")
        reply = gate.once("GET", cases.CLIENT, fields=[("X-Request-Id", "x" * 5000)])
        self.assertNotIn("x" * 200, reply.field("X-Request-Id"))

    def test_passthrough_is_byte_for_byte(self):
        body = b'{ "workspaceId" : 1.00, "dataProductId":"x"\t}'
        service = self.upstream(upstream.always(lambda request: wire.reply_bytes(
            201, request.body, [("Content-Type", "application/json"),
                                ("Location", request.target), ("X-Workspace-Id", "1")])))
        gate = self.gateway(service, mapping=mappings.EVERYTHING)
        for method in ("POST", "PUT", "PATCH"):
            target = f"{cases.SERVICE}/w%2Fx/any;v=1/?dataProductId=1&sort=dataProductId"
            reply = gate.once(method, target, body)
            self.assertEqual((reply.status, reply.body), (201, body))
            self.assertEqual(service.requests[-1].body, body)
            self.assertEqual(service.requests[-1].target, target)
            self.assertEqual(reply.field("Location"), target)
            self.assertEqual(reply.field("X-Workspace-Id"), "1")
        broken = b'{"not json'
        self.assertEqual(gate.once("POST", cases.SERVICE, broken).body, broken)

    def test_location_goes_through_the_routes_backwards(self):
        rows = [
            (f"{cases.SERVICE}/p%2Fq", f"{cases.CLIENT}/p%2Fq"),
            (f"@{cases.SERVICE}/p?workspaceId=1",
             f"http://gateway.test{cases.CLIENT}/p?dataProductId=1"),
            (f"http://other.test{cases.SERVICE}/p", f"http://other.test{cases.SERVICE}/p"),
            ("/elsewhere", "/elsewhere"),
        ]
        service = self.upstream(upstream.always(lambda request: wire.reply_bytes(
            201, b"{}", [("Location", rows[int(request.target[-1])][0].replace("@", service.url))])))
        gate = self.gateway(service)
        for number, (sent, wanted) in enumerate(rows):
            with self.subTest(sent):
                reply = gate.once("POST", f"{cases.CLIENT}?x={number}", b"{}")
                self.assertEqual(reply.field("Location"), wanted)
