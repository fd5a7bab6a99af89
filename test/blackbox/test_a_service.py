"""The demo Workspaces service on its own: it keeps what it is told and speaks only its own words."""
import hashlib
import json

import cases
import program
import wire


class Service(cases.Case):
    def setUp(self):
        super().setUp()
        self.demo = self.service()

    def once(self, method, tail="", body=None, fields=()):
        with wire.Connection(self.demo.address) as connection:
            return connection.request(method, cases.SERVICE + tail, body, fields)

    def create(self, **members):
        reply = self.once("POST", "", json.dumps(dict({"name": "n"}, **members)).encode())
        self.assertEqual(reply.status, 201, reply)
        return reply.json()["data"]["workspace"]

    def test_knows_nothing_of_data_products(self):
        code = [file for file in (program.ROOT / "test/service").iterdir() if file.is_file()]
        self.assertGreater(len(code), 10)
        for file in code:
            text = file.read_text().lower()
            for word in ("dataproduct", "data-product", "data product"):
                self.assertNotIn(word, text, file)

    def test_ids_follow_the_file_and_then_themselves(self):
        ids = [self.create()["id"] for _ in range(5)]
        self.assertEqual(ids[0], "550e8400-e29b-41d4-a716-446655440000")
        self.assertEqual(len(set(ids)), 5)
        other = self.service()
        self.demo = other
        self.assertEqual([self.create()["id"] for _ in range(5)], ids)

    def test_without_options_ids_are_random_and_time_is_real(self):
        ids = set()
        for _ in range(2):
            self.demo = program.Service()
            self.addCleanup(self._stop_service, self.demo)
            made = self.create()
            ids.add(made["id"])
            self.assertRegex(made["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertNotEqual(made["createdAt"], "2026-03-02T12:00:00Z")
        self.assertEqual(len(ids), 2)

    def test_cloning_copies_the_assets(self):
        first = self.create(dataAssets=[{"tableName": "t", "schemaName": "s"}])
        reply = self.once("POST", "", json.dumps(
            {"name": "c", "sourceWorkspaceId": first["id"]}).encode())
        data = reply.json()["data"]
        self.assertEqual(data["workspace"]["sourceWorkspaceId"], first["id"])
        self.assertEqual([(a["tableName"], a["workspaceId"]) for a in data["dataAssets"]],
                         [("t", data["workspace"]["id"])])

    def test_errors(self):
        id_ = self.create()["id"]
        for method, tail, body, status, code in (
                ("GET", "/none", None, 404, "WORKSPACE_NOT_FOUND"),
                ("GET", "/none/users", None, 404, "WORKSPACE_NOT_FOUND"),
                ("GET", f"/{id_}/skills/none", None, 404, "RESOURCE_NOT_FOUND"),
                ("GET", f"/{id_}/nothing", None, 404, "PATH_NOT_FOUND"),
                ("PUT", f"/{id_}", b"{}", 405, "METHOD_NOT_ALLOWED"),
                ("POST", "", b"{", 400, "INVALID_JSON"), ("POST", "", b"[]", 400, "VALIDATION_FAILED"),
                ("POST", "", b"{}", 400, "VALIDATION_FAILED"),
                ("GET", "?limit=0", None, 400, "VALIDATION_FAILED"),
                ("GET", "?cursor=x", None, 400, "INVALID_CURSOR")):
            with self.subTest(f"{method} {tail}"):
                reply = self.once(method, tail, body)
                self.assertEqual((reply.status, reply.json()["ok"], reply.json()["error"]["code"]),
                                 (status, False, code))
        missing = self.once("GET", "/p%2Fq").json()["error"]
        self.assertEqual((missing["message"], missing["details"]),
                         ("Workspace p/q not found", {"workspaceId": "p/q"}))

    def test_skills_take_put_and_post(self):
        id_ = self.create()["id"]
        for method in ("PUT", "POST"):
            reply = self.once(method, f"/{id_}/skills/slack", b'{"slackWorkspaceId":"T"}')
            self.assertEqual((reply.status, reply.json()["data"]["enabled"]), (200, True))

    def test_events_come_with_pauses(self):
        self.demo = self.service(pause="50ms")
        id_ = self.create()["id"]
        with wire.Connection(self.demo.address) as connection:
            connection.send(wire.request_bytes("POST", f"{cases.SERVICE}/{id_}/chat/stream",
                                               b'{"message":"one two"}'))
            connection.until(b'"type":"start"')
            connection.until(b"\n\n")
            self.assertNotIn(b"[DONE]", bytes(connection.source.buffer))
            connection.until(b"data: [DONE]\n\n")

    def test_uploads_are_not_held_in_memory(self):
        id_ = self.create()["id"]
        piece = bytes(range(256)) * 256
        before = self.demo.memory_peak()
        with wire.Connection(self.demo.address) as connection:
            connection.send(wire.request_bytes(
                "POST", f"{cases.SERVICE}/{id_}/unstructured-assets", None,
                [("Content-Type", "application/zip"), ("Content-Length", str(len(piece) * 1024))]))
            digest = hashlib.sha256()
            for _ in range(1024):
                connection.send(piece)
                digest.update(piece)
            data = connection.reply().json()["data"]
        self.assertEqual((data["sizeBytes"], data["sha256"]),
                         (len(piece) * 1024, digest.hexdigest()))
        if program.BUILD.name == "release":
            self.assertLess(self.demo.memory_peak() - before, 4 << 20)

    def names(self, query):
        """The names in the answer to QUERY, the cursor of the next page last."""
        data = self.once("GET", query).json()["data"]
        return [w["name"] for w in data["workspaces"]] + [data.get("nextCursor")]

    def test_lists_are_sorted_and_paged(self):
        ids = {name: self.create(name=name, workspaceType=kind)["id"]
               for name, kind in (("b", "y"), ("a", "y"), ("c", "x"))}
        for query, names in (("", "bac"), ("?sort=name", "abc"), ("?sort=-name", "cba"),
                             ("?sort=workspaceType,-name", "cba"), ("?sort=createdAt", "bac"),
                             ("?sort=-nothing", "bac"), ("?workspaceType=y&sort=name", "ab")):
            with self.subTest(query):
                self.assertEqual(self.names(query), [*names, None])
        self.assertEqual(self.names("?sort=name&limit=2"), ["a", "b", ids["b"]])
        self.assertEqual(self.names(f"?sort=name&limit=2&cursor={ids['b']}"), ["c", None])

    def test_a_list_shows_only_the_members_that_are_asked_for(self):
        id_ = self.create()["id"]
        reply = self.once("GET", "?fields=name,id,nothing")
        self.assertEqual(reply.json()["data"]["workspaces"], [{"name": "n", "id": id_}])
