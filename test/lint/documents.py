"""documents.py - README, the schemas, the manual and the sample say what the code says

The tables of settings and errors in README, the settings in dpgw-gateway(5)
and the schema of gateway.yaml are written from SETTINGS
(gateway/conf/settings.h) and OUTCOMES (gateway/exchange/outcome.h), that of
mapping.yaml by mapping_schema.py; run as a program this writes them anew.  Figures
are whatever `make numbers` wrote, kept honest by a digest in their marker.
"""
import hashlib
import json
import pathlib
import re

import manuals
import mapping_schema
import schema
import settings

README = "README.md"
SAMPLE = "config/gateway.yaml"
OUTCOMES = "gateway/exchange/outcome.h"
SCHEMA = "config/gateway.schema.json"
MAPPING_SCHEMA = "config/mapping.schema.json"
SETTINGS = settings.SOURCE
OUTCOME_ROW = re.compile(r'^\s*X\((\w+),\s*(\d{3}),\s*"([A-Z_]*)",\s*\w+,\s*"([^"]*)"', re.M)
FIGURES = re.compile(r"<!-- numbers: begin (\w*) -->\n(.*?)<!-- numbers: end -->", re.S)


def error_rows(tree):
    """{(code, status): [(message, outcome)]} of the errors that the gateway makes itself."""
    rows = {}
    for outcome, status, code, message in OUTCOME_ROW.findall(tree.text(OUTCOMES)):
        if code:
            rows.setdefault((code, status), []).append((message, f"`{outcome}`"))
    return rows


def setting_rows(tree):
    """The Setting of each row, in the order of the code."""
    return settings.rows(tree.text(SETTINGS))


def errors_table(tree):
    lines = ["| code | status | message | outcome in the log |", "|---|---|---|---|"]
    for (code, status), ends in error_rows(tree).items():
        messages, outcomes = (" / ".join(words) for words in zip(*ends))
        lines.append(f"| `{code}` | {status} | {messages} | {outcomes} |")
    return "\n".join(lines) + "\n"


def settings_table(tree):
    lines = ["| setting | default | from, to | reload | what it is |", "|---|---|---|---|---|"]
    fixed = settings.fixed(tree.text(SETTINGS))
    for row in setting_rows(tree):
        standard = f"`{row.standard}`" if row.standard else "-"
        change = "restart" if row.key in fixed else "live"
        lines.append(f"| `{row.key}` | {standard} | {settings.bounds(row)} | {change} | {row.about} |")
    return "\n".join(lines) + "\n"


TABLES = {"errors": (OUTCOMES, errors_table), "settings": (SETTINGS, settings_table)}


def marked(name):
    """A pattern for what stands in README between the markers of NAME."""
    return re.compile(rf"(<!-- {name}: begin -->\n)(.*?)(<!-- {name}: end -->)", re.S)


def digest(text):
    """The digest that the marker of the figures TEXT carries."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tables(tree):
    for name, (source, table) in TABLES.items():
        if source not in tree.files or README not in tree.files:
            continue
        text = tree.text(README)
        match = marked(name).search(text)
        if not match:
            yield README, 0, f"has no table of {name} between its markers"
            continue
        first = text.count("\n", 0, match.start(2)) + 1
        wanted, found = table(tree).split("\n"), match.group(2).split("\n")
        for n, line in enumerate(wanted):
            if line not in found:
                yield README, first, f"the table of {name} lacks: {line}"
        for n, line in enumerate(found):
            if line not in wanted or line in found[:n] and line:
                yield README, first + n, f"{source} has no such row: {line}"


SAMPLE_LINE = re.compile(r"( *)(# ?)?([a-z_]+):(?: +(\{.*\}|\S+))?(?: +# (.*))?$")


def sample_keys(tree):
    """(line, key, default shown behind a # or None, what it is) of each setting in the sample."""
    path = []
    for number, line in tree.lines(SAMPLE):
        match = SAMPLE_LINE.match(line)
        if not match:
            continue
        inside, behind, key, value, about = match.groups()
        path = [*path[:len(inside) // 2], key]
        if value and value.startswith("{"):
            for one in re.findall(r"(\w+):", re.sub(r'"[^"]*"', "", value)):
                yield number, ".".join([*path, one]), None, None
        elif value:
            yield number, ".".join(path), behind and value, behind and about


def sample(tree):
    """The sample shows every setting and no other; behind a # with its default and meaning."""
    if SAMPLE not in tree.files or SETTINGS not in tree.files:
        return
    known = {row.key: (row.standard, row.about) for row in setting_rows(tree)}
    seen = set()
    for number, key, standard, about in sample_keys(tree):
        seen.add(key)
        if key not in known and key != "version":
            yield SAMPLE, number, f"{key} is no setting"
        elif standard and (standard, about) != known.get(key):
            yield SAMPLE, number, f"{key} is by default {known[key][0]}: {known[key][1]}"
    for key in sorted(set(known) - seen):
        yield SAMPLE, 0, f"does not show {key}"


def leaves(found, path=""):
    """{path: value} of everything in the JSON document FOUND."""
    if not isinstance(found, (dict, list)) or not found:
        return {path: found}
    members = found.items() if isinstance(found, dict) else enumerate(found)
    return {p: v for key, value in members for p, v in leaves(value, f"{path}/{key}").items()}


def schema_faults(path, found, wanted, source):
    """Where FOUND, the schema at PATH, is not WANTED, the text that SOURCE makes."""
    try:
        was, is_ = leaves(json.loads(found)), leaves(json.loads(wanted))
    except ValueError as wrong:
        yield path, wrong.lineno, f"is no JSON: {wrong.msg}"
        return
    for place in sorted(set(was) | set(is_)):
        if place not in was or place not in is_ or was[place] != is_[place]:
            yield path, 0, f"{place} is not what {source} says"
    if leaves(was) == leaves(is_) and found != wanted:
        yield path, 0, "is not written as test/lint/documents.py writes it"


def schemas(tree):
    """The schemas are what the table of settings and the form of mappings make of them."""
    if MAPPING_SCHEMA in tree.files:
        yield from schema_faults(MAPPING_SCHEMA, tree.text(MAPPING_SCHEMA), mapping_schema.text(),
                                 "test/lint/mapping_schema.py")
    if SETTINGS not in tree.files or SCHEMA not in tree.files:
        return
    try:
        wanted = schema.text(setting_rows(tree))
    except schema.Unknown as wrong:
        yield SETTINGS, 0, str(wrong)
        return
    yield from schema_faults(SCHEMA, tree.text(SCHEMA), wanted, SETTINGS)


def figures(tree):
    if README not in tree.files:
        return
    match = FIGURES.search(tree.text(README))
    if not match:
        yield README, 0, "has no figures between their markers"
    elif match.group(1) != digest(match.group(2)):
        line = tree.text(README).count("\n", 0, match.start()) + 1
        yield README, line, "the figures were not written by `make numbers`"


CHECKS = [tables, sample, schemas, figures]


def main():
    from tree import read

    root = pathlib.Path(__file__).resolve().parents[2]
    tree = read(root)
    text = (root / README).read_text()
    for name, (_, table) in TABLES.items():
        text = marked(name).sub(lambda m, t=table: m.group(1) + t(tree) + m.group(3), text)
    (root / README).write_text(text)
    (root / SCHEMA).write_text(schema.text(setting_rows(tree)))
    page = root / manuals.PAGES[1]
    page.write_text(manuals.filled(page.read_text(), tree.text(SETTINGS)))
    (root / MAPPING_SCHEMA).write_text(mapping_schema.text())


if __name__ == "__main__":
    main()
