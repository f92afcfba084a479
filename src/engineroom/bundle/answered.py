"""Which file each answer belongs to, where rows come from files."""

from __future__ import annotations

import os

import polars as pl

from ..core.columns import Schema


def file_names(frame: pl.DataFrame, schema: Schema, root: str) -> list[str | None] | None:
    """Where each row comes from, below `root`; None where rows come from no files."""
    inside = root.rstrip(os.sep) + os.sep
    names = [column.name for column in schema.inputs if column.name in frame.columns]
    for name in [*names, *(one for one in frame.columns if one not in names)]:
        values = frame[name]
        values = values.struct.field("source") if isinstance(values.dtype, pl.Struct) and "source" in values.struct.fields else values
        if values.dtype == pl.String and values.null_count() < len(values) and values.drop_nulls().str.starts_with(inside).all():
            return values.str.slice(len(inside)).to_list()
    return None


def with_files(out: pl.DataFrame, files: list[str | None] | None) -> pl.DataFrame:
    """The answers with the file of each row in front; `_row` tells whose answer a line is where rows have several."""
    if files is None or "file" in out.columns:
        return out
    rows = out["_row"].to_list() if "_row" in out.columns else range(out.height)
    return out.insert_column(0, pl.Series("file", [files[row] for row in rows], dtype=pl.String)) if len(rows) == out.height else out
