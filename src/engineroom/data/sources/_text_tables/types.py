"""COLLECT: text columns of a delimited file under their names. What cells mean is decided later, for all sources alike
(data/conventions.py)."""

from __future__ import annotations

import polars as pl

from ....parsing.infer import read_cells
from ...plain_columns import plain_columns


def named(lazy: pl.LazyFrame, names: tuple[str, ...]) -> pl.LazyFrame:
    """Text columns called 0, 1, … become `names`; they are numbered because polars takes names such as `*` for
    patterns."""
    return lazy.select([pl.col(str(i)).alias(name) for i, name in enumerate(names)])


def plainly_typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of plain numbers and truth values as such, for sources that must know which are numbers."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    found = plain_columns(frame.select(frame[name] for name in texts))
    return frame.with_columns(read_cells(frame[name], convention) for name, convention in found.items())
