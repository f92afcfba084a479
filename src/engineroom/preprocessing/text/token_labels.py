"""COLLECT for tagging: which column holds the tokens that the labels belong to? The one with as many entries a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...core.table import Table
from ...modalities.text._subword_hashing import split_text

UNEVEN = 0.05  # share of rows whose labels may not fit their tokens; they are left out
LIKELY = 0.5  # of the rows must have as many tokens as labels, else the column is not the one
NAMED = 5
ON = ("1", "true", "yes")
Rows = list[list[str] | None]


def tagged(table: Table, target: str | None, *, whole: str, mask: str) -> Table:
    """Tokens and labels as lists of equal length; `whole` (one label a row) packed into the target, `mask` (1 = scored)
    applied."""
    target = target or next((name for name, hint in table.hints.items() if hint.get("role") == "target"), None)
    frame = table.frame
    if target is None or target not in frame.columns or isinstance(frame.schema[target], pl.Struct):
        return table
    for name, option in ((whole, "sequence_label"), (mask, "loss_mask")):
        if name and name not in frame.columns:
            raise UserError(
                f"Option {option!r} names no column: {name!r}.", "", nearest(name, frame.columns, label="Columns")
            )
    cut = cutter(frame[target])
    labels = cells(frame[target], cut)
    column, tokens = find_tokens(frame.drop([target, *filter(None, (whole, mask))]), labels, cut, target)
    labels, note = even(tokens, labels, column)
    if mask:
        labels = masked(labels, cells(frame[mask], cutter(frame[mask])), mask)
    kind = pl.List(pl.String)
    answer = pl.Series(target, labels, dtype=kind)
    if whole:
        said = frame[whole].cast(pl.String).to_list()
        packed = [None if row is None else {"tags": row, "whole": one} for row, one in zip(labels, said, strict=True)]
        answer = pl.Series(target, packed, dtype=pl.Struct({"tags": kind, "whole": pl.String}))
    out = frame.with_columns(pl.Series(column, tokens, dtype=kind), answer).drop(
        [name for name in (whole, mask) if name]
    )
    hints = {name: hint for name, hint in table.hints.items() if name in out.columns}
    hints |= {column: {"modality": "tokens", "why": f"one entry for every label in {target}"}}
    return replace(table, frame=out, hints=hints, notes=(*table.notes, *note))


def cutter(values: pl.Series) -> Callable[[str], list[str]]:
    """How text cells become labels: at spaces; where no cell has any, into letters."""
    if values.dtype != pl.String:
        return split_text
    known = values.drop_nulls()
    letters = (
        len(known)
        and not known.str.contains(r"\s").any()
        and (known.str.len_chars() > 1).any()
        and not known.str.contains(TAG).any()
    )
    return (lambda text: list(text.strip())) if letters else split_text


TAG = r"^([BIMELSU]-|O$)"  # a lone label of a span scheme, no row of letters


def cells(values: pl.Series, cut: Callable[[str], list[str]]) -> Rows:
    """Lists as they are, text as it is cut, whatever else as one entry; missing cells stay so."""
    if isinstance(values.dtype, pl.List):
        return [None if cell is None else [None if v is None else str(v) for v in cell] for cell in values.to_list()]  # type: ignore[misc]
    return [None if cell is None else cut(str(cell)) for cell in values.to_list()]


def find_tokens(frame: pl.DataFrame, labels: Rows, cut: Callable[[str], list[str]], target: str) -> tuple[str, Rows]:
    """The column whose cells have as many entries as the labels, in most rows."""
    best, share, found = "", 0.0, labels
    for name in frame.columns:
        if frame.schema[name] != pl.String and frame.schema[name] != pl.List(pl.String):
            continue
        rows = cells(frame[name], cut)
        pairs = [(a, b) for a, b in zip(rows, labels, strict=True) if b is not None]
        alike = sum(a is not None and len(a) == len(b) for a, b in pairs) / max(1, len(pairs))
        if alike > share:
            best, share, found = name, alike, rows
    if share < LIKELY:
        what = f"No column has as many entries as {target!r} has labels."
        raise DataError(
            what,
            "Tokens and labels: lists, or text with as many words (or letters) as labels.",
            f"Columns: {', '.join(frame.columns[:20])}.",
        )
    return best, found


def even(tokens: Rows, labels: Rows, column: str) -> tuple[Rows, tuple[str, ...]]:
    """Rows whose labels do not fit their tokens lose them; a DataError where those are many."""
    pairs = list(enumerate(zip(tokens, labels, strict=True)))
    wrong = {row: (len(a or ()), len(b)) for row, (a, b) in pairs if b is not None and len(a or ()) != len(b)}
    if not wrong:
        return labels, ()
    first = "; ".join(f"row {row}: {a} tokens, {b} labels" for row, (a, b) in list(wrong.items())[:NAMED])
    if len(wrong) > UNEVEN * len(labels):
        raise DataError(
            f"{len(wrong)} of {len(labels)} rows have another number of labels than tokens in {column!r}.",
            first,
            "Every token needs one label.",
        )
    return [None if row in wrong else one for row, one in enumerate(labels)], (
        f"{len(wrong)} row(s) whose labels do not fit their tokens were left out ({first}).",
    )


def masked(labels: Rows, marks: Rows, column: str) -> Rows:
    """Labels that are not marked become None: not learnt, not scored."""
    out: Rows = []
    for row, (own, mark) in enumerate(zip(labels, marks, strict=True)):
        if own is not None and (mark is None or len(mark) != len(own)):
            raise DataError(
                f"Row {row} of {column!r} has {len(mark or ())} marks for {len(own)} labels.",
                "",
                "Every label needs a 1 or a 0.",
            )
        if own is not None:
            own = [v if str(m).lower() in ON else None for v, m in zip(own, mark or (), strict=True)]  # type: ignore[misc]
        out.append(own)
    return out
