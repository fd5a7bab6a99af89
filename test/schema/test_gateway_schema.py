"""gateway.schema.json: the same verdict on a file as `dpgw check`, but for rules no schema tells."""
import copy
import ipaddress
import pathlib
import re
import tempfile
import unittest

import jsonschema

import program
import verdicts
import yaml12
from values import ROWS, around, file_of, texts

NUMBERS = ("NUMBER", "WORKERS", "SIZE", "MEMORY", "TIME", "USER")
SCHEMA = verdicts.Schema("gateway.schema.json")

# Files that only the gateway refuses, and why no schema can.
BEYOND_SCHEMAS = {
    "contradictions.gateway.yaml": "one value contradicts another",
    "docs-folder.gateway.yaml": "another file is not there",
    "no-mapping.gateway.yaml": "another file is not there",
    "tls-files.gateway.yaml": "files do not hold what they should",
}


def members(text):
    """The members of a list, be it written as one or as a text with commas."""
    return [m.strip(" \"'") for m in text.strip("[]\"'").split(",")]


def has_host_bits(text):
    """True if a range in TEXT has bits set behind its first ones."""
    for member in members(text):
        try:
            ipaddress.ip_network(member)
        except ValueError as wrong:
            if "host bits" in str(wrong):
                return True
    return False


def parts(size):
    """ROWS, SIZE at a time."""
    return [ROWS[at:at + size] for at in range(0, len(ROWS), size)]


CONTRADICTED = ("limits.buffer_low", "limits.request_line", "limits.request_buffer",
                "limits.reply_buffer")
# What only the gateway refuses of single values: (what, of which rows, and of which texts).
SEMANTIC = [
    ("a number is written in decimal digits", lambda row: row.kind in NUMBERS,
     lambda text: re.fullmatch(r"[-+]?(0x[0-9a-f]+|0o[0-7]+|[0-9.]+(e[0-9]+)?)", text)
     and not text.isdigit()),
    ("a word in place of a number has no quotes", lambda row: row.kind in ("NUMBER", "WORKERS"),
     lambda text: text.startswith('"')),
    ("an address is there once", lambda row: row.kind in ("LISTENERS", "ADDRESSES"),
     lambda text: len(set(members(text))) < len(members(text))),
    ("a range has no bits set behind its first", lambda row: row.kind == "NETWORKS",
     has_host_bits),
    ("the account exists and is not root's", lambda row: row.kind == "USER", lambda text: True),
    ("the mapping file exists", lambda row: row.kind in ("FILE", "FILES"), lambda text: True),
    ("what is to be shown is installed", lambda row: row.key == "docs.serve",
     lambda text: text in ("true", "on", '"on"', "'on'", '"true"')),
    ("of two sizes one is not the larger", lambda row: row.key in CONTRADICTED,
     lambda text: True),
]


class Files(unittest.TestCase):
    """Whole files, those of test/config and the samples."""

    maxDiff = None

    def test_the_schema_is_one(self):
        self.assertNotIn("//", SCHEMA.document["$id"])
        for place, node in self.nodes(SCHEMA.document["properties"]):
            self.assertTrue(node.get("description"), place)
            if node.get("type") != ["object", "null"]:
                self.assertTrue(node.get("examples"), place)

    def nodes(self, properties, above=()):
        for name, node in properties.items():
            yield (*above, name), node
            yield from self.nodes(node.get("properties", {}), (*above, name))

    def test_examples_and_defaults_are_valid(self):
        for place, node in self.nodes(SCHEMA.document["properties"]):
            known = {**node, "definitions": SCHEMA.document["definitions"]}
            for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]:
                with self.subTest(f"{place} {value!r}"):
                    jsonschema.Draft7Validator(known).validate(value)

    def test_files_get_the_same_verdict(self):
        files = sorted(program.ROOT.glob("test/config/*.gateway.yaml"))
        files.append(program.ROOT / "config/gateway.yaml")
        verdicts_seen, beyond = set(), set()
        for file in files:
            with self.subTest(file.name):
                good = not verdicts.complaints(file)
                text = file.read_bytes().decode("utf-8", "replace")
                valid = not SCHEMA.refused(text)
                verdicts_seen.add(good)
                if valid and not good:
                    beyond.add(file.name)
                    self.assertIn(file.name, BEYOND_SCHEMAS)
                else:
                    self.assertEqual(valid, good)
        self.assertEqual(verdicts_seen, {True, False})
        self.assertEqual(sorted(beyond), sorted(BEYOND_SCHEMAS))


class Values(unittest.TestCase):
    """Every setting with every value: one file has one value for all."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dpgw-test-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "gateway.yaml"
        self.used, self.tried, self.refused = set(), 0, 0

    def rule_for(self, row, text):
        """The first rule of SEMANTIC by which the gateway alone refuses TEXT."""
        for what, concerns, holds in SEMANTIC:
            if concerns(row) and holds(text):
                return what
        return None

    def compare(self, values, schema=SCHEMA):
        """Where the verdicts on VALUES differ and no rule says why: [(key, YAML, refused by whom)]."""
        text, places = file_of(values)
        self.file.write_text(text)
        gateway = {places[line] for line in verdicts.complaints(self.file) if line in places}
        wrong = schema.refused(text)
        self.assertNotIn((), wrong, text)
        rows = {tuple(row.key.split(".")): row for row in ROWS}
        found = []
        for place in places.values():
            row, value = rows[place], values[".".join(place)]
            self.tried += 1
            self.refused += place in gateway
            rule = self.rule_for(row, value)
            if place in gateway and place not in wrong and rule:
                self.used.add(rule)
            elif (place in gateway) != (place in wrong):
                found.append((row.key, value, "gateway" if place in gateway else "schema"))
        return found

    def test_every_setting_with_every_value(self):
        found = []
        for text in texts():
            # A list is complained about member by member, and a hundred complaints are kept.
            for rows in parts(2) if len(members(text)) > 8 else (ROWS,):
                found += self.compare({row.key: text for row in rows})
        found += self.compare({"limits.buffer_low": "2MiB", "limits.buffer_high": "2MiB"})
        self.assertEqual(found, [])
        self.assertEqual(self.used, {what for what, _, _ in SEMANTIC})
        self.assertGreater(self.tried, 5000)
        self.assertGreater(self.refused, 2000)

    def test_bounds_in_every_unit(self):
        lists = {row.key: around(row) for row in ROWS if row.maximum}
        found = []
        for turn in range(max(map(len, lists.values()))):
            found += self.compare({key: texts[turn] for key, texts in lists.items()
                                   if turn < len(texts)})
        self.assertEqual(found, [])

    def test_a_schema_that_says_other_things_is_found(self):
        """What was taken out of the schema, or put in, shows."""
        limits = ("properties", "limits", "properties")
        changes = [(("json_depth", "maximum"), 9999), (("json_depth", "minimum"), 2),
                   (("chunk_line", "anyOf", 0, "pattern"), "^[0-9]+ ?KiB$"),
                   (("body_other", "anyOf", 2), {"enum": ["endless"]})]
        for path, value in changes:
            with self.subTest(path):
                other = copy.copy(SCHEMA)
                document = copy.deepcopy(SCHEMA.document)
                node = document
                for step in (*limits, *path[:-1]):
                    node = node[step]
                node[path[-1]] = value
                other.validator = jsonschema.Draft7Validator(document)
                key = f"limits.{path[0]}"
                row = next(row for row in ROWS if row.key == key)
                found = [f for text in (*around(row), "16", "unlimited", "1MiB")
                         for f in self.compare({key: text}, other)]
                self.assertNotEqual(found, [])


class Yaml(unittest.TestCase):
    """The loader reads scalars as the gateway does."""

    def test_core_schema(self):
        for text, value in (("off", "off"), ("yes", "yes"), ("1:30", "1:30"), ("010", 10),
                            ("0o10", 8), ("0x10", 16), ("1e3", 1000.0), ("~", None), ("", None),
                            ("true", True), ('"1"', "1"), ("2001-01-01", "2001-01-01"), ("<<", "<<")):
            self.assertEqual(yaml12.load(text), value)
        for text in ("a: 1\na: 2", "a: &x 1\nb: *x", "--- 1\n--- 2", "[", "a: 1\n b: 2"):
            with self.assertRaises(ValueError):
                yaml12.load(text)
