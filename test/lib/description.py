"""description.py - an OpenAPI description as requests that can be sent

Each operation gives the request that its examples make, and the reply that
they promise.  Only what the descriptions in openapi/ use is understood.
"""
import json
import urllib.parse

import program
import yaml12

FOLDER = program.ROOT / "openapi"
WORKSPACES = FOLDER / "workspaces.yaml"
DATA_PRODUCTS = FOLDER / "data-products.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Operation:
    """One operation of DOCUMENT: what lies at METHOD of PATH."""

    def __init__(self, document, path, method):
        self.document, self.path, self.method = document, path, method.upper()
        self.about = document.paths[path][method]
        self.id = self.about["operationId"]
        self.parameters = [document.resolve(p) for p in document.paths[path].get("parameters", [])
                           + self.about.get("parameters", [])]

    def __repr__(self):
        return f"{self.id} ({self.method} {self.path})"

    def target(self):
        """The path, its parameters replaced by their examples."""
        path = self.path
        for parameter in self.parameters:
            if parameter["in"] == "path":
                value = urllib.parse.quote(parameter["example"], safe="")
                path = path.replace("{%s}" % parameter["name"], value)
        return path

    def body(self):
        """(media type, bytes) of the request's first example, (None, None) without one."""
        for media, about in self.about.get("requestBody", {}).get("content", {}).items():
            if "example" in about:
                return media, example_bytes(media, about["example"])
        return None, None

    def query(self, *names):
        """The query of the parameters NAMES, all if none is given, that have an example."""
        pairs = [(p["name"], query_value(p["example"])) for p in self.parameters
                 if p["in"] == "query" and "example" in p and (not names or p["name"] in names)]
        return "?" + urllib.parse.urlencode(pairs, safe=",") if pairs else ""

    @property
    def status(self):
        """The status of success."""
        return min(int(code) for code in self.about["responses"] if code.startswith("2"))

    def reply(self, status=None):
        """(media type, what is said of it) of the reply, (None, None) if it has no body."""
        about = self.document.resolve(self.about["responses"][str(status or self.status)])
        return next(iter(about.get("content", {}).items()), (None, None))

    def headers(self):
        """[(name, what is said of it)] of the reply's header fields."""
        about = self.document.resolve(self.about["responses"][str(self.status)])
        return [(name, self.document.resolve(h)) for name, h in about.get("headers", {}).items()]


class Description:
    """The description in FILE."""

    def __init__(self, file):
        self.tree = yaml12.load(file.read_text())
        self.paths = self.tree["paths"]
        self.operations = [Operation(self, path, method) for path, item in self.paths.items()
                           for method in item if method in METHODS]

    def resolve(self, value):
        """VALUE, or what its $ref leads to."""
        while "$ref" in value:
            found = self.tree
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def operation(self, name):
        """The operation that is called NAME."""
        return next(o for o in self.operations if o.id == name)

    def in_order(self):
        """The operations so that each finds what it needs: made, read, changed, removed."""
        phases = ("POST", "PUT"), ("GET",), ("PATCH",), ("DELETE",)

        def rank(operation):
            depth = operation.path.count("/")
            [phase] = [n for n, methods in enumerate(phases) if operation.method in methods]
            return phase, -depth if operation.method == "DELETE" else 0

        return sorted(self.operations, key=rank)


def query_value(example):
    return ",".join(example) if isinstance(example, list) else example


def example_bytes(media, example):
    """EXAMPLE as a body of the type MEDIA."""
    if media.endswith("json"):
        return json.dumps(example, separators=(",", ":")).encode()
    return example.encode()
