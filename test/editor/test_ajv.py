"""ajv gives every file of the schemas' tests the verdict that python3-jsonschema gives it."""
import copy
import json
import pathlib
import subprocess
import unittest

import mapping_files
import nodes
import program
import verdicts
from values import ROWS, file_of, texts

HERE = pathlib.Path(__file__).resolve().parent
SCHEMAS = {name: verdicts.Schema(f"{name}.schema.json") for name in ("gateway", "mapping")}
KEYS = {tuple(row.key.split(".")) for row in ROWS}
EVERY = 12                        # as test_mapping_schema.py: of what might stand anywhere

# Where the two may differ: (why, what the file holds).
REASONS = [
    ("JavaScript rounds whole numbers from 2^53 on", "18446744073709551616"),
    ("to YAML 1.2 a carriage return alone ends a line, or nothing does", "\r"),
    ("one reader takes a control character as it is, the others refuse it", "\x07"),
]


def judge(schemas, files):
    """ajv's verdicts on FILES, each (name of a schema, text): places, or None."""
    asked = json.dumps({"schemas": schemas, "files": files})
    done = subprocess.run([str(nodes.node()), str(HERE / "judge.mjs")], env=nodes.environment(),
                          input=asked.encode(), capture_output=True, check=False, timeout=120)
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr.decode("utf-8", "replace")[-2000:])
    return json.loads(done.stdout)


def setting(place):
    """The setting that PLACE is in or is, or PLACE's section."""
    return next((tuple(place[:n]) for n in (2, 1) if tuple(place[:n]) in KEYS), tuple(place[:1]))


def differences(schemas, files):
    """The files on which ajv with SCHEMAS and python3-jsonschema differ, and the reasons met."""
    differ, met = [], set()
    for (name, text), found in zip(files, judge(schemas, files)):
        ajv = {()} if found is None else {setting(place) for place in found}
        python = {setting(place) for place in SCHEMAS[name].refused(text)}
        if name == "mapping":
            ajv, python = bool(ajv), bool(python)
        if ajv == python:
            continue
        why = next((why for why, holds in REASONS if holds in text), None)
        met.add(why)
        if not why:
            differ.append((text, f"ajv: {ajv}", f"python: {python}"))
    return differ, met


class Ajv(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.schemas = {name: schema.document for name, schema in SCHEMAS.items()}
        cls.gateway = [("gateway", file_of({row.key: text for row in ROWS})[0])
                       for text in texts()]
        cls.mapping = [("mapping", text) for text in mapping_files.files(EVERY)]

    def test_every_file(self):
        files = [(file.name.split(".")[-2], file.read_bytes().decode("utf-8", "replace"))
                 for pattern in ("config/gateway.yaml", "config/mapping.yaml",
                                 "test/config/*.gateway.yaml", "test/config/*.mapping.yaml")
                 for file in sorted(program.ROOT.glob(pattern))]
        self.assertGreater(len(files), 40)
        differ, met = differences(self.schemas, files + self.gateway + self.mapping)
        self.assertEqual(differ, [])
        self.assertEqual(met, {why for why, _ in REASONS})

    def test_another_schema_is_found(self):
        for name, files, path, value in (
                ("gateway", self.gateway, ("properties", "workers", "anyOf"), [{"type": "integer"}]),
                ("mapping", self.mapping, ("definitions", "path", "pattern"), "^/")):
            with self.subTest(name):
                other = copy.deepcopy(self.schemas)
                node = other[name]
                for step in path[:-1]:
                    node = node[step]
                node[path[-1]] = value
                self.assertTrue(differences(other, files)[0])
