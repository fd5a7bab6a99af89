"""The example that must work first, through the gateway and the demo service."""
import hashlib
import json

import cases
import wire

REQUEST = (b'{"name":"Sales Analytics","description":"Sales data product for reporting",'
           b'"dataSourceId":"default",\n "dataAssets":[{"externalId":"asset-123",'
           b'"tableName":"orders","schemaName":"sales"}]}')
ID = "550e8400-e29b-41d4-a716-446655440000"
PRODUCT = {
    "id": ID, "accountId": cases.ACCOUNT, "name": "Sales Analytics",
    "description": "Sales data product for reporting",
    "dataSourceId": "987fcdeb-51a2-43e7-b123-456789abcdef", "externalDataProductId": "ws-abc123",
    "createdAt": "2026-03-02T12:00:00Z", "updatedAt": "2026-03-02T12:00:00Z"}
ASSETS = [{"id": "660e8400-e29b-41d4-a716-446655440001", "dataProductId": ID,
           "tableName": "orders", "schemaName": "sales"}]


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Example(cases.Case):
    def setUp(self):
        super().setUp()
        self.gate = self.gateway(self.service())

    def create(self, body=REQUEST):
        reply = self.gate.once("POST", cases.CLIENT, body)
        self.assertEqual((reply.status, reply.end), (201, "clean"), reply)
        return reply

    def test_create_gives_the_example_to_the_byte(self):
        reply = self.create()
        self.assertEqual(reply.body, compact(
            {"ok": True, "data": {"dataProduct": PRODUCT, "dataAssets": ASSETS}}))
        self.assertEqual(reply.field("Content-Type"), "application/json")
        self.assertEqual(reply.field("Content-Length"), str(len(reply.body)))
        for name, value in reply.fields:
            self.assertNotIn("workspace", (name + value).lower())

    def test_second_create_get_and_list_give_their_own_values(self):
        self.create()
        second = self.create(compact({
            "name": "Zwei", "description": "Zweites \u00e4", "dataSourceId": "src-9",
            "externalDataProductId": "ext-9", "dataProductType": "t", "sourceDataProductId": ID,
            "dataAssets": []})).json()["data"]["dataProduct"]
        self.assertEqual(
            {k: second[k] for k in ("name", "description", "dataSourceId", "externalDataProductId",
                                    "dataProductType", "sourceDataProductId")},
            {"name": "Zwei", "description": "Zweites \u00e4", "dataSourceId": "src-9",
             "externalDataProductId": "ext-9", "dataProductType": "t", "sourceDataProductId": ID})
        got = self.gate.once("GET", f"{cases.CLIENT}/{second['id']}")
        self.assertEqual(got.json(), {"ok": True, "data": second})
        first = self.gate.once("GET", f"{cases.CLIENT}/{ID}")
        self.assertEqual(first.body, compact({"ok": True, "data": PRODUCT}))
        listed = self.gate.once("GET", cases.CLIENT)
        self.assertEqual(listed.json(), {
            "ok": True, "data": {"count": 2, "dataProducts": [PRODUCT, second]}})
        self.assertEqual(list(listed.json()["data"]), ["count", "dataProducts"])

    def test_patch_delete_and_not_found(self):
        self.create()
        patched = self.gate.once("PATCH", f"{cases.CLIENT}/{ID}",
                                 b'{"name":"New","externalDataProductId":"e2"}')
        self.assertEqual(patched.json()["data"],
                         dict(PRODUCT, name="New", externalDataProductId="e2"))
        gone = self.gate.once("DELETE", f"{cases.CLIENT}/{ID}")
        self.assertEqual((gone.status, gone.body), (204, b""))
        missing = self.gate.once("GET", f"{cases.CLIENT}/{ID}")
        self.assertEqual(missing.status, 404)
        error = missing.json()["error"]
        self.assertEqual(error["details"], {"dataProductId": ID})
        self.assertNotIn(b"workspace", missing.body.lower())

    def test_paging_by_cursor_and_limit_and_a_mapped_filter(self):
        self.create()
        other = self.create(b'{"name":"b"}').json()["data"]["dataProduct"]["id"]
        page = self.gate.once("GET", f"{cases.CLIENT}?limit=1").json()["data"]
        self.assertEqual([p["id"] for p in page["dataProducts"]], [ID])
        page = self.gate.once("GET", f"{cases.CLIENT}?cursor={page['nextCursor']}&limit=1").json()
        self.assertEqual([p["id"] for p in page["data"]["dataProducts"]], [other])
        page = self.gate.once("GET", f"{cases.CLIENT}?dataProductId={other}").json()
        self.assertEqual([p["id"] for p in page["data"]["dataProducts"]], [other])
        page = self.gate.once("GET", f"{cases.CLIENT}?externalDataProductId=ws-abc123").json()
        self.assertEqual([p["id"] for p in page["data"]["dataProducts"]], [ID])

    def test_the_old_api_sees_the_same_objects(self):
        self.create()
        old = self.gate.once("GET", f"{cases.SERVICE}/{ID}").json()["data"]
        self.assertEqual(old["externalWorkspaceId"], "ws-abc123")

    def test_head_has_the_heads_of_get(self):
        self.create()
        head = self.gate.once("HEAD", f"{cases.CLIENT}/{ID}")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_every_resource_at_depth(self):
        self.create()
        base = f"{cases.CLIENT}/{ID}"
        for name in ("semantic-models", "verified-queries", "system-prompts",
                     "front-page-configs", "compositions"):
            with self.subTest(name):
                made = self.gate.once("POST", f"{base}/{name}", b'{"name":"x"}')
                self.assertEqual(made.status, 201, made)
                item = made.json()["data"]
                self.assertEqual(item["dataProductId"], ID)
                below = self.gate.once("POST", f"{base}/{name}/{item['id']}/parts",
                                       b'{"workspaceIdNot":"<>"}')
                self.assertEqual(below.json()["data"]["dataProductId"], ID)
                listed = self.gate.once("GET", f"{base}/{name}").json()["data"]
                self.assertEqual(listed["count"], 1)
                got = self.gate.once("GET", f"{base}/{name}/{item['id']}/parts/"
                                            f"{below.json()['data']['id']}")
                self.assertEqual(got.body, below.body)

    def test_assets_users_and_skills(self):
        self.create()
        base = f"{cases.CLIENT}/{ID}"
        assets = self.gate.once("GET", f"{base}/data-assets").json()["data"]["dataAssets"]
        self.assertEqual(assets[0]["dataProductId"], ID)
        users = self.gate.once("PATCH", f"{base}/users", b'{"users":[{"id":"u","role":"r"}]}')
        self.assertEqual(users.json()["data"]["users"][0]["dataProductId"], ID)
        skill = self.gate.once("PUT", f"{base}/skills/slack",
                               b'{"slackWorkspaceId":"T1","slackWorkspaceName":"n"}')
        self.assertEqual(skill.status, 200, skill)
        self.assertEqual(skill.json()["data"]["slackWorkspaceId"], "T1")
        self.assertEqual(self.gate.once("DELETE", f"{base}/skills/slack").status, 204)

    def test_chat_and_its_stream(self):
        self.create()
        question = "where is sales_workspace, and workspaceId?"
        whole = self.gate.once("POST", f"{cases.CLIENT}/{ID}/chat", compact({"message": question}))
        data = whole.json()["data"]
        self.assertEqual(data["dataProductId"], ID)
        self.assertEqual(data["message"]["content"], "You asked: " + question)
        stream = self.gate.once("POST", f"{cases.CLIENT}/{ID}/chat/stream",
                                compact({"message": question}))
        self.assertEqual(stream.field("Content-Type"), "text/event-stream")
        self.assertEqual(stream.end, "clean")
        self.assertTrue(stream.body.endswith(b"data: [DONE]\n\n"))

    def test_uploads_arrive_whole(self):
        self.create()
        data = bytes(range(256)) * 4096 * 3
        digest = hashlib.sha256(data).hexdigest()
        target = f"{cases.CLIENT}/{ID}/unstructured-assets?fileName=f.bin"
        raw = self.gate.once("POST", target, data,
                             [("Content-Type", "application/octet-stream")]).json()["data"]
        self.assertEqual((raw["sizeBytes"], raw["sha256"], raw["dataProductId"]),
                         (len(data), digest, ID))
        form = (b'--cut\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
                b"Content-Type: application/pdf\r\n\r\n" + data + b"\r\n--cut--\r\n")
        with self.gate.connect() as connection:
            connection.send(wire.request_bytes("POST", target, None, [
                ("Content-Type", "multipart/form-data; boundary=cut"),
                ("Transfer-Encoding", "chunked")]) + wire.chunked(form, 5000))
            part = connection.reply("POST").json()["data"]["parts"][0]
        self.assertEqual((part["sizeBytes"], part["sha256"]), (len(data), digest))
