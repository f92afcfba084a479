"""COLLECT: columns of plain numbers and truth values, decided and read all at once: wide tables have thousands of
them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ..parsing.numbers import PLAIN
from ..parsing.words import MISSING, missing_marks, stripped

SAMPLE = 500  # rows that rule most plain columns out


def plain_columns(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """{column: convention} of columns whose every cell is a plain number, or true or false: all columns at once, a
    sample first."""
    found: dict[str, dict[str, Any]] = {}
    own = dict(zip(map(str, range(frame.width)), frame.columns, strict=True))
    frame, names = numbered(frame), list(own)
    for part in (frame.head(SAMPLE), frame) if frame.height > SAMPLE else (frame,):
        if not names:
            return {}
        text = part.select(pl.col(names).str.strip_chars())
        text = text.select(pl.when(~pl.col(names).is_in(sorted(MISSING))).then(pl.col(names)))
        numbers = text.cast(pl.Float64, strict=False)
        nulls, lost = text.null_count().row(0), numbers.null_count().row(0)
        found, possible = {}, []
        for name, empty, missing in zip(names, nulls, lost, strict=True):
            if empty == part.height:
                possible.append(name)
                found[name] = {"kind": "text"}
            elif empty == missing:
                possible.append(name)
                found[name] = PLAIN
        booleans = [name for name in names if name not in found]
        lower = text.select(pl.col(booleans).str.to_lowercase()) if booleans else pl.DataFrame()
        truths = lower.select(pl.col(booleans).is_in(["true", "false"]).all()).row(0) if booleans else ()
        found |= {name: {"kind": "boolean"} for name, true in zip(booleans, truths, strict=True) if true}
        numeric = [name for name, one in found.items() if one is PLAIN]
        coded = text.select(pl.col(numeric).str.contains(r"^[+-]?0\d+$|^[+-]?\d{19,}$").any()).row(0) if numeric else ()
        for name in [name for name, code in zip(numeric, coded, strict=True) if code]:
            del found[name]
        names = [name for name in names if name in found]
    return {own[name]: one for name, one in found.items()}


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The same columns called 0, 1, …: polars takes names such as `*` for patterns."""
    other = frame.clone()
    other.columns = list(map(str, range(frame.width)))
    return other


def read_plain_columns(frame: pl.DataFrame, conventions: Mapping[str, Any]) -> dict[str, pl.Series]:
    """{column: numbers} of the text columns of plain numbers in which every cell is one; all at once."""
    kinds = dict(frame.schema)
    names = [name for name, convention in conventions.items() if convention == PLAIN and kinds[name] == pl.String]
    if not names:
        return {}
    found: dict[str, pl.Series] = {}
    text = numbered(frame.select(frame[name] for name in names)).select(pl.all().str.strip_chars())
    text = text.select(pl.when(~pl.all().is_in(sorted(MISSING))).then(pl.all()))
    nulls = text.null_count().row(0)
    for kind in (pl.Int64(), pl.Float64()):
        made = text.cast(kind, strict=False)
        lost = made.null_count().row(0)
        for place, (name, empty, missing) in enumerate(zip(names, nulls, lost, strict=True)):
            if empty == missing and name not in found:
                found[name] = made.to_series(place).alias(name)
    return found


def thousandfold(values: pl.Series) -> bool:
    """Could every cell be a whole number with . as thousands separator (1.234)?"""
    known = stripped(values).drop_nulls()
    known = known.filter(~missing_marks(known))
    return (
        bool(len(known))
        and bool(known.str.contains(r"^[+-]?\d{1,3}(\.\d{3})*$").all())
        and bool(known.str.contains(".", literal=True).any())
    )
