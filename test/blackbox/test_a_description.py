"""What the descriptions in openapi/ say is what is answered: each example is asked for."""
import copy

import cases
import description
import program
import wire

JSON = "application/json"
NONE = (None, None)
# What makes each error of the description; LIVE is a workspace that is there.
ERRORS = {
    "InvalidJson": ("POST", "", JSON, b'{"name":'),
    "ValidationFailed": ("POST", "", JSON, b"{}"),
    "InvalidCursor": ("GET", "?cursor=none", *NONE),
    "InvalidMultipart": ("POST", "/LIVE/unstructured-assets", "multipart/form-data; boundary=x",
                         b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc'),
    "WorkspaceMissing": ("GET", "/990e8400-e29b-41d4-a716-446655440009", *NONE),
    "ResourceMissing": ("GET", "/LIVE/skills/telephone", *NONE),
    "BodyTooLarge": ("POST", "", JSON, b" " * (16 << 20) + b"{"),
    "NotJson": ("POST", "", "text/plain", b"name=n"),
    "PathMissing": ("GET", "/LIVE/nothing", *NONE),
}


class Described(cases.Case):
    """Requests as a description's examples make them, and replies as they promise them."""

    def send(self, method, target, media=None, body=None, fields=()):
        media = [("Content-Type", media)] if media else []
        with wire.Connection(self.address) as connection:
            return connection.request(method, target, body, [*media, *fields])

    def ask(self, operation):
        """The reply to OPERATION's example."""
        media, body = operation.body()
        return self.send(operation.method, operation.target() + operation.query("fileName"), media,
                         body)

    def compare(self, operation, reply):
        """REPLY is what OPERATION's example promises."""
        self.assertEqual(reply.status, operation.status, reply)
        media, about = operation.reply()
        self.assertEqual(reply.field("Content-Type"), media)
        if media is None:
            self.assertEqual(reply.body, b"")
        elif media == JSON:
            self.assertEqual(reply.json(), about["example"])
        else:
            self.assertEqual(reply.body.decode(), about["example"])
        for name, header in operation.headers():
            self.assertEqual(reply.field(name), header["example"])

    def walk(self, described):
        """Every operation of DESCRIBED answers as its example says."""
        for operation in described.in_order():
            with self.subTest(str(operation)):
                self.compare(operation, self.ask(operation))


class Examples(Described):
    def setUp(self):
        super().setUp()
        self.description = description.Description(description.WORKSPACES)
        self.address = self.service().address

    def test_each_operation_answers_as_its_example_says(self):
        self.assertGreater(len(self.description.operations), 40)
        self.walk(self.description)

    def test_another_answer_is_noticed(self):
        create = self.description.operation("createWorkspace")
        reply = self.ask(create)
        self.compare(create, reply)
        create.about = copy.deepcopy(create.about)
        create.reply()[1]["example"]["data"]["workspace"]["name"] = "another"
        with self.assertRaises(AssertionError):
            self.compare(create, reply)

    def test_each_error_is_one_that_the_service_makes(self):
        live = self.ask(self.description.operation("createWorkspace")).json()["data"]["workspace"]
        examples = self.description.tree["components"]["examples"]
        self.assertEqual(set(examples), {"TokenMissing", *ERRORS})
        for name, (method, tail, media, body) in ERRORS.items():
            with self.subTest(name):
                target = cases.SERVICE + tail.replace("LIVE", live["id"])
                self.assertEqual(self.send(method, target, media, body).json(),
                                 examples[name]["value"])

    def test_a_service_that_wants_a_token(self):
        demo = program.Service("--bearer")
        self.addCleanup(self._stop_service, demo)
        self.address = demo.address
        refused = self.send("GET", cases.SERVICE)
        self.assertEqual(refused.json(),
                         self.description.tree["components"]["examples"]["TokenMissing"]["value"])
        self.assertEqual((refused.status, refused.field("WWW-Authenticate")), (401, "Bearer"))
        served = self.send("GET", cases.SERVICE, fields=[("Authorization", "Bearer t")])
        self.assertEqual(served.status, 200)

    def test_every_operation_is_deprecated_and_has_a_name_of_its_own(self):
        operations = self.description.operations
        self.assertEqual([o for o in operations if o.about.get("deprecated") is not True], [])
        self.assertEqual(len({o.id for o in operations}), len(operations))
        [group] = self.description.tree["x-tagGroups"]
        self.assertEqual(group["name"], "Workspaces (deprecated)")
        self.assertEqual(group["tags"], [t["name"] for t in self.description.tree["tags"]])
        self.assertEqual([o for o in operations if o.about["tags"][0] not in group["tags"]], [])


class Derived(Described):
    """openapi/data-products.yaml says what the gateway makes of it."""

    def test_each_operation_answers_through_the_gateway_as_its_example_says(self):
        derived = description.Description(description.DATA_PRODUCTS)
        self.assertGreater(len(derived.operations), 35)
        self.address = self.gateway(self.service()).client
        self.walk(derived)

    def test_the_old_operations_still_answer_through_the_gateway(self):
        self.address = self.gateway(self.service()).client
        self.walk(description.Description(description.WORKSPACES))
