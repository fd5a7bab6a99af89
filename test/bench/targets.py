"""targets.py - what the gateway is to reach, as ratios within one run, and whether it did

A row is what is compared, the target, what was measured with its spread over
the rounds, and "met", "not met", or "void" where the run does not count.
"""
import tables

# work, of whom, CPU per request over whose, at most
CPU = [
    ("1k", "dpgw", "nginx", 2.0),
    ("1k", "dpgw", "lua", 0.7),
    ("12k", "dpgw", "nginx", 2.5),
    ("12k", "dpgw", "sub_filter", 1.0),
    ("12k", "dpgw", "lua", 0.2),
    ("post", "dpgw", "nginx", 2.4),
    ("1200k", "dpgw", "lua", 0.2),
    ("12m", "dpgw", "lua", 0.2),
    ("1k", "dpgw2", "dpgw", 1.1),
    ("12k", "dpgw2", "dpgw", 1.1),
    ("post", "dpgw2", "dpgw", 1.1),
]
LATE_MOST = 2                    # p99 added, of nginx's
PEAK_MOST = 1.1                  # peak memory at 12 MB over that at 1.2 MB: the same
KIB_MOST = {"streams": ("open SSE stream", 32), "idle": ("idle connection, plain", 6)}
TEXT_LEAST, DENSE_LEAST = 1.2, 0.9
TOKENS_MOST = 2                  # CPU per byte, tokens of 8 MiB over 1 KiB: not quadratic


def verdict(met, void):
    return "void" if void else "met" if met else "not met"


def at_most(what, most, value, void=(), spread=""):
    return [what, f"≤ {most:g}", f"{value:.2f}{spread}", verdict(value <= most, void)]


def cpu_rows(works, labels):
    for work, own, other, most in CPU:
        rows = works.get(work, {"rows": {}})["rows"]
        if own not in rows or other not in rows:
            continue
        ratio, flat = (tables.ratios(rows[own], rows[other], kind) for kind in ("turns", "flat"))
        if ratio:
            yield at_most(f"{works[work]['label']}: CPU per request, {plain(labels[own])} over "
                          f"{plain(labels[other])}", most, ratio["median"],
                          works[work]["void"] + rows[own]["void"] + rows[other]["void"],
                          f" ({ratio['least']:.2f}–{ratio['most']:.2f}), "
                          f"flat out {flat['median']:.2f}")


def plain(label):
    return label.replace("*", "")


def late_rows(works):
    for work in works.values():
        rows = work["rows"]
        late = {name: tables.added(rows[name], rows["direct"]) for name in ("dpgw", "nginx")
                if name in rows}
        if all(late.values()) and len(late) == 2:
            own, other = (late[name]["p99_us"] for name in ("dpgw", "nginx"))
            yield [f"{work['label']}: p99 added at 30 % load, dpgw over nginx (aim)",
                   f"≤ {LATE_MOST}", f"{own:.0f} µs, nginx {other:.0f} µs",
                   verdict(own <= LATE_MOST * max(other, 0),
                           work["void"] + rows["dpgw"]["void"] + rows["nginx"]["void"])]


def memory_rows(bench):
    peaks = [bench["works"].get(name, {"rows": {}})["rows"].get("dpgw", {}).get("peak_bytes")
             for name in ("1200k", "12m")]
    if all(peaks):
        yield at_most("peak memory at 12 MB over that at 1.2 MB", PEAK_MOST, peaks[1] / peaks[0])
    for kind, (what, most) in KIB_MOST.items():
        found = bench.get(kind, {}).get("dpgw", {})
        if "each_bytes" in found:
            kib = found["each_bytes"] / 1024
            yield [what, f"≤ {most} KiB", f"{kib:.1f} KiB", verdict(kib <= most, ())]


def splicer_rows(splicer):
    for document in splicer["documents"]:
        least = TEXT_LEAST if document["name"].startswith("text") else DENSE_LEAST
        for way in ("response", "request"):
            ratio = document[f"{way}_ratio"]
            yield [f"splicer over `yajl_parse`: {document['name']}, {way}s", f"≥ {least}",
                   f"{ratio:.2f}", verdict(ratio >= least, ())]
    worst = max(token["ratio"] for token in splicer["tokens"])
    yield at_most("splicer: CPU per byte, tokens of 8 MiB over 1 KiB, the worst", TOKENS_MOST, worst)


def rows(bench, splicer=None):
    """Every target of which BENCH (and SPLICER) have the figures."""
    found = [*cpu_rows(bench["works"], bench["labels"]), *late_rows(bench["works"]),
             *memory_rows(bench)]
    return found + (list(splicer_rows(splicer)) if splicer else [])
