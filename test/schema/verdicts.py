"""verdicts.py - what a schema and `dpgw check` say of the same file

A verdict is a set of places: ("limits", "json_depth") of each value that is
refused, () where it is the file as a whole.  A validator is anything with the
face of Schema; both configuration files use it.
"""
import itertools
import json
import pathlib
import re
import tempfile

import jsonschema

import program
import yaml12


class Schema:
    """The schema NAME in config/."""

    def __init__(self, name):
        self.document = json.loads((program.ROOT / "config" / name).read_text())
        jsonschema.Draft7Validator.check_schema(self.document)
        self.validator = jsonschema.Draft7Validator(self.document)

    def refused(self, text):
        """The places that the schema refuses in TEXT, a file's, or its bytes."""
        try:
            found = yaml12.load(text.decode() if isinstance(text, bytes) else text)
        except ValueError:
            return {()}
        return {tuple(itertools.takewhile(lambda step: isinstance(step, str), e.absolute_path))
                for e in self.validator.iter_errors(found)}


def complaints(file):
    """[line] of each error that `dpgw check` finds in FILE itself; 0: in the whole of it."""
    _, _, error = program.run("check", "-c", str(file))
    pattern = re.compile(rf"^{re.escape(str(file))}(?::(\d+):\d+)?: error: ")
    return [int(match.group(1) or 0) for line in error.splitlines()
            if (match := pattern.match(line))]


def mapping_complaints(text):
    """[{code, message, line, ...}] of each error that `dpgw check` finds in the mapping TEXT."""
    with tempfile.TemporaryDirectory(prefix="dpgw-test-") as folder:
        settings, mapping = (pathlib.Path(folder, name) for name in ("gateway.yaml", "mapping.yaml"))
        settings.write_text('version: 1\nlisten: "127.0.0.1:0"\n'
                            'upstream: {url: "http://127.0.0.1:9"}\nmapping: mapping.yaml\n')
        mapping.write_bytes(text if isinstance(text, bytes) else text.encode())
        _, _, error = program.run("check", "--format", "json", "-c", str(settings))
    found = [json.loads(line) for line in error.splitlines()]
    return [c for c in found if c["severity"] == "error" and c["file"] == str(mapping)]
