"""documents.py - README and the sample say what the code says

Errors are the rows of OUTCOMES (gateway/exchange/outcome.h); settings are the
rows of the table in gateway/conf; figures are whatever `make numbers` wrote,
kept honest by a digest in their marker.
"""
import hashlib
import re

README = "README.md"
OUTCOMES = "gateway/exchange/outcome.h"
OUTCOME_ROW = re.compile(r'^\s*X\(\w+,\s*(\d{3}),\s*"([A-Z_]*)"', re.M)
FIGURES = re.compile(r"<!-- numbers: begin (\w*) -->\n(.*?)<!-- numbers: end -->", re.S)


def section(tree, name):
    """(first line, text) of what stands in README between the markers of NAME, or None."""
    if README not in tree.files:
        return None
    text = tree.text(README)
    match = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", text, re.S)
    return (text.count("\n", 0, match.start(1)) + 1, match.group(1)) if match else None


def digest(text):
    """The digest that the marker of the figures TEXT carries."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def errors(tree):
    if OUTCOMES not in tree.files:
        return
    in_code = {(code, status) for status, code in OUTCOME_ROW.findall(tree.text(OUTCOMES)) if code}
    place = section(tree, "errors")
    if place is None:
        yield README, 0, "has no table of errors between its markers"
        return
    rows = re.findall(r"^\| *`([A-Z_]+)` *\| *(\d{3})\b", place[1], re.M)
    for code, status in sorted(in_code - set(rows)):
        yield README, place[0], f"the table of errors lacks {code} {status}"
    for code, status in sorted(set(rows) - in_code):
        yield README, place[0], f"the code makes no {code} {status}"
    if len(rows) != len(set(rows)):
        yield README, place[0], "the table of errors has a row twice"


def figures(tree):
    if README not in tree.files:
        return
    match = FIGURES.search(tree.text(README))
    if not match:
        yield README, 0, "has no figures between their markers"
    elif match.group(1) != digest(match.group(2)):
        line = tree.text(README).count("\n", 0, match.start()) + 1
        yield README, line, "the figures were not written by `make numbers`"


CHECKS = [errors, figures]
