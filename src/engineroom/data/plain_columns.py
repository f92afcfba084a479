"""COLLECT: columns of plain numbers and truth values, decided and read all at once: wide tables have thousands of
them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from ..parsing.numbers import PLAIN
from ..parsing.words import MISSING, missing_marks, stripped

SAMPLE = 500  # rows that rule most plain columns out
CELLS = 2_000_000  # looked at together
CODE = r"^[+-]?0\d+$|^[+-]?\d{19,}$"  # 00731 is a code, and so are more digits than a number can keep

SaveBest = Callable[[pl.Series], pl.Series]


def same(values: pl.Series) -> pl.Series:
    return values


def plain_columns(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """{column: convention} of columns whose every cell is a plain number, or true or false: many columns at once, a
    sample of the rows first."""
    names = frame.columns
    if frame.height > SAMPLE:
        names = list(plain_kinds(frame.head(SAMPLE)))
    found: dict[str, dict[str, Any]] = {}
    for group in groups_of(names, frame.height):
        found |= plain_kinds(frame.select(frame[name] for name in group))
    return found


def groups_of(names: list[str], rows: int) -> list[list[str]]:
    """Columns that are looked at together: so few that their copies take little memory."""
    size = max(1, CELLS // max(1, rows))
    return [names[place : place + size] for place in range(0, len(names), size)]


def plain_kinds(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """`plain_columns` by all cells of all columns at once."""
    if not frame.width:
        return {}
    own, frame = frame.columns, numbered(frame)
    text = frame.select(pl.all().str.strip_chars())
    text = text.select(pl.when(~pl.all().is_in(sorted(MISSING))).then(pl.all()))
    nulls, lost = text.null_count().row(0), text.cast(pl.Float64, strict=False).null_count().row(0)
    found: dict[str, dict[str, Any]] = {}
    for name, empty, missing in zip(frame.columns, nulls, lost, strict=True):
        if empty == missing:
            found[name] = {"kind": "text"} if empty == frame.height else PLAIN
    words = [name for name in frame.columns if name not in found]
    lower = text.select(pl.col(words).str.to_lowercase()) if words else pl.DataFrame()
    truths = lower.select(pl.col(words).is_in(["true", "false"]).all()).row(0) if words else ()
    found |= {name: {"kind": "boolean"} for name, true in zip(words, truths, strict=True) if true}
    numeric = [name for name, one in found.items() if one is PLAIN]
    coded = text.select(pl.col(numeric).str.contains(CODE).any()).row(0) if numeric else ()
    codes = {name for name, code in zip(numeric, coded, strict=True) if code}
    return {own[int(name)]: one for name, one in found.items() if name not in codes}


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The same columns called 0, 1, …: polars takes names such as `*` for patterns."""
    other = frame.clone()
    other.columns = list(map(str, range(frame.width)))
    return other


def read_plain_columns(
    frame: pl.DataFrame, conventions: Mapping[str, Any], keep: SaveBest = same
) -> dict[str, pl.Series]:
    """{column: numbers} of the text columns of plain numbers in which every cell is one; many at once. `keep` says
    where a column is held."""
    kinds = dict(frame.schema)
    names = [name for name, convention in conventions.items() if convention == PLAIN and kinds[name] == pl.String]
    found: dict[str, pl.Series] = {}
    for group in groups_of(names, frame.height):
        text = numbered(frame.select(frame[name] for name in group)).select(pl.all().str.strip_chars())
        text = text.select(pl.when(~pl.all().is_in(sorted(MISSING))).then(pl.all()))
        nulls = text.null_count().row(0)
        for kind in (pl.Int64(), pl.Float64()):
            made = text.cast(kind, strict=False)
            lost = made.null_count().row(0)
            for place, (name, empty, missing) in enumerate(zip(group, nulls, lost, strict=True)):
                if empty == missing and name not in found:
                    found[name] = keep(made.to_series(place).alias(name))
    return found


def has_thousands_separator(values: pl.Series) -> bool:
    """Could every cell be a whole number with . as thousands separator (1.234)?"""
    known = stripped(values).drop_nulls()
    known = known.filter(~missing_marks(known))
    return (
        bool(len(known))
        and bool(known.str.contains(r"^[+-]?\d{1,3}(\.\d{3})*$").all())
        and bool(known.str.contains(".", literal=True).any())
    )
