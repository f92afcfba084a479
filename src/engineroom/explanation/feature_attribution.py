"""Which columns speak for this row's answer? Each in turn is made ordinary, and the model is asked again.

Occlusion by a typical value (Zeiler & Fergus 2014; for tables Robnik-Šikonja & Kononenko 2008): plain to say, true to
the model, blind to what two columns only do together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ..bundle.model import Model
from ..core.errors import UserError
from ..core.panels import spoken
from ..core.schema import Column
from ..data.column_store import Fixed, RaggedStore
from ..data.dataset import Dataset, encode_table

MOST = 60  # letters of a value that are shown


def reasons(model: Model, data: Any, *, top: int = 3) -> pl.DataFrame:
    """One row per input row: `reason_1` … `reason_<top>`, the weightiest first, as `column = value (+0.62)`.

    The number is how far the column moves the answer away from what it would be were the column ordinary: log odds for
    classes, the target's own unit for numbers. Rows that cannot be read are null.
    """
    if top < 1:
        raise UserError(f"{top} reasons cannot be given.", "", "Ask for at least one.")
    inputs = model.schema.inputs
    if len(inputs) < 2:
        raise UserError(
            f"The model reads {inputs[0].name!r} alone.",
            "Reasons weigh columns against each other.",
            "Leave --top-features out.",
        )
    frame = model.open(data)
    pull, kept = column_effects(model, frame)
    order = np.argsort(-np.abs(pull), axis=1, kind="stable")[:, :top]
    out: dict[str, list[str | None]] = {f"reason_{k + 1}": [None] * frame.height for k in range(order.shape[1])}
    for place, row in enumerate(kept.tolist()):
        for k, which in enumerate(order[place].tolist()):
            name = inputs[which].name
            out[f"reason_{k + 1}"][row] = (
                f"{name} = {said(frame[name][row])} ({spoken(float(pull[place, which]), sign=True)})"
            )
    return pl.DataFrame(out, schema=dict.fromkeys(out, pl.String))


def column_effects(model: Model, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """((rows kept, inputs) how far each column moves each answer, row numbers kept)."""
    data, kept = model.encoded(frame)
    usual = encode_table(
        pl.DataFrame([ordinary(c, frame[c.name].head(1)) for c in model.schema.inputs]), model.schema, target=False
    )
    whole = model.respond(data, kept)
    base = model.task.score_predictions(whole, whole)
    without = [model.respond(made_ordinary(data, usual, column.name), kept) for column in model.schema.inputs]
    return np.stack([base - model.task.score_predictions(answers, whole) for answers in without], 1), kept


def made_ordinary(data: Dataset, usual: Dataset, name: str) -> Dataset:
    """The encoded rows with one column as in the only row of `usual`; everything else is shared."""
    one = next(field for field in data.fields if name in [c.name for c in field.columns])
    place = [c.name for c in one.columns].index(name) if one.is_scalar else None
    stores: dict[str, Any] = {**data.stores, one.name: Ordinary(data.stores[one.name], usual.stores[one.name], place)}
    return replace(data, stores=stores)


class Ordinary:
    """A store whose rows are all the only row of `usual`, or, in a block of columns, the column at `place` of it."""

    def __init__(self, own: Fixed | RaggedStore, usual: Fixed | RaggedStore, place: int | None) -> None:
        self.own, self.usual, self.place = own, usual, place

    def take(self, rows: np.ndarray) -> Any:
        usual: Any = self.usual.take(np.zeros(len(rows), np.int64))
        if self.place is None:
            return usual
        block = np.array(self.own.take(rows))
        block[:, self.place] = usual[:, self.place]
        return block


def ordinary(column: Column, values: pl.Series) -> pl.Series:
    """The column with nothing special about it: its mean or its most common value in the training rows; missing where
    there is neither."""
    if column.modality == "number":
        return pl.Series(column.name, [float(column.state["mean"])]).new_from_index(0, len(values))
    if column.modality == "category" and column.state["values"]:
        usual = column.state["values"][int(np.argmax(column.state["counts"]))]
        return pl.Series(column.name, [usual]).new_from_index(0, len(values))
    if isinstance(values.dtype, pl.Array):  # raw pixels know no missing
        return pl.Series(column.name, np.zeros((len(values), *values.dtype.shape), np.uint8))
    return pl.Series(column.name, [None], dtype=values.dtype).new_from_index(0, len(values))


def said(value: Any) -> str:
    if isinstance(value, float):
        return spoken(value)
    text = "missing" if value is None else str(value)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
