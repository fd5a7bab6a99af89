"""mapping.schema.json: the same verdict on a file as `dpgw check`, but for rules no schema tells."""
import collections
import concurrent.futures
import copy
import os
import re
import unittest

import jsonschema

import mapping_files
import program
import verdicts

SCHEMA = verdicts.Schema("mapping.schema.json")
READERS = ("conf_mapping.c", "telling_passthrough.c")
KNOWN = re.compile(r"char \*const known\[\] = \{(.*?)\}", re.S)
# Of what might stand anywhere, one in so many; a build that is watched is slow.
EVERY = 12 if program.BUILD.name == "release" else 60

Judged = collections.namedtuple("Judged", "text complaints")


def judged(texts):
    """Each of TEXTS with what the gateway says of it."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [Judged(*one) for one in zip(texts, pool.map(verdicts.mapping_complaints, texts))]


def differences(files, schema, used=None):
    """
    Each file on which SCHEMA and the gateway differ without a reason, and what
    the gateway says; the reasons that were met are added to USED.
    """
    for text, complaints in files:
        if bool(schema.refused(text)) == bool(complaints):
            continue
        reasons = {mapping_files.reason(text, c) for c in complaints}
        if not complaints or None in reasons:
            yield text, [c["message"] for c in complaints]
        elif used is not None:
            used |= reasons


def objects(node):
    """Every schema within NODE that lists its properties."""
    if isinstance(node, list):
        for one in node:
            yield from objects(one)
    elif isinstance(node, dict):
        if node.get("additionalProperties") is False:
            yield node
        for one in node.values():
            yield from objects(one)


class Document(unittest.TestCase):
    """The schema itself."""

    def test_it_says_what_each_key_is(self):
        self.assertNotIn("//", SCHEMA.document["$id"])
        for node in objects(SCHEMA.document):
            for key, value in node["properties"].items():
                with self.subTest(key):
                    self.assertTrue(value.get("description"))
                    self.assertTrue(value.get("examples"))

    def test_examples_and_defaults_are_valid(self):
        definitions = SCHEMA.document["definitions"]
        for node in objects(SCHEMA.document):
            for key, value in node["properties"].items():
                known = jsonschema.Draft7Validator({**value, "definitions": definitions})
                standard = [value["default"]] if "default" in value else []
                for example in [*value["examples"], *standard]:
                    with self.subTest(f"{key} {example!r}"):
                        known.validate(example)

    def test_it_has_the_keys_that_the_gateway_reads(self):
        read = {frozenset(re.findall(r'"(\w+)"', row)) for file in READERS
                for row in KNOWN.findall((program.ROOT / "gateway/conf" / file).read_text())}
        said = {frozenset(node["properties"]) for node in objects(SCHEMA.document)}
        methods = frozenset(SCHEMA.document["definitions"]["sent_as"]["properties"])
        self.assertEqual(said - {methods}, read)


class Files(unittest.TestCase):
    """Whole files."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.files = judged(mapping_files.files(EVERY))

    def test_samples_and_files_of_the_tests(self):
        files = sorted(program.ROOT.glob("test/config/*.mapping.yaml"))
        files.append(program.ROOT / "config/mapping.yaml")
        texts = [file.read_bytes() for file in files]
        self.assertEqual(list(differences(judged(texts), SCHEMA)), [])
        self.assertEqual({bool(SCHEMA.refused(text)) for text in texts}, {True, False})

    def test_every_place_with_everything(self):
        used = set()
        self.assertEqual(list(differences(self.files, SCHEMA, used)), [])
        self.assertEqual(used, {why for why, *_ in mapping_files.SEMANTIC})
        good = sum(not complaints for _, complaints in self.files)
        self.assertGreater(good, 100)
        self.assertGreater(len(self.files) - good, 500)

    def test_a_schema_that_says_other_things_is_found(self):
        """What was taken out of the schema, or put in, shows."""
        definitions = SCHEMA.document["definitions"]
        changes = [
            ("routes", ("definitions", "route", "required"), ["client"]),
            ("routes", ("definitions", "route", "anyOf"), [{}]),
            ("resources", ("definitions", "resource", "required"), []),
            ("resources", ("definitions", "resource", "additionalProperties"), True),
            ("timeout", ("definitions", "time", "pattern"), "^[0-9]+(ms|s|m|h)$"),
            ("max_body", ("definitions", "size", "anyOf"), definitions["size"]["anyOf"][:1]),
            ("opaque", ("definitions", "json_path", "pattern"), r"^\$"),
            ("passthrough", ("definitions", "path", "pattern"), "^/"),
            ("headers", ("definitions", "header", "pattern"), "^[A-Za-z-]+$"),
            ("PUT", ("definitions", "sent_as", "properties", "PUT", "enum"), ["PUT"]),
            ("values", ("definitions", "value_rule", "oneOf"), [{}]),
            ("upstream", ("definitions", "field_rule", "additionalProperties"), {}),
            ("fields", ("properties", "fields", "type"), "object"),
            ("", ("required",), []),
        ]
        for word, path, value in changes:
            with self.subTest(path):
                other = copy.copy(SCHEMA)
                node = document = copy.deepcopy(SCHEMA.document)
                for step in path[:-1]:
                    node = node[step]
                node[path[-1]] = value
                other.validator = jsonschema.Draft7Validator(document)
                concerned = [f for f in self.files if word in f.text]
                self.assertTrue(next(differences(concerned, other), None))
