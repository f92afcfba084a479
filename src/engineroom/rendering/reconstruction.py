"""Pictures of what was hidden: what was left of a row, what was told of the rest, and the truth; and rows with their
empty cells filled."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ..core.panels import Panel
from ..core.schema import Schema
from ..modalities.masking._masked_values import Parts
from ..modalities.tabular.category import to_strings
from .vision.before_after import sharp

CELLS, BARS = 12, 30  # of a row, of an exhibit
WIDE, HIGH = 320, 90  # of a drawn series
PREDICTED, TRUE, GAP = "#d55e00", "currentColor", "#8884"


def drawn(parts: Mapping[str, Parts], schema: Schema, predicted: np.ndarray, true: np.ndarray, gone: np.ndarray) -> str:
    """Vectors (W,) of one row → HTML, field by field."""
    out, begin = [], 0
    for one in parts.values():
        span = slice(begin, begin + one.room)
        vectors = (predicted[span].astype(float), true[span].astype(float), gone[span])
        out.append(DRAWN[one.kind](one, schema, *vectors) if vectors[2].any() else "")
        begin += one.room
    return "".join(out)


def numbers(one: Parts, schema: Schema, predicted: np.ndarray, true: np.ndarray, gone: np.ndarray) -> str:
    states = [schema[name].state for name in one.columns]
    say = [f"{said * state['std'] + state['mean']:.4g}" for said, state in zip(predicted, states, strict=True)]
    was = [f"{said * state['std'] + state['mean']:.4g}" for said, state in zip(true, states, strict=True)]
    return listed([(one.columns[k], say[k], was[k]) for k in np.flatnonzero(gone)])


def classes(one: Any, schema: Schema, predicted: np.ndarray, true: np.ndarray, gone: np.ndarray) -> str:
    rows = []
    for k, name in enumerate(one.columns):
        span = slice(int(one.begin[k]), int(one.begin[k]) + one.sizes[k])
        if gone[span.start]:
            values = schema[name].state["values"]
            best = int(predicted[span].argmax())
            rows.append((name, f"{values[best]} ({predicted[span][best]:.0%})", values[int(true[span].argmax())]))
    return listed(rows)


def listed(rows: Sequence[tuple[str, str, str]]) -> str:
    cells = "".join(f"<tr><td>{'</td><td>'.join(html.escape(text) for text in row)}</td></tr>" for row in rows[:CELLS])
    more = f"<tr><td colspan=3>and {len(rows) - CELLS} more</td></tr>" if len(rows) > CELLS else ""
    return f"<table><tr><th>hidden</th><th>predicted</th><th>truth</th></tr>{cells}{more}</table>"


def steps(one: Parts, schema: Schema, predicted: np.ndarray, true: np.ndarray, gone: np.ndarray) -> str:
    """Up to four channels: the truth as a line, hidden stretches grey, what was told of them in colour."""
    said, was = predicted.reshape(one.shape), true.reshape(one.shape)
    bad = gone.reshape(one.shape)[:, 0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], bad.astype(int), [0]]))).reshape(-1, 2)
    charts = []
    for channel in range(min(4, one.shape[1])):
        both = np.concatenate([was[:, channel], said[bad, channel]])
        low, high = float(both.min()), float(both.max())
        charts.append(chart(said[:, channel], was[:, channel], edges, low, high))
    return "".join(charts)


def chart(said: np.ndarray, was: np.ndarray, edges: np.ndarray, low: float, high: float) -> str:
    x = np.linspace(2, WIDE - 2, len(was))
    step = (WIDE - 4) / max(1, len(was) - 1)

    def line(values: np.ndarray, place: np.ndarray, colour: str) -> str:
        y = HIGH - 4 - (values - low) / max(high - low, 1e-9) * (HIGH - 8)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(place, y, strict=True))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4"/>'

    gaps = "".join(
        f'<rect x="{x[a] - step / 2:.1f}" y="0" width="{(b - a) * step:.1f}" height="{HIGH}" fill="{GAP}"/>'
        for a, b in edges
    )
    lines = line(was, x, TRUE) + "".join(line(said[a:b], x[a:b], PREDICTED) for a, b in edges)
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="a series, hidden parts predicted">{gaps}{lines}</svg>'
    )


def pixels(one: Any, schema: Schema, predicted: np.ndarray, true: np.ndarray, gone: np.ndarray) -> str:
    """What was left, what was told, the truth."""
    left = np.where(gone, 0, true)
    pictures = (("left", left), ("predicted", np.where(gone, predicted, true)), ("truth", true))
    figures = "".join(
        f'<figure style="margin:0;flex:1">{sharp(colours(one, flat), name)}<figcaption>{name}</figcaption></figure>'
        for name, flat in pictures
    )
    return f'<div style="display:flex;gap:4px;max-width:420px">{figures}</div>'


def colours(one: Any, flat: np.ndarray) -> np.ndarray:
    """(W,) standardised → (H, W, 3) uint8."""
    x = flat.reshape(one.shape) * one.std.numpy() + one.mean.numpy()
    picture = (255 * x).clip(0, 255).round().astype(np.uint8).transpose(1, 2, 0)
    return picture if picture.shape[2] == 3 else picture.repeat(3, 2)


DRAWN: dict[str, Callable[..., str]] = {"numbers": numbers, "classes": classes, "steps": steps, "pixels": pixels}


def by_column(names: list[str], ours: np.ndarray, theirs: np.ndarray) -> Panel:
    """Which columns can be told from the others: errors (N, C) → a bar a column, best told first."""
    means = [
        np.array([column[np.isfinite(column)].mean() if np.isfinite(column).any() else 1.0 for column in one.T])
        for one in (ours, theirs)
    ]
    order = np.argsort(means[0], kind="stable")[:BARS]
    series = [
        {"name": name, "values": (1 - one[order]).clip(-1, 1).round(4).tolist()}
        for name, one in zip(("deep", "classical"), means, strict=True)
    ]
    words = "1 = what was hidden of the column is told exactly, 0 = no better than by how the column is spread."
    return Panel(
        "bars",
        "Explained variance by column",
        {"labels": [names[k] for k in order], "series": series, "y": "explained"},
        words,
    )


def filled(frame: pl.DataFrame, cells: np.ndarray, parts: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The columns of numbers and classes; where a cell is empty, what `cells` (N,) of {column: value} say of it;
    "filled": how many of a row."""
    out: dict[str, pl.Series] = {}
    for one in parts:
        if one["kind"] in FILLED:
            for name in one["columns"]:
                out[name] = FILLED[one["kind"]](
                    frame[name], pl.Series([cell.get(name) for cell in cells], strict=False)
                )
    empty = [frame[name].is_null().to_numpy() for name in out]
    return pl.DataFrame(
        {**out, "filled": np.sum(empty, 0, dtype=np.int64) if empty else np.zeros(len(cells), np.int64)}
    )


def filled_number(values: pl.Series, predicted: pl.Series) -> pl.Series:
    whole = values.dtype.is_integer()
    known = values.cast(pl.Float64, strict=False).fill_nan(None)
    both = pl.select(pl.coalesce(known, predicted.cast(pl.Float64))).to_series()
    return both.round(0).cast(values.dtype) if whole else both


def filled_class(values: pl.Series, predicted: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(to_strings(values), predicted.cast(pl.String))).to_series()


FILLED: dict[str, Callable[[pl.Series, pl.Series], pl.Series]] = {"numbers": filled_number, "classes": filled_class}
