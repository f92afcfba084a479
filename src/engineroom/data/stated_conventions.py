"""COLLECT: the convention of one column: what the user says of it (format, decimal mark, separator, kind) comes
before what its cells say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from ..core.config import ColumnConfig
from ..core.errors import DataError
from ..parsing.infer import Guess, infer, read_cells
from ..parsing.label_sets import guess_labels
from ..parsing.numbers import PLAIN, guess_number
from ..parsing.words import missing_marks, stripped


def guess_column(values: pl.Series, said: ColumnConfig, comma: bool | None, *, target: bool, words: bool) -> Guess:
    """The user's word first: format, marks and kind; else what the cells say."""
    missing = frozenset([said.missing] if isinstance(said.missing, str) else said.missing or ())
    more: dict[str, Any] = {"missing": sorted(missing)} if said.missing is not None else {}
    if said.format:
        timed = any(mark in said.format for mark in ("%H", "%I", "%S"))
        return _sound(
            values,
            Guess({"kind": "datetime", "format": said.format, **({} if timed else {"date": True}), **more}),
            f"the format {said.format}",
        )
    if said.separator:
        return Guess({"kind": "labels", "separator": said.separator, **more})
    if words:
        return Guess({"kind": "text", **more})
    if said.decimal or said.thousands or said.modality == "number":
        text = stripped(values)
        distinct = text.filter(~missing_marks(text, missing)).unique(maintain_order=True)
        found = guess_number(distinct, comma=said.decimal == "," if said.decimal else comma) if len(distinct) else None
        duration = infer(values) if found is None else None
        if duration is not None and duration.convention["kind"] in ("duration", "datetime"):
            return duration
        marks = (
            {"decimal": said.decimal or ("," if said.thousands == "." else "."), "thousands": said.thousands or ""}
            if said.decimal or said.thousands
            else {}
        )
        convention = {**(found[0] if found else PLAIN), **marks, **more}
        return _sound(values, Guess(convention), "numbers")
    if said.modality == "multilabel":
        return Guess(
            {
                **(guess_labels(stripped(values), target=True, named=True) or {"kind": "labels", "separator": ","}),
                **more,
            }
        )
    guess = infer(values, comma=comma, target=target, missing=missing)
    if said.modality == "datetime" and guess.convention["kind"] not in ("datetime", "time", "duration"):
        raise _unreadable(values, values.is_not_null(), "dates")
    return replace(guess, convention={**guess.convention, **more})


def _sound(values: pl.Series, guess: Guess, what: str) -> Guess:
    """A guess that was asked for must read some of the cells."""
    text = stripped(values)
    known = text.filter(~missing_marks(text, frozenset(guess.convention.get("missing", ()))))
    if len(known) and read_cells(known, guess.convention).null_count() == len(known):
        raise _unreadable(values, values.is_not_null(), what)
    return guess


def _unreadable(values: pl.Series, odd: pl.Series, what: str) -> DataError:
    first = ", ".join(f"“{str(cell)[:40]}”" for cell in values.filter(odd).head(3))
    return DataError(
        f"No cell of column {values.name!r} can be read as {what}.",
        f"It holds {first}.",
        f"Leave columns.{values.name}.modality and .format out, or say another: text, category.",
    )
