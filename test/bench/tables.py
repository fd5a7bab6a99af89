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


def ratios(one, other, name="cpu_us"):
    """The spread of NAME of ONE's turns over OTHER's, round by round; None without any."""
    found = [a[name] / b[name] for a, b in zip(one["turns"], other["turns"])
             if name in a and name in b]
    return spread(found) if found else None


def added(row, direct):
    """Microseconds of latency added over DIRECT: medians of the rounds' p50 and p99."""
    if not row["latency"]:
        return None
    return {part: statistics.median(r[part] - d[part]
                                    for r, d in zip(row["latency"], direct["latency"]))
            for part in ("p50_us", "p99_us")}


def cell(value, form, width):
    return f"{'-' if value is None else form.format(value):>{width}}"


def show_work(found, rows):
    """One table: a line for each row that took part."""
    labels = {row.name: row.label.replace("*", "").replace("`", "") for row in rows} | BARE
    print(f"\n{found['label']:<32} CPU us/request (rounds) dpgw/this  requests/s   peak MiB"
          "  added p50, p99 us  clients' core")
    own, direct = found["rows"].get("dpgw"), found["rows"]["direct"]
    for name, row in found["rows"].items():
        cpu, rps, core = (row.get(k) for k in ("cpu_us", "rps", "client_core"))
        ratio = ratios(own, row) if own and cpu and name != "dpgw" else None
        late = added(row, direct) if name != "direct" else None
        print(f"{labels[name]:<32}",
              f"{cpu['median']:>8.1f} {'(%.1f-%.1f)' % (cpu['least'], cpu['most']):<14}"
              if cpu else f"{'-':>8}{'':<15}",
              cell(ratio and ratio["median"], "{:.2f}", 9),
              cell(rps and rps["median"], "{:.0f}", 11),
              cell(row["peak_bytes"] and row["peak_bytes"] / 2**20, "{:.1f}", 10),
              f"{late['p50_us']:>10.0f} {late['p99_us']:>7.0f}" if late else f"{'-':>10}{'':>8}",
              cell(core and 100 * core["median"], "{:.0f} %", 13))
    if found["rate"]:
        print(f"  (latency at {found['rate']:.0f} requests a second)")
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
        print(f"{what.replace('`', ''):<86} {target:>9} {value:>20}  {verdict}")
