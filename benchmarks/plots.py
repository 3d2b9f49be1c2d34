"""Draws the two plots of docs/benchmarks.md: `python plots.py FIGURES FOLDER`.

It runs in the peers' environment, which has matplotlib. The plots are SVG with colours for light
and for dark pages; text stays text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

mpl.use("svg")
# Drawn in the light colours; a style sheet in the file turns them into the dark ones.
DARK = {
    "#ffffff": "#0d1117",
    "#1f2328": "#e6edf3",
    "#d0d7de": "#30363d",
    "#0969da": "#58a6ff",
    "#8c959f": "#6e7681",
}
PAPER, INK, GRID, OURS, OTHERS = DARK
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
}


def speed(bars: list[dict[str, Any]], target: Path) -> None:
    """Draw MB/s of every tool as bars, on a logarithmic scale."""
    bars = sorted(bars, key=lambda bar: float(bar["rate"]))
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(bars) + 1.1), layout="constrained")
    colours = [OURS if bar["ours"] else OTHERS for bar in bars]
    drawn = axes.barh([bar["name"] for bar in bars], [bar["rate"] for bar in bars], color=colours)
    axes.bar_label(drawn, [_figure(bar["rate"]) for bar in bars], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(right=max(bar["rate"] for bar in bars) * 4)
    axes.set_xlabel("MB/s, logarithmic; more is better")
    axes.grid(axis="x")
    _finish(figure, axes, target)


def quality(points: list[dict[str, Any]], target: Path) -> None:
    """Draw the share of dirty lines found against the share of clean lines flagged."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for point in points:
        colour = OURS if point["ours"] else OTHERS
        axes.scatter(point["false"] * 100, point["recall"] * 100, color=colour, s=60, zorder=3)
    for point, (x, y) in zip(points, _labels(points), strict=True):
        axes.annotate(point["name"], (x, y), xytext=(8, 0), textcoords="offset points", va="center")
    axes.set_xlim(-1, max(10.0, *(point["false"] * 100 for point in points)) * 1.35)
    axes.set_ylim(0, 104)
    axes.set_xlabel("clean lines flagged, %; less is better")
    axes.set_ylabel("dirty lines found, %; more is better")
    axes.grid()
    _finish(figure, axes, target)


def _labels(points: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return where the names go: beside their points, moved apart where points are close."""
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda each: -float(each["recall"])):
        x, y = point["false"] * 100, point["recall"] * 100
        while any(abs(x - other) < 12 and abs(y - above) < 4.5 for other, above in taken):
            y -= 1
        taken.append((x, y))
    order = sorted(range(len(points)), key=lambda at: -float(points[at]["recall"]))
    return [taken[order.index(at)] for at in range(len(points))]


def _figure(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"


def _finish(figure: Any, axes: Any, target: Path) -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = target.read_text("utf-8")
    head, tag, rest = svg.partition("<defs>")
    lines = (line.rstrip() for line in f"{head}{_style()}{tag}{rest}".splitlines())
    target.write_text("\n".join(lines) + "\n", "utf-8")


def _style() -> str:
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>\n "


def main(figures: str, folder: str) -> None:
    """Draw both plots."""
    data = json.loads(Path(figures).read_bytes())
    with mpl.rc_context(STYLE):
        speed(data["speed"], Path(folder) / "benchmarks-speed.svg")
        quality(data["quality"], Path(folder) / "benchmarks-quality.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
