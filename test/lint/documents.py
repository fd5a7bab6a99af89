"""documents.py - README and the sample say what the code says

The tables of settings and errors in README are written from SETTINGS
(gateway/conf/settings.h) and OUTCOMES (gateway/exchange/outcome.h); run as a
program this writes them anew.  Figures are whatever `make numbers` wrote,
kept honest by a digest in their marker.
"""
import hashlib
import pathlib
import re

README = "README.md"
SAMPLE = "config/gateway.yaml"
OUTCOMES = "gateway/exchange/outcome.h"
SETTINGS = "gateway/conf/settings.h"
OUTCOME_ROW = re.compile(r'^\s*X\(\w+,\s*(\d{3}),\s*"([A-Z_]*)",\s*\w+,\s*"([^"]*)"', re.M)
SETTING_ROW = re.compile(r'X\("([\w.]+)",\s*[\w.]+,\s*[A-Z]+,\s*"([^"]*)",[^"]*"([^"]*)"\)')
FIGURES = re.compile(r"<!-- numbers: begin (\w*) -->\n(.*?)<!-- numbers: end -->", re.S)


def error_rows(tree):
    """{(code, status): [messages]} of the errors that the gateway makes itself."""
    rows = {}
    for status, code, message in OUTCOME_ROW.findall(tree.text(OUTCOMES)):
        if code:
            rows.setdefault((code, status), []).append(message)
    return rows


def setting_rows(tree):
    """(key, default, what it is) of each setting, in the order of the code."""
    text = re.sub(r"\\\n", "\n", tree.text(SETTINGS))
    text = re.sub(r'"\s*\n\s*"', "", text)
    return SETTING_ROW.findall(text)


def errors_table(tree):
    lines = ["| code | status | message |", "|---|---|---|"]
    for (code, status), messages in error_rows(tree).items():
        lines.append(f"| `{code}` | {status} | {' / '.join(messages)} |")
    return "\n".join(lines) + "\n"


def settings_table(tree):
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for key, standard, about in setting_rows(tree):
        lines.append(f"| `{key}` | {f'`{standard}`' if standard else '-'} | {about} |")
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
    group = ""
    for number, line in tree.lines(SAMPLE):
        match = SAMPLE_LINE.match(line)
        if not match:
            continue
        inside, behind, key, value, about = match.groups()
        group = group if inside else key
        if value and value.startswith("{"):
            for one in re.findall(r"(\w+):", re.sub(r'"[^"]*"', "", value)):
                yield number, f"{key}.{one}", None, None
        elif value:
            yield number, f"{group}.{key}" if inside else key, behind and value, behind and about


def sample(tree):
    """The sample shows every setting and no other; behind a # with its default and meaning."""
    if SAMPLE not in tree.files or SETTINGS not in tree.files:
        return
    known = {key: (standard, about) for key, standard, about in setting_rows(tree)}
    seen = set()
    for number, key, standard, about in sample_keys(tree):
        seen.add(key)
        if key not in known and key != "version":
            yield SAMPLE, number, f"{key} is no setting"
        elif standard and (standard, about) != known.get(key):
            yield SAMPLE, number, f"{key} is by default {known[key][0]}: {known[key][1]}"
    for key in sorted(set(known) - seen):
        yield SAMPLE, 0, f"does not show {key}"


def figures(tree):
    if README not in tree.files:
        return
    match = FIGURES.search(tree.text(README))
    if not match:
        yield README, 0, "has no figures between their markers"
    elif match.group(1) != digest(match.group(2)):
        line = tree.text(README).count("\n", 0, match.start()) + 1
        yield README, line, "the figures were not written by `make numbers`"


CHECKS = [tables, sample, figures]


def main():
    from tree import read

    root = pathlib.Path(__file__).resolve().parents[2]
    tree = read(root)
    text = (root / README).read_text()
    for name, (_, table) in TABLES.items():
        text = marked(name).sub(lambda m, t=table: m.group(1) + t(tree) + m.group(3), text)
    (root / README).write_text(text)


if __name__ == "__main__":
    main()
