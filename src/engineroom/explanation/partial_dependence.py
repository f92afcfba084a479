"""How the answer moves with one column, everything else as it is: partial dependence (Friedman 2001) with each row's
own line behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..bundle.model import Model
from ..core.sampling import evenly
from ..core.schema import Column
from ..modalities.tabular.number import to_floats

PLACES = 12  # of a number's range
MOST_VALUES = 12  # of a category
ROWS = 60  # rows the curve is averaged over
ENDS = (0.02, 0.98)  # quantiles between which a number moves: beyond, the model has seen little
COLUMNS = 6


def dependence(model: Model, frame: pl.DataFrame, columns: list[str], whole: Any) -> list[dict[str, Any]]:
    """[{"column", "values", "mean", "low", "high"}]: what `weigh` says, on average and for the middle 80 % of rows,
    were the column this.

    `whole` are the answers (one row) whose class is followed throughout.
    """
    picked = frame[evenly(frame.height, ROWS)]
    followed = {name: values[:1].repeat(picked.height, 0) for name, values in whole.items()}
    out = []
    for name in columns[:COLUMNS]:
        column = model.schema[name]
        lines = []
        places = grid(column, frame[name])
        for value in places:
            moved = picked.with_columns(
                pl.Series(name, [value] * picked.height, dtype=picked[name].dtype, strict=False)
            )
            answers, kept = model.answers(moved)
            lines.append(model.task.score_predictions(answers, {k: v[kept] for k, v in followed.items()}))
        table = np.stack(lines)
        low, high = np.quantile(table, [0.1, 0.9], axis=1)
        out.append(
            {
                "column": name,
                "values": places,
                "mean": table.mean(1).tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
            }
        )
    return out


def grid(column: Column, values: pl.Series) -> list[Any]:
    """The values a column takes in turn: a number's quantiles, or a category's most common ones."""
    if column.modality == "category":
        pairs = sorted(zip(column.state["counts"], column.state["values"], strict=True), key=lambda pair: -pair[0])
        return [value for _, value in pairs[:MOST_VALUES]]
    known = to_floats(values)
    known = known[np.isfinite(known)]
    places = np.unique(np.quantile(known, np.linspace(*ENDS, PLACES))) if len(known) else np.zeros(0)
    return [round(float(place)) for place in places] if values.dtype.is_integer() else places.tolist()


def movable(model: Model) -> list[str]:
    """Columns whose values can be walked through: numbers and categories, where an answer is one number."""
    if not model.task.has_score:
        return []
    return [c.name for c in model.schema.inputs if c.modality in ("number", "category")]
