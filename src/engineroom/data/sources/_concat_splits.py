"""COLLECT: the parts of a data set (train, val, test) become one table with a column that says which row is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import polars as pl

from ...core.errors import DataError
from ...core.table import Table
from ._files import SPLIT_ORDER

WHY = "the source keeps {} apart"


def concat_tables(parts: Sequence[tuple[str | None, Table]], name: str) -> Table:
    """One table of all parts, training rows first. A single part, or parts without split names, get no split column."""
    splits = [split for split, _ in parts]
    if len(parts) == 1:
        return replace(parts[0][1], name=name)
    if None in splits or len(set(splits)) == 1:
        return replace(_stacked([table for _, table in parts]), name=name)
    order = sorted(parts, key=lambda part: SPLIT_ORDER.index(str(part[0])))
    column = split_name(order[0][1].frame.columns)
    tables = [replace(table, frame=table.frame.with_columns(pl.lit(split).alias(column))) for split, table in order]
    stacked = _stacked(tables)
    kept = " and ".join(dict.fromkeys(str(split) for split, _ in order))
    hints = dict(stacked.hints) | {column: {"modality": "category", "role": "split", "why": WHY.format(kept)}}
    return replace(stacked, name=name, hints=hints)


def split_name(columns: Sequence[str]) -> str:
    """`split`, with as many underscores as it takes to be free."""
    name = "split"
    while name in columns:
        name += "_"
    return name


def _stacked(tables: Sequence[Table]) -> Table:
    """Rows of all tables under the first one's columns. Missing columns are an error, further ones are left out."""
    first = tables[0]
    notes: list[str] = list(first.notes)
    frames = [first.frame]
    for other in tables[1:]:
        missing = [column for column in first.frame.columns if column not in other.frame.columns]
        if missing:
            raise DataError(
                f"Columns are missing from a part of the data: {', '.join(missing[:10])}.",
                f"The training rows have them; the other part has {', '.join(other.frame.columns[:10])}.",
                "Both need the same columns, the target included. A part without answers is no test set.",
            )
        extra = [column for column in other.frame.columns if column not in first.frame.columns]
        if extra:
            notes.append(f"Columns that the training rows do not have were left out: {', '.join(extra[:10])}.")
        notes += [note for note in other.notes if note not in notes]
        frames.append(other.frame[first.frame.columns])
    hints = {
        name: hint for table in reversed(tables) for name, hint in table.hints.items() if name in first.frame.columns
    }
    skipped = tuple(chain.from_iterable(t.skipped for t in tables))
    return Table(_vertical(frames), first.name, hints, tuple(notes), skipped, _gaps(tables), decimal=first.decimal)


def _gaps(tables: Sequence[Table]) -> tuple[tuple[int, str], ...]:
    """Rows that the parts' sources could not read, by their place among all parts' rows."""
    begin, gaps = 0, []
    for table in tables:
        gaps += [(begin + place, why) for place, why in table.gaps]
        begin += len(table) + len(table.gaps)
    return tuple(gaps)


def _vertical(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame; where parts were read as different types, the wider one holds (text where one is text)."""
    types = {name: _common([frame.schema[name] for frame in frames], name) for name in frames[0].columns}
    return pl.concat(
        [frame.cast({name: kind for name, kind in types.items() if frame.schema[name] != kind}) for frame in frames]
    )


def _common(types: Sequence[pl.DataType], name: str) -> pl.DataType:
    kinds = list(dict.fromkeys(kind for kind in types if kind != pl.Null))
    if len(kinds) < 2:
        return kinds[0] if kinds else pl.Null()
    if all(kind.is_numeric() or kind == pl.Boolean for kind in kinds):
        return pl.Int64() if all(kind.is_integer() or kind == pl.Boolean for kind in kinds) else pl.Float64()
    if any(kind == pl.String for kind in kinds) and not any(kind.is_nested() or kind == pl.Binary for kind in kinds):
        return pl.String()
    if all(kind.is_temporal() for kind in kinds):
        return pl.Datetime("us")
    if all(kind == pl.List for kind in kinds) and pl.List(pl.Null) in kinds and len(kinds) == 2:
        return next(kind for kind in kinds if kind != pl.List(pl.Null))
    raise DataError(
        f"Column {name!r} differs between the parts of the data: {' and '.join(map(str, kinds))}.",
        "One column holds one kind of value.",
        "Bring the parts into the same form.",
    )
