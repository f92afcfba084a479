"""Columns and rows as the report shows them: one row as HTML, a column in half a line, the target's spread."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.panels import Panel
from ..core.schema import Schema


def show_row(frame: pl.DataFrame, row: int, schema: Schema) -> str:
    """One row as HTML: pictures, players and texts first, scalars as a list."""
    big, small = [], []
    for column in schema.inputs:
        modality = registry.get("modalities", column.modality)
        shown = modality.to_html(cell(frame, row, column.name), column.state)
        if modality.is_scalar:
            small.append(f"<b>{html.escape(column.name)}</b> {shown or '–'}")
        else:
            big.append(shown)
    return "".join(big) + (f"<p>{' · '.join(small[:16])}</p>" if small else "")


def cell(frame: pl.DataFrame, row: int, name: str) -> Any:
    values = frame[name]
    return values.gather([row]).to_numpy()[0] if isinstance(values.dtype, pl.Array) else values[row]


def summary(values: pl.Series, column) -> str:
    """A column in half a line."""
    state = column.state
    if column.modality == "number" and values.dtype.is_numeric():
        return (
            f"{float(str(values.min())):.4g} … {float(str(values.max())):.4g}"
            if values.null_count() < len(values)
            else "empty"
        )
    if "world" in state:
        world = state["world"]
        return (
            f"{world['name']}: {world['observation']['size']} numbers seen, {len(world['action']['names'])} "
            "actions "
            f"({world['action']['kind']}), at most {world['longest']:,} steps"
        )
    if "values" in state:
        return (
            f"{len(state['values'])} different: "
            + ", ".join(str(v) for v in state["values"][:5])
            + (" …" if len(state["values"]) > 5 else "")
        )
    if column.modality == "image" and "height" in state:
        return f"{state['width']} × {state['height']} pixels, {state['channels']} channel(s)"
    if column.modality == "video" and "frames" in state:
        return (
            f"{state['frames']} frames of {state['width']} × {state['height']} pixels, {state['channels']} channel(s)"
        )
    if column.modality == "audio" and "rate" in state:
        return f"{state['rate']} Hz, {state['samples'] / state['rate']:.2f} s"
    if column.modality == "series" and "channels" in state:
        return f"{state['channels']} channel(s), {state['length'] or 'unequal'} steps"
    if column.modality == "text" and "vocabulary" in state:
        return f"{state['vocabulary']:,} tokens known, up to {state['length']} a text"
    return ""


def target_exhibit(frame: pl.DataFrame, schema: Schema, splits: dict[str, np.ndarray]) -> Panel:
    from ..modalities.tabular.category import to_strings
    from ..modalities.tabular.number import to_floats

    target = schema.target
    if registry.get("modalities", target.modality).is_categorical and "values" in target.state:
        labels = target.state["values"]
        place = {label: i for i, label in enumerate(labels)}
        values = to_strings(frame[target.name])
        series = []
        for name, rows in splits.items():
            counts = np.zeros(len(labels), int)
            for label, count in values.gather(rows).drop_nulls().value_counts().iter_rows():
                if label in place:
                    counts[place[label]] = count
            series.append({"name": name, "values": counts.tolist()})
        return Panel("bars", f"How often each {target.name}", {"labels": labels, "series": series, "y": "rows"})
    if target.modality == "number":
        x = to_floats(frame[target.name])
        edges = np.histogram_bin_edges(x[np.isfinite(x)], 40)
        series = [{"name": name, "counts": np.histogram(x[rows], edges)[0].tolist()} for name, rows in splits.items()]
        return Panel(
            "histogram", f"How {target.name} is spread", {"x": target.name, "edges": edges.tolist(), "series": series}
        )
    known = [
        [name, str(len(target.state[name])), "in the training rows"] for name in ("values",) if name in target.state
    ]
    return Panel("facts", target.name, {"items": known or [["kind", target.modality, target.why]]})
