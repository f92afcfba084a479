"""What belongs to the answers beside them: the row and file of each, what was left out or changed in reading them."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import polars as pl

from ..core import registry
from ..core.schema import Column, Schema
from ..core.table import Table
from ..modalities.vision._boxes import known_classes

MOVING = ("image", "video")  # an animated GIF is either


def file_names(frame: pl.DataFrame, schema: Schema, root: str) -> list[str | None] | None:
    """Where each row comes from, below `root`; None where rows come from no files."""
    inside = root.rstrip(os.sep) + os.sep
    names = [column.name for column in schema.inputs if column.name in frame.columns]
    for name in [*names, *(one for one in frame.columns if one not in names)]:
        values = frame[name]
        values = (
            values.struct.field("source")
            if isinstance(values.dtype, pl.Struct) and "source" in values.struct.fields
            else values
        )
        if (
            values.dtype == pl.String
            and values.null_count() < len(values)
            and values.drop_nulls().str.starts_with(inside).all()
        ):
            return values.str.slice(len(inside)).to_list()
    return None


def with_files(out: pl.DataFrame, files: list[str | None] | None) -> pl.DataFrame:
    """The answers with the file of each row in front; `_row` tells whose answer a line is where rows have several."""
    if files is None or "file" in out.columns:
        return out
    rows = out["_row"].to_list() if "_row" in out.columns else range(out.height)
    return (
        out.insert_column(0, pl.Series("file", [files[row] for row in rows], dtype=pl.String))
        if len(rows) == out.height
        else out
    )


def renamed_media(table: Table, schema: Schema) -> Table:
    """A folder's pictures under the name of the one column of pictures that the model reads, whatever the training
    table called it."""
    lacking = [column for column in schema.inputs if column.name not in table.frame.columns]
    for column in lacking if len(lacking) == 1 else []:
        kinds = (column.modality,) if column.modality not in MOVING else (column.modality, *MOVING)
        others = {
            name: hint.get("modality")
            for name, hint in table.hints.items()
            if name in table.frame.columns and name not in [one.name for one in schema]
        }
        found = next((names for kind in kinds if (names := [name for name, its in others.items() if its == kind])), [])
        if len(found) == 1:
            hints = {column.name if name == found[0] else name: hint for name, hint in table.hints.items()}
            return replace(table, frame=table.frame.rename({found[0]: column.name}), hints=hints)
    return table


def in_place(out: pl.DataFrame, kept: np.ndarray, rows: int) -> pl.DataFrame:
    """Answers to the rows `kept` in their places among all `rows`, the others empty."""
    if len(kept) == rows:
        return out
    out = out.with_columns(pl.Series("_row", kept[out["_row"].to_numpy()] if "_row" in out.columns else kept))
    return pl.DataFrame({"_row": np.arange(rows)}).join(out, on="_row", how="left", maintain_order="left")


def with_facts(schema: Schema, table: Table) -> Schema:
    """The schema with what the source of the rows knows of their answers: the numbers of categories."""
    target = schema.target
    return schema.with_column(
        replace(target, state={**target.state, **table.hints.get(target.name, {}).get("facts", {})})
    )


def reading_notes(frame: pl.DataFrame, schema: Schema) -> list[str]:
    """What reading the cells of these rows leaves out or changes."""
    return [
        line for c in schema.inputs for line in registry.get("modalities", c.modality).notices(frame[c.name], c.state)
    ]


def comparable(frame: pl.DataFrame, target: Column) -> tuple[pl.DataFrame, list[str]]:
    """(rows to be graded, with boxes whose classes are called as the model calls them, notes)."""
    if target.modality != "boxes":
        return frame, []
    values, notes = known_classes(frame[target.name], target.state)
    return frame.with_columns(values), notes
