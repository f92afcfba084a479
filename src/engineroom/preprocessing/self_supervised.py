"""What ways of learning without answers share: all columns are read, and answers that the source knows of are left
out."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ..core.errors import DataError
from ..core.table import Table
from ..data.schema_inference import TARGET_NAMES

ROW = "row"
LEAST = 20  # rows


def without_answers(table: Table, target: str | None, why: str) -> Table:
    """The rows, each its own target, without the label columns, which are for the supervised model that comes later.
    `why`: what a row is for."""
    if len(table.frame) < LEAST:
        raise DataError(
            f"{len(table.frame)} rows are too few {why}.",
            "",
            f"Bring at least {LEAST}; the point is to have many that nobody has labelled.",
        )
    names = {name for name, hint in table.hints.items() if hint.get("role") == "target"} | (
        {target} if target else set()
    )
    names = {
        name
        for name in names or {name for name in table.frame.columns if name.lower() in TARGET_NAMES}
        if name in table.frame.columns
    }
    frame = table.frame.drop(names)
    own = ROW if ROW not in frame.columns else f"{ROW} of the table"
    frame = frame.with_columns(pl.Series(own, range(len(table.frame)), pl.Int64))
    hints = {name: hint for name, hint in table.hints.items() if name not in names}
    left_out = f"Left out, because nobody is to know it yet: {', '.join(sorted(names))}." if names else ""
    hints[own] = {"modality": "row_index", "role": "target", "why": "to be known again"}
    return replace(table, frame=frame, hints=hints, notes=(*table.notes, *([left_out] if left_out else [])))
