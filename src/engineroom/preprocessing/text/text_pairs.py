"""COLLECT for texts in return for texts: which column is read, which is to be written; several references a row become
several rows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...core.table import Table

SPLIT = "split"  # a column of this name says which rows are judged, where the source knows none that does
PLAIN = {"text", "document"}  # what the source of plain texts gives


def pairs(table: Table, target: str | None, source: str, *, read: dict[str, Any], written: dict[str, Any]) -> Table:
    """Rows with the text to read, the text to write, and the split that the data give. `read`, `written`: facts for the
    two columns."""
    if not target:
        raise UserError(
            "Which text is to be written?", f"Columns: {', '.join(table.frame.columns[:20])}.", "Say --target COLUMN"
        )
    split = table.split
    split = split or next((name for name in (SPLIT,) if name in table.frame.columns), None)
    frame, several = one_reference(table.frame, target)
    name = source_column(frame, table, target, source, skip={*several, split})
    kept = frame.select(pl.col(name).cast(pl.String), pl.col(target).cast(pl.String), *([split] if split else []))
    hints: dict[str, dict[str, Any]] = {
        name: {"modality": "source_text", "role": "input", "why": "the text that is read", "facts": read},
        target: {
            "modality": "target_text",
            "role": "target",
            "why": "the text to be written",
            "facts": {**written, "source": name},
        },
    }
    notes = (*table.notes, f"Each of {', '.join(several)} is a row of its own.") if several else table.notes
    left_out = [one for one in table.frame.columns if one not in (name, target, split, *several)]
    if left_out:
        notes = (*notes, f"Read is {name!r} alone; left out: {', '.join(left_out[:8])}.")
    return Table(
        kept,
        table.name,
        hints | ({split: {"modality": "category", "role": "split", **table.hints.get(split, {})}} if split else {}),
        notes,
        table.skipped,
    )


def one_reference(frame: pl.DataFrame, target: str) -> tuple[pl.DataFrame, list[str]]:
    """(a row for each of `target`, target1, target2, …, where there are such columns; their names)."""
    several = [name for name in frame.columns if re.fullmatch(re.escape(target) + r"_?\d{1,2}", name)]
    if not several:
        if target not in frame.columns:
            raise DataError(
                f"There is no column {target!r} to learn to write.", "", nearest(target, frame.columns, label="Columns")
            )
        return frame, []
    named = [name for name in (target, *several) if name in frame.columns]
    rest = frame.drop(named)
    parts = [rest.with_columns(frame[name].cast(pl.String).alias(target)) for name in named]
    return pl.concat(parts).filter(pl.col(target).is_not_null()), several


def source_column(frame: pl.DataFrame, table: Table, target: str, said: str, *, skip: set[str | None]) -> str:
    """The column that is read: as told, else the one with most text besides the target."""
    if said:
        if said not in frame.columns:
            raise UserError(
                f"Option 'source' names no column: {said!r}.", "", nearest(said, frame.columns, label="Columns")
            )
        return said
    texts = [
        name
        for name in frame.columns
        if frame.schema[name] == pl.String
        and name != target
        and name not in skip
        and table.hints.get(name, {}).get("role") not in ("id", "split", "ignore")
    ]
    if not texts:
        raise DataError(
            "There is no column of text to read.",
            f"Columns: {', '.join(frame.columns[:20])}.",
            "Say --set options.source=COLUMN",
        )
    return max(texts, key=lambda name: int(frame[name].str.len_chars().sum() or 0))


def asked(table: Table, source: str) -> Table:
    """Rows to be answered: the column that is read under its own name; of plain text each line is a row, a lone column
    of text is it."""
    frame = table.frame
    if source and source not in frame.columns:
        if set(frame.columns) == PLAIN:
            lines = [line for text in frame["text"] for line in text.strip("\n").split("\n")]
            frame = pl.DataFrame({source: lines})
        elif len(texts := [name for name in frame.columns if frame.schema[name] == pl.String]) == 1:
            frame = frame.rename({texts[0]: source})
    return replace(table, frame=frame, hints={})
