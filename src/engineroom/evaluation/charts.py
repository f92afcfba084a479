"""Exhibit data → SVG. Drawn by matplotlib without a window; colours become CSS variables, so that the page's light and dark recolour them."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

INK, SOFT, FAINT = "#010203", "#040506", "#070809"  # stand-ins: text, axis text, grid lines
SERIES = ["#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04"]
VARIABLES = {INK: "var(--ink)", SOFT: "var(--soft)", FAINT: "var(--line)", **{c: f"var(--series-{i + 1})" for i, c in enumerate(SERIES)}}
MOST_BARS, MOST_CELLS = 30, 25
MOST_POINTS, MOST_LINE = 1500, 400


def draw(kind: str, data: Mapping[str, Any], title: str) -> str:
    """The SVG of a chart kind, or a plain sentence where there is nothing to draw."""
    try:
        svg = CHARTS[kind](data)
    except NothingToDraw:
        return '<p class="empty">Nothing to draw.</p>'
    label = html.escape(title, quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


class NothingToDraw(Exception):
    """The data hold no finite number."""


def figure(width: float = 6.4, height: float = 3.4):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "engineroom",
            "font.size": 11,
            "font.family": "sans-serif",
            "text.color": INK,
            "axes.labelcolor": SOFT,
            "xtick.color": SOFT,
            "ytick.color": SOFT,
            "axes.edgecolor": FAINT,
            "axes.linewidth": 1.0,
            "legend.frameon": False,
            "text.parse_math": False,
        }
    )
    fig = Figure(figsize=(width, height), layout="constrained")
    ax = fig.add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(length=0)
    ax.set_axisbelow(True)
    return fig, ax


def finish(fig) -> str:
    """The figure as inline SVG: variables for colours, the page's font, no metadata."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    head, _, rest = svg.partition(">")
    size = [part for part in head.split() if part.startswith("viewBox")]
    box = head[head.index("viewBox") :].split('"')[1] if size else "0 0 460 245"
    return f'<svg viewBox="{box}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{rest}'


def lines(data: Mapping[str, Any]) -> str:
    fig, ax = figure()
    drawn = 0
    for i, one in enumerate(data["series"]):
        x, y = finite(one["x"], one["y"])
        if not len(x):
            continue
        keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_LINE)).astype(int))
        style = {"color": SERIES[i % 4], "linewidth": 1.8, "linestyle": "--" if one.get("dashed") else "-"}
        ax.plot(x[keep], y[keep], marker="o" if len(x) <= 14 else "", markersize=4, label=short(one["name"]), **style)
        drawn += 1
    if not drawn:
        raise NothingToDraw
    if data.get("diagonal"):
        low, high = max(ax.get_xlim()[0], ax.get_ylim()[0]), min(ax.get_xlim()[1], ax.get_ylim()[1])
        ax.plot([low, high], [low, high], color=FAINT, linewidth=1.2, zorder=0)
    for mark in data.get("marks", []):
        ax.axvline(mark["x"], color=SOFT, linewidth=1, linestyle=":")
        ax.text(mark["x"], ax.get_ylim()[1], f" {mark['label']}", color=SOFT, fontsize=9, va="top")
    if data.get("log_x"):
        ax.set_xscale("log")
    if data.get("log_y"):
        ax.set_yscale("log")
    label(ax, data)
    if drawn > 1:
        ax.legend(loc="best", fontsize=9)
    return finish(fig)


def bars(data: Mapping[str, Any]) -> str:
    labels, series = list(data["labels"]), data["series"]
    values = np.array([one["values"] for one in series], float)
    if not values.size or not np.isfinite(values).any():
        raise NothingToDraw
    order = np.arange(len(labels))
    if len(labels) > MOST_BARS:
        order = np.argsort(-np.nansum(values, 0))[:MOST_BARS]
    longest = max(len(str(name)) for name in labels)
    flat = longest * len(order) > 60 or len(order) > 20
    fig, ax = figure(6.4, max(2.4, 0.26 * len(order) * max(1, 0.6 * len(series)) + 0.8) if flat else 3.2)
    thick = 0.8 / len(series)
    place = np.arange(len(order))
    for i, one in enumerate(series):
        shift = place + (i - (len(series) - 1) / 2) * thick
        height = np.nan_to_num(values[i][order])
        (ax.barh if flat else ax.bar)(shift, height, thick * 0.9, color=SERIES[i % 4], label=short(one["name"]))
    names = [short(labels[i], 22) for i in order]
    if flat:
        ax.set_yticks(place, names)
        ax.invert_yaxis()
        ax.set_xlabel(data.get("y", ""))
        ax.grid(axis="x", color=FAINT, linewidth=0.6)
    else:
        ax.set_xticks(place, names)
        ax.set_ylabel(data.get("y", ""))
        ax.grid(axis="y", color=FAINT, linewidth=0.6)
    if len(series) > 1:
        ax.legend(fontsize=9, ncols=len(series), loc="lower right" if flat else "best")
    return finish(fig)


def histogram(data: Mapping[str, Any]) -> str:
    edges = np.array(data["edges"], float)
    if len(edges) < 2 or not np.isfinite(edges).all():
        raise NothingToDraw
    fig, ax = figure()
    for i, one in enumerate(data["series"]):
        counts = np.nan_to_num(np.array(one["counts"], float))
        ax.stairs(
            counts / max(1.0, counts.sum()),
            edges,
            fill=i == 0,
            color=SERIES[i % 4],
            alpha=0.55 if i == 0 else 1,
            linewidth=1.6,
            label=short(one["name"]),
        )
    ax.set_ylabel("share of rows")
    ax.set_xlabel(short(data.get("x", ""), 60))
    if len(data["series"]) > 1:
        ax.legend(fontsize=9)
    return finish(fig)


def scatter(data: Mapping[str, Any]) -> str:
    points = np.array(data["points"], float).reshape(-1, 2)
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        raise NothingToDraw
    points = points[np.unique(np.linspace(0, len(points) - 1, min(MOST_POINTS, len(points))).astype(int))]
    fig, ax = figure(5.2, 4.4)
    ax.plot(points[:, 0], points[:, 1], "o", markersize=3, color=SERIES[0], alpha=0.45, markeredgewidth=0)
    if data.get("diagonal"):
        low, high = points.min(), points.max()
        ax.plot([low, high], [low, high], color=SOFT, linewidth=1)
    label(ax, data)
    return finish(fig)


def matrix(data: Mapping[str, Any]) -> str:
    values = np.array(data["values"], float)
    if not values.size:
        raise NothingToDraw
    share = values / np.maximum(values.sum(1, keepdims=True), 1) if data.get("share") == "rows" else values / max(1.0, values.max())
    n, many = len(values), len(values) > MOST_CELLS
    size = min(7.0, max(3.2, 0.42 * n + 1.6)) if not many else 6.0
    fig, ax = figure(size, size * 0.92)
    for row in range(n):
        for column in range(values.shape[1]):
            if values[row, column] <= 0:
                continue
            good = row == column
            ax.add_patch(square(column, row, SERIES[0] if good else SERIES[1], 0.12 + 0.88 * float(share[row, column])))
            if not many:
                ax.text(
                    column,
                    row,
                    f"{values[row, column]:.0f}",
                    ha="center",
                    va="center",
                    fontsize=9 if n <= 12 else 7,
                    color="#ffffff" if share[row, column] > 0.55 else INK,
                )
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(n - 0.5, -0.5)
    if not many:
        ax.set_xticks(
            range(values.shape[1]), [short(c, 12) for c in data["columns"]], rotation=45 if n > 6 else 0, ha="right" if n > 6 else "center"
        )
        ax.set_yticks(range(n), [short(r, 16) for r in data["rows"]])
    else:
        ax.set_xticks([])
        ax.set_yticks([])
    ax.set_xlabel(data.get("x", ""))
    ax.set_ylabel(data.get("y", ""))
    ax.spines[:].set_visible(many)
    return finish(fig) + (confused(values, data) if many else "")


def square(x: float, y: float, colour: str, alpha: float):
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, facecolor=colour, alpha=alpha, linewidth=0)


def confused(values: np.ndarray, data: Mapping[str, Any], most: int = 12) -> str:
    """The pairs that are mistaken most often, in words: a large matrix cannot carry names."""
    off = values.copy()
    np.fill_diagonal(off, 0)
    order = np.argsort(-off.ravel())[:most]
    items = [
        f"<li><b>{html.escape(str(data['rows'][i // len(off)]))}</b> taken for <b>{html.escape(str(data['columns'][i % len(off)]))}</b> <span>{off.ravel()[i]:.0f}×</span></li>"
        for i in order
        if off.ravel()[i] > 0
    ]
    return f'<ol class="pairs">{"".join(items)}</ol>'


def intervals(data: Mapping[str, Any]) -> str:
    rows = [row for row in data["rows"] if is_finite(row["value"])]
    if not rows:
        raise NothingToDraw
    fig, ax = figure(6.4, 0.5 * len(rows) + 0.9)
    for i, row in enumerate(rows):
        low, high = (row[k] if is_finite(row.get(k)) else row["value"] for k in ("low", "high"))
        ax.plot([low, high], [i, i], color=SERIES[i % 4], linewidth=3, solid_capstyle="round", alpha=0.5)
        ax.plot([row["value"]], [i], "o", color=SERIES[i % 4], markersize=8)
        ax.text(row["value"], i - 0.22, f"{row['value']:.4g}", ha="center", va="bottom", fontsize=9, color=INK)
    ax.set_yticks(range(len(rows)), [short(row["name"]) for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.7)
    ax.set_xlabel(short(data["metric"], 40))
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.spines["left"].set_visible(False)
    return finish(fig)


def label(ax, data: Mapping[str, Any]) -> None:
    ax.set_xlabel(short(data.get("x", ""), 60))
    ax.set_ylabel(short(data.get("y", ""), 40))
    ax.grid(color=FAINT, linewidth=0.6)


def finite(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.array([math.nan if v is None else v for v in x], float), np.array([math.nan if v is None else v for v in y], float)
    good = np.isfinite(a) & np.isfinite(b)
    return a[good], b[good]


def is_finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def short(text: Any, most: int = 28) -> str:
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


CHARTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lines": lines,
    "bars": bars,
    "histogram": histogram,
    "scatter": scatter,
    "matrix": matrix,
    "intervals": intervals,
}
