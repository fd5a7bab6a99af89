"""What an editor with yaml-language-server shows of both files, by the first line of the samples."""
import json
import unittest

import program
from language import Server

MAPPING, GATEWAY = (program.ROOT / f"config/{name}.yaml" for name in ("mapping", "gateway"))

# (sample, what stands in it, the mistake in its place, what is pointed at, what is said of it)
MISTAKES = [
    (MAPPING, "methods:  [GET, POST]", "methods:  [GET, PSOT]", "PSOT", "A method is GET, POST"),
    (MAPPING, "timeout: 300s", "timeout: 300", "300}", "A time is whole digits and one of ms"),
    (MAPPING, "timeout: 300s", "tiemout: 300s", "tiemout", "tiemout is not allowed"),
    (MAPPING, '"$..rows"', '"rows"', '"rows"', 'A path begins with "$"'),
    (MAPPING, 'upstream: "/api', 'upstream: "api', '"api', 'A path begins with "/"'),
    (MAPPING, "rewrite: url", "rewrite: uri", "uri", '"url", "words", "name"'),
    (MAPPING, "opaque:", "opaqe:", "opaqe", "opaqe is not allowed"),
    (MAPPING, "X-Workspace-Id", "Host", "Host", "A header name is"),
    (GATEWAY, "# body_json: 16MiB", "body_json: 16MB #", "16MB", "A size is whole digits"),
    (GATEWAY, "# json_depth: 256", "json_depth: 0 #", "0 #", "below the minimum of 1"),
    (GATEWAY, "# drain: 30s", "drain: 30 #", "30 #", "A time is whole digits"),
    (GATEWAY, '"0.0.0.0:8080"', '"localhost:8080"', '"localhost', "An address is 127.0.0.1:8080"),
    (GATEWAY, "listen: ", "lissen: ", "lissen", "lissen is not allowed"),
    (GATEWAY, "level: info", "level: trace", "trace", '"error", "warn", "info", "debug"'),
]
# (sample, key, the way to its description in the schema)
ROUTE = ("definitions", "route", "properties")
KEYS = [(MAPPING, "client", ROUTE), (MAPPING, "resources", ROUTE), (MAPPING, "timeout", ROUTE),
        (MAPPING, "fields", ("properties",)), (MAPPING, "passthrough", ("properties",)),
        (MAPPING, "rewrite", ("definitions", "value_rule", "properties")),
        (GATEWAY, "workers", ("properties",)), (GATEWAY, "listen", ("properties",)),
        (GATEWAY, "url", ("properties", "upstream", "properties"))]


def schema(sample):
    return json.loads(sample.with_suffix(".schema.json").read_text())


def within(document, path):
    for step in path:
        document = document[step]
    return document


def plain(markdown):
    """What an editor shows of MARKDOWN."""
    return markdown.replace("\\", "")


def place(text, what, within_line=None):
    """(line, column) from 0 of the first WHAT outside of comments, on a line with WITHIN_LINE."""
    for number, line in enumerate(text.split("\n")):
        if not line.lstrip().startswith("#") and what in line and (within_line or "") in line:
            return number, line.index(what)
    raise AssertionError(f"no {what}")


class Editor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(schemaStore={"enable": False}, validate=True, hover=True,
                            completion=True)

    @classmethod
    def tearDownClass(cls):
        status, error = cls.server.stop()
        assert (status, error) == (0, ""), (status, error)

    def test_the_samples_are_sound(self):
        for sample in (MAPPING, GATEWAY):
            self.assertEqual(self.server.open(sample, sample.read_text())[1], [])

    def test_a_mistake_is_shown_where_it_is(self):
        for sample, was, becomes, pointed, said in MISTAKES:
            with self.subTest(becomes):
                text = sample.read_text()
                self.assertIn(was, text)
                text = text.replace(was, becomes, 1)
                _, found = self.server.open(sample, text)
                self.assertEqual(len(found), 1, found)
                start = found[0]["range"]["start"]
                self.assertEqual((start["line"], start["character"]), place(text, pointed))
                self.assertIn(said, found[0]["message"])
                self.assertEqual(found[0]["source"], f"yaml-schema: {sample.name}")

    def test_hovering_says_what_a_key_is(self):
        for sample, key, path in KEYS:
            with self.subTest(key):
                text = sample.read_text()
                uri, _ = self.server.open(sample, text)
                shown = self.server.at("hover", uri, *place(text, f"{key}:"))
                about = within(schema(sample), (*path, key))["description"]
                self.assertIn(about, plain(shown["contents"]["value"]))

    def completed(self, sample, before, indent):
        """{label: documentation} offered on a new line below the first BEFORE."""
        text = sample.read_text()
        self.assertIn(before, text)
        text = text.replace(before, f"{before}\n{' ' * indent}", 1)
        uri, _ = self.server.open(sample, text)
        found = self.server.at("completion", uri, place(text, before)[0] + 1, indent)
        return {item["label"]: item["documentation"] for item in found["items"]}

    def offers(self, found, properties, given=()):
        """FOUND offers each of PROPERTIES that is not GIVEN, with what it is."""
        self.assertEqual(set(found), set(properties) - set(given))
        for key, about in found.items():
            shown = about["value"] if isinstance(about, dict) else about
            self.assertIn(properties[key]["description"], plain(shown))

    def test_completion_offers_the_limits(self):
        self.offers(self.completed(GATEWAY, "limits:", 2),
                    within(schema(GATEWAY), ("properties", "limits", "properties")))

    def test_completion_offers_the_keys_of_a_route(self):
        self.offers(self.completed(MAPPING, "    methods:  [GET, POST]", 4),
                    within(schema(MAPPING), ROUTE), ("client", "upstream", "methods"))

    def test_completion_offers_the_keys_of_the_file(self):
        self.offers(self.completed(MAPPING, "version: 1", 0), schema(MAPPING)["properties"],
                    ("version", *(k for k in schema(MAPPING)["properties"]
                                  if f"\n{k}:" in MAPPING.read_text())))


class Network(unittest.TestCase):
    def test_one_that_asks_the_network_is_caught(self):
        """The server's own list of schemas is on the network: unless it is told, it asks for it."""
        server = Server()
        with self.assertRaises(AssertionError):
            server.open(MAPPING.with_name("no-such-schema.yaml"), "a: b\n")
        status, error = server.stop()
        self.assertEqual(status, 70)
        self.assertIn("guard: a ", error)
