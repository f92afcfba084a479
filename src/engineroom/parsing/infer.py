"""Which convention a column of text is written in, decided over its distinct values; and the reading of any column
by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from .datetimes import read_datetimes
from .durations import guess_duration, read_durations
from .guess_dates import guess_datetime
from .label_sets import guess_labels, read_labels
from .number_lists import guess_number_lists, read_number_lists
from .numbers import censored, guess_number, is_code, read_numbers
from .words import TEXT_MISSING, missing_marks, stripped

Convention = Mapping[str, Any]
TOLERATED = 0.1  # share of cells that may not be read …
REPEATED, WORDS = 0.6, 3  # … or this share, where they are the same few words over and over
MANY = 20  # different numbers beside which words are mistakes, and not the other classes
DISTINCT = 50_000  # distinct cells looked at
KEPT = 0.8  # share of the different cells that must stay different where some give bounds
SLICE = 250_000  # cells read at a time


@dataclass(frozen=True)
class Guess:
    """A convention, and what is to be said of it: `other` names readings that fit as well, `sure` is False where
    only a rule of thumb decided."""

    convention: dict[str, Any]
    other: tuple[str, ...] = ()
    sure: bool = True
    partly: str = ""  # most cells look like this kind, too many do not
    parts: dict[str, Any] = field(default_factory=dict)


def infer(
    values: pl.Series, *, comma: bool | None = None, target: bool = False, missing: frozenset[str] = frozenset()
) -> Guess:
    """The convention of a text column. `comma`: whether the file writes decimal commas, where other columns tell."""
    text = stripped(values)
    known = text.filter(~missing_marks(text, missing))
    distinct = known.unique(maintain_order=True)
    if len(distinct) > DISTINCT:
        distinct = distinct.gather_every(-(-len(distinct) // DISTINCT))
    partly = ""
    lists = None if target else guess_number_lists(distinct)
    if lists is not None and accepted(known, lists):
        return Guess(lists)
    if len(distinct) and float(distinct.head(500).str.contains(r"\d").mean() or 0) > 0.3:  # type: ignore[arg-type]
        for attempt in (_datetime, _duration, _number):
            guess = attempt(distinct, comma)
            if guess is None:
                continue
            if accepted(known, guess.convention):
                return guess
            bounds = guess.convention.get("marked")
            if not bounds and read_cells(known, guess.convention).null_count() < 0.5 * len(known):
                partly = partly or guess.convention["kind"]
    labels = guess_labels(text, target=target)
    if labels is not None:
        return Guess(labels)
    return Guess({"kind": "text"}, partly=partly)


def _datetime(distinct: pl.Series, comma: bool | None) -> Guess | None:
    found = guess_datetime(distinct)
    return None if found is None else Guess(found[0], other=found[1])


def _duration(distinct: pl.Series, comma: bool | None) -> Guess | None:
    found = guess_duration(distinct)
    return None if found is None else Guess(found)


def _number(distinct: pl.Series, comma: bool | None) -> Guess | None:
    found = None if is_code(distinct) else guess_number(distinct, comma=comma)
    return None if found is None else Guess(found[0], sure=found[1])


def accepted(known: pl.Series, convention: Convention) -> bool:
    """Does the convention read nearly all of the cells, or all but a few words that are said over and over beside
    many numbers?"""
    if not len(known):
        return False
    read = read_cells(known, convention)
    if convention.get("marked") and (censored(known) == len(known) or read.n_unique() < KEPT * known.n_unique()):
        return False  # <=50K and >50K are two classes, not the number 50
    odd = known.filter(read.is_null())
    share = len(odd) / len(known)
    if not share:
        return True
    many = read.n_unique() > MANY or (convention["kind"] in ("datetime", "duration", "time") and read.n_unique() > 2)
    return many and (share <= TOLERATED or (share <= REPEATED and odd.n_unique() <= WORDS))


READERS: dict[str, Callable[[pl.Series, dict[str, Any]], pl.Series]] = {
    "number": read_numbers,
    "datetime": read_datetimes,
    "duration": read_durations,
    "time": read_durations,
    "labels": read_labels,
    "number_list": read_number_lists,
}


def read_cells(values: pl.Series, convention: Convention) -> pl.Series:
    """A column as the convention reads it: typed, null where a cell stands for no value or cannot be read."""
    kind = convention["kind"]
    if values.dtype == pl.Duration and kind in ("duration", "number"):
        return values.dt.total_microseconds() / 1e6
    if kind == "text":
        return read_text(values, convention) if values.dtype == pl.String else values
    if kind == "boolean" and values.dtype == pl.String:
        lower = stripped(values).str.to_lowercase()
        return pl.select(pl.when(lower.is_in(["true", "false"])).then(lower == "true")).to_series().alias(values.name)
    numeric = kind == "datetime" and values.dtype.is_numeric() and (convention.get("unit") or convention.get("compact"))
    if kind in READERS and (values.dtype == pl.String or numeric):
        if values.dtype == pl.String:
            text = stripped(values)
            values = (
                pl.select(pl.when(~missing_marks(text, frozenset(convention.get("missing", ())))).then(text))
                .to_series()
                .alias(values.name)
            )
        return by_slices(values, READERS[kind], dict(convention)).alias(values.name)
    return values


def by_slices(
    values: pl.Series, read: Callable[[pl.Series, dict[str, Any]], pl.Series], convention: dict[str, Any]
) -> pl.Series:
    """A long column read piece by piece: what reading takes beside it does not grow with the rows."""
    if len(values) <= SLICE:
        return read(values, convention)
    parts = [read(values.slice(start, SLICE), convention) for start in range(0, len(values), SLICE)]
    kinds = {part.dtype for part in parts if part.null_count() < len(part)} or {parts[0].dtype}
    kind = pl.Float64() if len(kinds) > 1 else kinds.pop()
    return pl.concat([part.cast(kind) for part in parts])


def read_text(values: pl.Series, convention: Convention) -> pl.Series:
    """Text as it stands; cells that are nothing but a word for a missing value are null."""
    missing = convention.get("missing")
    words = sorted({"", *(TEXT_MISSING if missing is None else missing)})
    return pl.select(pl.when(~values.str.strip_chars().is_in(words)).then(values)).to_series().alias(values.name)
