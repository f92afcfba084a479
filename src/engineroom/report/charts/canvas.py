"""Where charts are drawn: one style for all of them, and matplotlib's SVG made small, clean and ready for light and
dark pages."""

from __future__ import annotations

import hashlib
import html
import io
import math
import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

INK, SOFT, FAINT = "#010203", "#040506", "#070809"  # stand-ins: text, axis text, grid lines
SERIES = [f"#0a0b0{i}" for i in range(1, 7)]
GOOD, BAD = "#0c0d01", "#0c0d02"  # cells of a matrix: ink stays legible on them
VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    FAINT: "var(--grid)",
    GOOD: "var(--heat-1)",
    BAD: "var(--heat-2)",
    **{c: f"var(--series-{i + 1})" for i, c in enumerate(SERIES)},
}
DASHES = ["-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2))]  # after six colours the dashes tell lines apart
MOST_SERIES = 12  # of a chart: more cannot be told apart
WIDTH, HEIGHT = 4.8, 3.2  # inches; 346 × 230 units: about one unit a pixel on a phone and in half a page
MOST, LONGEST = 28, 300  # columns of a name; characters of it that are kept for the pointer
HUGEST = 1e100  # beyond it matplotlib's own arithmetic overflows
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "engineroom",
    "font.size": 11,
    "font.family": "sans-serif",
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 1.0,
    "axes.formatter.useoffset": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "path.simplify": True,
}


class NothingToDraw(Exception):
    """The data hold no finite number."""


@contextmanager
def style() -> Iterator[None]:
    """The house's settings while a chart is drawn: the user's own neither show in it nor change."""
    import warnings

    from matplotlib.style import context

    with context(["default", STYLE]), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # glyphs that the measuring font lacks: the page's font has them
        yield


def figure(width: float = WIDTH, height: float = HEIGHT) -> tuple[Any, Any]:
    """(figure, axes) without box and tick marks; sizes in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    fig = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.04))
    ax = fig.add_subplot()
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(which="both", length=0, pad=5)
    ax.set_axisbelow(True)
    return fig, ax


def label(ax: Any, x: Any = "", y: Any = "", *, grid: str = "both") -> None:
    """Names of the axes, numbers short enough for a phone, faint grid lines."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_xlabel(short(x, 46), labelpad=5)
    ax.set_ylabel(short(y, 30), labelpad=5)
    for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y")):
        if grid in ("both", name):
            axis.set_major_formatter(FuncFormatter(compact))
            if axis.get_scale() == "linear":
                axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
            else:
                axis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
            ax.grid(axis=name, color=FAINT, linewidth=0.8)


def finish(fig: Any, names: Iterable[tuple[Any, int]] = ()) -> str:
    """The figure as inline SVG: variables for colours, the page's font, no ids of groups, no metadata, short numbers.

    `names` are the (text, columns) that were cut to fit, in the order drawn: the whole text shows under the pointer."""
    buffer = io.StringIO()
    fig.savefig(
        buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    svg = buffer.getvalue()
    box = re.search(r'viewBox="([^"]+)"', svg)
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    # it would style the whole page
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    key = hashlib.blake2b(body.encode(), digest_size=4).hexdigest()
    body = re.sub(r"<[^<>]+>", lambda tag: prefix_ids(tag[0], key), body)
    body = explain(re.sub(r">\s+<", "><", body), names)
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg viewBox="{box[1] if box else "0 0 346 230"}" {spaces}>{body.strip()}'


def prefix_ids(tag: str, key: str) -> str:
    """One tag, with ids that are this chart's own (`key`); the words between tags stay as the data have them."""
    if re.fullmatch(r'<g id="[\w.]+" ?/>', tag):
        return ""
    tag = re.sub(r'^<g id="[\w.]+"', "<g", tag)
    tag = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>k{key}", tag)
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    tag = re.sub(r"font: (\d+(?:\.\d+)?px) [^;\"]*", r"font-size: \1", tag)
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    tag = re.sub(r' (d|x|y)="([^"]*)"', shorten, tag)
    for colour, variable in VARIABLES.items():
        tag = tag.replace(colour, variable)
    return tag


def explain(body: str, names: Iterable[tuple[Any, int]]) -> str:
    """The texts of an SVG, those that were cut with the whole of it inside, for the pointer to show."""
    waiting: dict[str, deque[str]] = defaultdict(deque)
    for text, most in names:
        waiting[html.escape(short(text, most), quote=False)].append(whole(text) if is_cut(text, most) else "")

    def escape_label(found: re.Match[str]) -> str:
        full = waiting[found[1]].popleft() if waiting.get(found[1]) else ""
        return f">{f'<title>{html.escape(full)}</title>' if full else ''}{found[1]}</text>"

    return re.sub(r">([^<>]+)</text>", escape_label, body)


def tip(text: Any, most: int) -> str:
    """The attribute that shows under the pointer what `short` cut away."""
    return f' title="{html.escape(whole(text))}"' if is_cut(text, most) else ""


def shorten(found: re.Match[str]) -> str:
    """Coordinates to a tenth of a unit."""
    numbers = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), found[2])
    return f' {found[1]}="{" ".join(numbers.split())}"'


def legend(names: list[tuple[str, int, bool]]) -> str:
    """(name, place, dashed) of each series as HTML: it wraps on a phone and never covers a line."""
    if len(names) < 2:
        return ""
    items = ""
    for name, place, dashed in names:
        look = f"c{place % len(SERIES) + 1}{' dashed' if dashed or place >= len(SERIES) else ''}"
        items += f'<li class="{look}"{tip(name, MOST)}>{html.escape(short(name, MOST))}</li>'
    return f'<ul class="legend">{items}</ul>'


def compact(value: float, place: int | None = None) -> str:
    """An axis number in few characters: 1,200 · 250k · 1.5M · 1e-05."""
    for unit, suffix in ((1e12, ""), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= unit and suffix:
            text = f"{value / (1e3 if suffix == 'k' else unit):.7g}{suffix}"
            break
        if abs(value) >= unit:
            text = f"{value:.3g}"
            break
    else:
        text = f"{value:,.7g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.3g}"
    return text.replace("-", "−")


def number(value: Any) -> str:
    """Numbers as people read them; anything else as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if isinstance(value, int) or abs(value) >= 10_000 or (value.is_integer() and abs(value) >= 1000):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def alike(values: Sequence[Any]) -> list[str]:
    """Numbers that stand in one column: they share their decimals."""
    floats = [v for v in values if isinstance(v, float) and abs(v) < 1000]
    places = max((min(4, len(f"{v:.4g}".partition(".")[2])) for v in floats if "e" not in f"{v:.4g}"), default=0)
    fit = [isinstance(v, float) and abs(v) < 1000 and (v == 0 or abs(v) >= 10**-places) for v in values]
    return [f"{v:.{places}f}" if fits else number(v) for v, fits in zip(values, fit, strict=True)]


def column(values: Any) -> np.ndarray:
    """Any list of numbers and gaps as float64; gaps and numbers past all bounds become NaN."""
    array = np.array([np.nan if v is None else v for v in values], float).reshape(len(values))
    return np.where(np.abs(array) < HUGEST, array, np.nan)


def whole(text: Any) -> str:
    """One line of printable characters; past all patience it ends."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[:LONGEST]).split())
    return line + "…" * (len(str(text)) > LONGEST)


def is_cut(text: Any, most: int) -> bool:
    return short(text, most) != whole(text)


def short(text: Any, most: int = MOST) -> str:
    """One line of at most `most` columns."""
    line = whole(text)
    if breadth(line) <= most:
        return line
    while breadth(line) > most - 1:
        line = line[:-1]
    return line.rstrip() + "…"


def breadth(text: str) -> int:
    """Columns that a text takes: a wide (East Asian) character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
