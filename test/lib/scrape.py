"""scrape.py - a page of metrics in Prometheus's text format, read

Knows the format (version 0.0.4) and none of the metrics.
"""
import collections
import re

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """{line without its value: value} of a page of metrics."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name + (f"{{{labels}}}" if labels else "")] = float(value)
    return found


class Page:
    """TEXT by families and samples."""

    def __init__(self, text):
        self.types, self.helps = {}, {}              # of families
        self.values = {}                             # of samples: {label: the values it has}
        for line in text.splitlines():
            if line.startswith("# "):
                _, kind, name, rest = line.split(" ", 3)
                {"TYPE": self.types, "HELP": self.helps}[kind][name] = rest
                continue
            name, labels, _ = SAMPLE.match(line).groups()
            seen = self.values.setdefault(name, collections.defaultdict(set))
            for label, value in LABEL.findall(labels or ""):
                seen[label].add(value)
