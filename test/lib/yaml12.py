"""yaml12.py - YAML as the gateway reads it: the core schema of YAML 1.2

PyYAML knows 1.1, where `off` is a boolean and 1:30 a number.  Every key is a
text.  Keys that stand there twice, anchors, aliases, tags, second documents
and what is nested deeper than 32 are refused, as the gateway does.
"""
import re

import yaml


DEPTH_MAX = 32


class Loader(yaml.SafeLoader):
    """Scalars by the core schema; everything else as it stands there."""

    yaml_implicit_resolvers = {}

    depth = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        properties = [event.anchor, getattr(event, "tag", None)]
        if any(p is not None for p in properties) or self.depth > DEPTH_MAX:
            raise yaml.composer.ComposerError(None, None, "an anchor, alias, tag or abyss",
                                              event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key twice, or no text",
                                                    node.start_mark)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_yaml_map(self, node):
        yield self.construct_mapping(node)


def construct_int(loader, node):
    text = loader.construct_scalar(node)
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def construct_float(loader, node):
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


for tag, pattern in (("null", r"null|Null|NULL|~|"), ("bool", r"true|True|TRUE|false|False|FALSE"),
                     ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
                     ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|"
                               r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)
Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_yaml_map)
Loader.add_constructor("tag:yaml.org,2002:int", construct_int)
Loader.add_constructor("tag:yaml.org,2002:float", construct_float)


def load(text):
    """The one document in TEXT; ValueError if it is none that the gateway would read."""
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise ValueError(str(wrong)) from None
