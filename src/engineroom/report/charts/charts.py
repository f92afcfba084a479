"""Exhibit data → SVG: lines, histograms, scatters, intervals here; bars and matrices beside. Small and legible for any
data."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.sampling import evenly
from .bars import MOST_BARS, bars
from .canvas import (
    DASHES,
    MOST_SERIES,
    SERIES,
    SOFT,
    WIDTH,
    NothingToDraw,
    alike,
    column,
    figure,
    finish,
    label,
    legend,
    short,
    style,
)
from .heatmaps import matrix

LEAST_RANGE = 0.02  # of the largest: nearer than that, the axes would tell digits and no distance
FAR = 0.25  # intervals that would share less of the axis than this get one without the row that is so far off
MOST_POINTS, MOST_LINE, MOST_LINE_POINTS = 1500, 400, 2400


def draw(kind: str, data: Mapping[str, Any], title: str) -> str:
    """The SVG of a chart kind with its legend, or a plain sentence where there is nothing to draw."""
    try:
        with style():
            drawn = CHARTS[kind](data)
    except NothingToDraw:
        return '<p class="empty">Nothing to draw: no numbers came in.</p>'
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{html.escape(short(title, 120), quote=True)}" ')


def lines(data: Mapping[str, Any]) -> str:
    series = data["series"][:MOST_SERIES]
    fig, ax = figure()
    names = []
    for i, one in enumerate(series):
        x, y, low, high = points_of(one, data, most=min(MOST_LINE, MOST_LINE_POINTS // len(series)))
        if not len(x):
            continue
        dash = DASHES[1] if one.get("dashed") else DASHES[i // len(SERIES) % len(DASHES)]
        colour = SERIES[i % len(SERIES)]
        ax.plot(
            x,
            y,
            color=colour,
            linewidth=1.8,
            linestyle=dash,
            marker="o" if len(x) <= 14 else "",
            markersize=4.5,
            clip_on=len(x) > 14,
        )
        if low is not None:
            ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        names.append((one["name"], i, bool(one.get("dashed"))))
    if not names:
        raise NothingToDraw
    ax.set_xscale("log" if data.get("log_x") else "linear")
    ax.set_yscale("log" if data.get("log_y") else "linear")
    if data.get("diagonal"):
        diagonal(ax)
    for mark in data.get("marks") or []:
        annotate(ax, mark)
    label(ax, data.get("x", ""), data.get("y", ""))
    return legend(names) + finish(fig)


def points_of(one: Mapping[str, Any], data: Mapping[str, Any], *, most: int) -> tuple[np.ndarray, np.ndarray, Any, Any]:
    """x, y and the band (or None twice) of a series: finite, above zero where an axis is logarithmic, at most
    `most`."""
    size = min(len(one["x"]), len(one["y"]))
    x, y = column(one["x"][:size]), column(one["y"][:size])
    banded = one.get("low") and one.get("high") and min(len(one["low"]), len(one["high"])) >= size
    band = [column(one[k][:size]) for k in ("low", "high")] if banded else []
    good = np.isfinite(x) & np.isfinite(y)
    good &= (x > 0) if data.get("log_x") else True
    good &= (y > 0) if data.get("log_y") else True
    keep = np.flatnonzero(good)
    keep = keep[evenly(len(keep), most)] if len(keep) else keep
    low, high = (b[keep] for b in band) if band else (None, None)
    return x[keep], y[keep], low, high


def diagonal(ax: Any) -> None:
    """Both axes over the same range, and the line on which they are equal: nearness to it can be read."""
    box = ax.dataLim
    low, high = min(box.x0, box.y0), max(box.x1, box.y1)
    low = min(low, high - LEAST_RANGE * abs(high))
    room = 0.03 * ((high - low) or 1.0)
    ax.plot([low, high], [low, high], color=SOFT, linewidth=1, linestyle=(0, (2, 3)), zorder=2.5)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(low - room, high + room)


def annotate(ax: Any, mark: Mapping[str, Any]) -> None:
    """A dotted line across the chart with its word on the roomier side."""
    x = column([mark["x"]])[0]
    if not np.isfinite(x):
        return
    left, right = ax.get_xlim()
    late = x > left + 0.75 * (right - left)
    ax.axvline(x, color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
    place, aside = (x, 0.04), (-5 if late else 5, 0)
    look = {"color": SOFT, "ha": "right" if late else "left", "va": "bottom"}
    ax.annotate(
        short(mark["label"], 16), place, aside, xycoords=ax.get_xaxis_transform(), textcoords="offset points", **look
    )


def histogram(data: Mapping[str, Any]) -> str:
    edges = column(data["edges"])
    known = [(i, one, np.nan_to_num(column(one["counts"]))) for i, one in enumerate(data["series"][:MOST_SERIES])]
    known = [(i, one, c) for i, one, c in known if len(c) == len(edges) - 1 and c.sum() > 0]
    if len(edges) < 2 or not np.isfinite(edges).all() or not known:
        raise NothingToDraw
    fig, ax = figure()
    for i, _, counts in known:
        first = i == known[0][0]
        share = counts / counts.sum()
        if first:
            ax.stairs(share, edges, fill=True, color=SERIES[i % len(SERIES)], alpha=0.28, linewidth=0)
        ax.stairs(share, edges, color=SERIES[i % len(SERIES)], linewidth=1.7)
    label(ax, data.get("x", ""), "share of rows")
    return legend([(one["name"], i, False) for i, one, _ in known]) + finish(fig)


def scatter(data: Mapping[str, Any]) -> str:
    """ "points" [[x, y], …], or several kinds of them: "series" [{"name", "points"}, …]."""
    kinds = data.get("series") or [{"name": "", "points": data["points"]}]
    fig, ax = figure()
    names = []
    for i, one in enumerate(kinds[:MOST_SERIES]):
        points = (
            np.stack([column([p[k] for p in one["points"]]) for k in (0, 1)], 1) if one["points"] else np.empty((0, 2))
        )
        points = points[np.isfinite(points).all(1)]
        if not len(points):
            continue
        points = points[evenly(len(points), MOST_POINTS // len(kinds))]
        for part in range(4):  # dots of one path do not darken each other; those of four do
            dots(ax, points[part::4], SERIES[i % len(SERIES)])
        ax.update_datalim(points)
        names.append((one["name"], i, False))
    if not names:
        raise NothingToDraw
    ax.autoscale_view()
    if data.get("diagonal"):
        diagonal(ax)
    label(ax, data.get("x", ""), data.get("y", ""))
    return (legend(names) if len(names) > 1 else "") + finish(fig)


def dots(ax: Any, points: np.ndarray, colour: str) -> None:
    """Points (n, 2) as one path of strokes without length and with round ends: a fifth of the bytes of n circles."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not len(points):
        return
    path = Path(np.repeat(points, 2, 0), [Path.MOVETO, Path.LINETO] * len(points))
    path.should_simplify = False
    ax.add_patch(PathPatch(path, fill=False, edgecolor=colour, alpha=0.5, linewidth=4, capstyle="round"))


def intervals(data: Mapping[str, Any]) -> str:
    numbers = [column([row.get(k) for k in ("value", "low", "high")]) for row in data["rows"]]
    rows = [(row["name"], n) for row, n in zip(data["rows"], numbers, strict=True) if np.isfinite(n[0])][:MOST_BARS]
    if not rows:
        raise NothingToDraw
    fig, ax = figure(WIDTH, 0.4 * len(rows) + 0.75)
    said = alike([float(n[0]) for _, n in rows])
    spans = np.array(
        [[value if np.isnan(low) else low, value if np.isnan(high) else high] for _, (value, low, high) in rows]
    )
    start, end = window(spans)
    for i, (_, (value, _, _)) in enumerate(rows):
        colour = SERIES[i % len(SERIES)]
        if start <= value <= end:
            ax.plot(
                spans[i],
                [i, i],
                "|-",
                color=colour,
                linewidth=2,
                markersize=9,
                markeredgewidth=2,
                solid_capstyle="butt",
            )
            ax.plot([value], [i], "o", color=colour, markersize=6)
        else:
            edge = start + (0.02 if value < start else 0.98) * (end - start)
            ax.plot([edge], [i], "<" if value < start else ">", color=colour, markersize=8)
        ax.text(1.03, i, said[i], va="center_baseline", transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(rows)), [short(name, 20) for name, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    if np.isfinite(start):
        ax.set_xlim(start, end)
    label(ax, data.get("metric", ""), grid="x")
    ax.spines[:].set_visible(False)
    return finish(fig, [(name, 20) for name, _ in rows])


def window(spans: np.ndarray) -> tuple[float, float]:
    """How much of the axis shows (rows, 2) intervals: all of it, or only the others where the last row would squeeze
    them into dots."""
    low, high = spans[:-1].min(initial=np.inf), spans[:-1].max(initial=-np.inf)
    if len(spans) < 3 or not 0 < high - low < FAR * (spans.max() - spans.min()):
        return -np.inf, np.inf
    room = 0.1 * (high - low)
    return float(low - room), float(high + room)


CHARTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lines": lines,
    "bars": bars,
    "histogram": histogram,
    "scatter": scatter,
    "matrix": matrix,
    "intervals": intervals,
}
