"""chart.py - CPU per request of all proxies, drawn as SVG

One panel a work, a bar a row, on a logarithmic scale, since the slowest takes
some tens of times what the fastest takes; a whisker spans the rounds.  Colours
are legible on a light and on a dark page.
"""
import html
import math

WIDTH, LEFT, RIGHT, BAR, GAP, TITLE = 900, 250, 130, 16, 6, 40
STYLE = """
text { font: 13px sans-serif; fill: #24292f }
.title { font-weight: bold } .note { font-size: 11px; fill: #57606a }
.bar { fill: #8c959f } .own { fill: #1f6feb } .grid { stroke: #d0d7de } .span { stroke: #24292f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .bar { fill: #6e7681 } .own { fill: #4493f8 }
  .grid { stroke: #3d444d } .span { stroke: #e6edf3 } .page { fill: #0d1117 }
}
"""


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
            f"{html.escape(words)}</text>")


class Scale:
    """Places of values from LEAST to MOST on a logarithmic axis of powers of ten."""

    def __init__(self, least, most):
        self.low, self.high = math.floor(math.log10(least)), math.ceil(math.log10(most))
        self.high = max(self.high, self.low + 1)

    def __call__(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def marks(self):
        return [10 ** n for n in range(self.low, self.high + 1)]


def amount(us):
    return f"{us:.0f} µs" if us < 10000 else f"{us / 1000:.0f} ms"


def panel(work, labels, top):
    """(lines of SVG, height) of WORK's bars."""
    rows = [(name, row["cpu_us"]) for name, row in work["rows"].items() if "cpu_us" in row]
    void = {name for name, row in work["rows"].items() if row["void"] or work["void"]}
    scale = Scale(min(c["least"] for _, c in rows), max(c["most"] for _, c in rows))
    bottom = top + TITLE + len(rows) * (BAR + GAP)
    lines = [text(8, top + 18, f"{work['label']}: CPU per request", "title")]
    for mark in scale.marks():
        x = scale(mark)
        lines += [f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{top + TITLE - 6}" y2="{bottom}" '
                  'class="grid"/>', text(x, top + TITLE - 10, amount(mark), "note", "middle")]
    for number, (name, cpu) in enumerate(rows):
        y = top + TITLE + number * (BAR + GAP)
        end, middle = scale(cpu["median"]), y + BAR / 2
        lines += [
            text(LEFT - 8, y + 13, labels[name], "", "end"),
            f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.0f}" height="{BAR}" '
            f'class="{"own" if name.startswith("dpgw") else "bar"}"/>',
            f'<line x1="{scale(cpu["least"]):.0f}" x2="{scale(cpu["most"]):.0f}" '
            f'y1="{middle:.0f}" y2="{middle:.0f}" class="span"/>',
            text(max(end, scale(cpu["most"])) + 6, y + 13,
                 amount(cpu["median"]) + " (void)" * (name in void))]
    return lines, bottom + 16 - top


def svg(bench):
    """The plot of BENCH, the content of build/bench.json."""
    labels = {name: label.replace("*", "").replace("`", "")
              for name, label in bench["labels"].items()}
    lines, top = [text(8, 22, f"{bench['date']}, commit {bench['commit']}; {bench['machine']}", "note"),
                  text(8, 38, "medians and spans of the rounds, on a logarithmic scale; each asked at "
                       f"{100 * bench['shares']['paced']:.0f} % of the rate that it can take, or of "
                       "dpgw's where that is less", "note")], 44
    for work in bench["works"].values():
        if any("cpu_us" in row for row in work["rows"].values()):
            more, height = panel(work, labels, top)
            lines += more
            top += height
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" '
        'aria-label="CPU per request of the gateway and of other proxies">',
        f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{top}" fill="#fff" class="page"/>',
        *lines, "</svg>", ""])
