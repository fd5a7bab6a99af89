"""queries.py - the queries of the alerts and the dashboard, and what they ask for that isn't there

PromQL is not parsed: names that begin as ours do, the braces behind them, and
the lists of `by` and `on` are enough to find a metric, a label or a value
that the page does not have.
"""
import json
import re

import program
import tools
import yaml

DASHBOARD = program.ROOT / "config/grafana/dpgw.json"
METRIC = re.compile(r"\b((?:dpgw|process)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
TARGET = {"job", "instance"}     # labels that Prometheus itself adds


def of_alerts():
    """{where: query}"""
    groups = yaml.safe_load(tools.RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def dashboard():
    return json.loads(DASHBOARD.read_text())


def of_dashboard():
    """{where: query}, with Grafana's variables filled in."""
    found = {}
    board = dashboard()
    for panel in board["panels"] + board["annotations"]["list"]:
        for target in panel.get("targets", [panel] if "expr" in panel else []):
            query = target["expr"].replace("$__rate_interval", "1m")
            where = f"{panel.get('title', panel.get('name'))} {target.get('refId', '')}"
            assert where not in found, where
            found[where] = re.sub(r"\$(job|instance)\b", ".*", query)
    return found


def _matcher_complaints(name, braces, values):
    for label, how, wanted in MATCHER.findall(braces):
        if label in TARGET:
            continue
        if label not in values:
            yield f"{name} has no label {label}"
            continue
        for one in wanted.split("|") if "~" in how else [re.escape(wanted)]:
            if not any(re.fullmatch(one, value) for value in values[label]):
                yield f"{name} has no {label} like {one}"


def complaints(query, page):
    """What QUERY asks for and PAGE, a scrape.Page, does not have."""
    found, labels = [], set(TARGET)
    for name, braces in METRIC.findall(query):
        if name not in page.values:
            found.append(f"there is no {name}")
            continue
        labels |= page.values[name].keys()
        found += _matcher_complaints(name, braces, page.values[name])
    for grouped in GROUPED.findall(query):
        found += [f"nothing has a label {label}" for label in re.findall(r"\w+", grouped)
                  if label not in labels]
    return found
