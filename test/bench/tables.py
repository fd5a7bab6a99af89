"""tables.py - what was measured, as people read it on a terminal"""
import statistics

BARE = {"curl": "bare curl multi, no proxying", "direct": "the service itself"}

HELD = {
    "fidelity": "what is kept of the bytes, and what streams",
    "streams": "open event streams, 5 events a second each",
    "idle": "idle connections, after one request each",
    "upload": "one upload of raw bytes",
}


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def ratios(one, other, kind="turns"):
    """The spread of the CPU of ONE's turns over OTHER's, round by round; None without any."""
    found = [a["cpu_us"] / b["cpu_us"] for a, b in zip(one[kind], other[kind])]
    return spread(found) if found else None


def added(row, direct):
    """Microseconds of latency added over DIRECT: medians of the rounds' p50 and p99."""
    if not row["latency"] or not direct["latency"]:
        return None
    return {part: statistics.median(r[part] - d[part]
                                    for r, d in zip(row["latency"], direct["latency"]))
            for part in ("p50_us", "p99_us")}


def cell(value, form, width):
    return f"{'-' if value is None else form.format(value):>{width}}"


def at_least(row):
    """What stands before the most that ROW took, if it was the clients who could do no more."""
    return "≥ " if row.get("at_least") else ""


def show_work(found, rows):
    """One table: a line for each row that took part."""
    labels = {row.name: row.label.replace("*", "").replace("`", "") for row in rows} | BARE
    print(f"\n{found['label']:<32} CPU us/request (rounds)     at/s dpgw/this  clients' core"
          "  flat out: CPU us dpgw/this requests/s  added p50, p99 us  peak MiB")
    own, direct = found["rows"].get("dpgw"), found["rows"]["direct"]
    for name, row in found["rows"].items():
        cpu, flat, rps = (row.get(k) for k in ("cpu_us", "flat_cpu_us", "rps"))
        ratio, flat_ratio = (ratios(own, row, kind) if own and of and name not in ("dpgw", "direct")
                             else None for kind, of in (("turns", cpu), ("flat", flat)))
        late = added(row, direct) if name != "direct" else None
        print(f"{labels[name]:<32}",
              f"{cpu['median']:>8.1f} {'(%.1f-%.1f)' % (cpu['least'], cpu['most']):<14}"
              if cpu else f"{'-':>8}{'':<15}",
              cell(cpu and row["rate"]["median"], "{:.0f}", 8),
              cell(ratio and ratio["median"], "{:.2f}", 9),
              cell(cpu and 100 * row["client_core"]["median"], "{:.0f} %", 14),
              cell(flat and flat["median"], "{:.1f}", 17),
              cell(flat_ratio and flat_ratio["median"], "{:.2f}", 9),
              cell(rps and rps["median"], at_least(row) + "{:.0f}", 10),
              f"{late['p50_us']:>10.0f} {late['p99_us']:>7.0f}" if late else f"{'-':>10}{'':>8}",
              cell(row["peak_bytes"] and row["peak_bytes"] / 2**20, "{:.1f}", 9))
    for name, row in found["rows"].items():
        for void in row["void"]:
            print(f"  void: {labels[name]}: {void}")
    for void in found["void"]:
        print(f"  void: {void}")


def show_one(kind, row, of):
    """One row of one of HELD."""
    if "void" in of:
        text = f"void: {of['void']}"
    elif kind == "fidelity":
        text = "  ".join(f"{k} {v if isinstance(v, str) else 'yes' if v else 'no'}"
                         for k, v in of.items())
    elif kind == "upload":
        text = (f"{of['cpu_seconds'] * 2**30 / of['bytes']:.2f} CPU s/GiB, "
                f"{of['bytes'] / of['seconds'] / 1e6:.0f} MB/s, peak {of['peak_bytes'] / 2**20:.1f} MiB")
    else:
        text = f"{of['each_bytes'] / 1024:.1f} KiB each"
        if kind == "streams":
            text += f", {of['cpu_us']:.1f} CPU us an event" + \
                ("" if of["translated"] else ", untranslated")
    print(f"{row.label.replace('*', '').replace('`', ''):<32} {text}", flush=True)


def show_targets(rows):
    """What was to be reached."""
    if rows:
        print("\ntargets, as ratios within this run")
    for what, target, value, verdict in rows:
        print(f"{what.replace('`', ''):<86} {target:>9} {value:>34}  {verdict}")
