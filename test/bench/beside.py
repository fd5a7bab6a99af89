"""beside.py - the figures of build/bench.json as tables: (heads, rows of cells)"""
import tables
import targets

FIDELITY = ["numbers", "order", "duplicates", "empty", "escapes", "names", "requests",
            "streamed", "events"]
HELD = ["streams", "idle", "upload"]


def figure(spread, form="{:.1f}"):
    return f"{form.format(spread['median'])} ({form.format(spread['least'])}–" \
        f"{form.format(spread['most'])})" if spread else "–"


def middle(spread, form):
    return form.format(spread["median"]) if spread else "–"


def requests(bench, work):
    """What each row takes for one work."""
    rows = work["rows"]
    head = [work["label"], "CPU µs a request (rounds)", "at requests/s", "dpgw over it",
            "flat out: CPU µs", "dpgw over it", "requests/s", "p50 added, µs", "p99", "peak MiB"]
    cells = []
    for name, row in rows.items():
        own, flat = (tables.ratios(rows["dpgw"], row, kind)
                     if "dpgw" in rows and name not in ("dpgw", "direct") else None
                     for kind in ("turns", "flat"))
        late = tables.added(row, rows["direct"]) if name != "direct" else None
        cells.append([
            bench["labels"][name] + (" (void)" if row["void"] else ""), figure(row.get("cpu_us")),
            middle(row.get("rate"), "{:.0f}"), middle(own, "{:.2f}"),
            middle(row.get("flat_cpu_us"), "{:.1f}"), middle(flat, "{:.2f}"),
            middle(row.get("rps"), tables.at_least(row) + "{:.0f}"),
            *(f"{late[p]:.0f}" if late else "–" for p in ("p50_us", "p99_us")),
            f"{row['peak_bytes'] / 2**20:.1f}" if row["peak_bytes"] else "–"])
    return head, cells


def sizing(bench):
    """What one worker of the gateway carries on one core."""
    cells = []
    for work in bench["works"].values():
        row = work["rows"].get("dpgw", {})
        if "rps" in row and not work["counted"]:
            cells.append([f"requests a second: {work['label']}",
                          middle(row["rps"], tables.at_least(row) + "{:.0f}")])
    for kind, what in (("streams", "open event stream"), ("idle", "idle connection")):
        if "each_bytes" in (found := bench.get(kind, {}).get("dpgw", {})):
            cells.append([f"memory of an {what}", f"{found['each_bytes'] / 1024:.1f} KiB"])
    if "cpu_us" in (found := bench.get("streams", {}).get("dpgw", {})):
        cells.append([f"share of the core that {found['streams']} open event streams take, "
                      f"{found['a_second']} events a second each",
                      f"{found['cpu_us'] * found['streams'] * found['a_second'] / 1e4:.0f} %"])
    return ["one worker on one core", "carries"], cells


def held(bench):
    """What stays open, and the upload, a row a proxy."""
    def cell(kind, name, form):
        found = bench.get(kind, {}).get(name, {})
        return form(found) if found and "void" not in found else "–"

    head = ["", "SSE stream, KiB", "CPU µs an event", "idle connection, KiB", "upload, CPU s a GiB",
            "peak MiB"]
    return head, [[
        bench["labels"][name],
        cell("streams", name, lambda f: f"{f['each_bytes'] / 1024:.1f}"),
        cell("streams", name, lambda f: f"{f['cpu_us']:.1f}"
             + ("" if f["translated"] else " (untranslated)")),
        cell("idle", name, lambda f: f"{f['each_bytes'] / 1024:.1f}"),
        cell("upload", name, lambda f: f"{f['cpu_seconds'] * 2**30 / f['bytes']:.2f}"),
        cell("upload", name, lambda f: f"{f['peak_bytes'] / 2**20:.1f}"),
    ] for name in bench["labels"] if any(name in bench.get(kind, {}) for kind in HELD)]


def fidelity(bench):
    """What each keeps of the bytes."""
    head = ["kept: numbers, key order, doubled keys, `[]` and `{}`, escapes; all names renamed; "
            "what became of a request; whether the first byte streams; events", *FIDELITY]
    return head, [[bench["labels"][name], *(
        "–" if part not in found else found[part] if isinstance(found[part], str)
        else "yes" if found[part] else "no" for part in FIDELITY)]
        for name, found in bench.get("fidelity", {}).items()]


def all_tables(bench, splicer):
    """Every table that has rows, of as much as was measured."""
    return [(head, rows) for head, rows in each_table(bench, splicer) if rows]


def each_table(bench, splicer):
    """Targets first, then every work, then the rest; last what is void, and why."""
    yield ["target, within one run", "target", "measured", ""], targets.rows(bench, splicer)
    yield sizing(bench)
    for work in bench["works"].values():
        yield requests(bench, work)
    yield held(bench)
    yield fidelity(bench)
    void = [[work["label"], bench["labels"].get(name, ""), why]
            for work in bench["works"].values()
            for name, whys in [("", work["void"]),
                               *((n, r["void"]) for n, r in work["rows"].items())]
            for why in whys]
    yield ["void: these do not count", "row", "why"], void
