"""COLLECT: how the cells of each column are written (numbers with separators, dates, durations, label sets),
decided once for a table.

Training decides; every later table (--test, predict, evaluate, a resumed run) is read by the same conventions. A part
of the data that the training rows' convention does not read is read by its own, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from ..core.config import ColumnConfig
from ..core.table import Table
from ..parsing.guess_dates import guess_numeric_dates
from ..parsing.infer import REPEATED, Convention, Guess, infer, read_cells
from ..parsing.numbers import PLAIN
from ..parsing.words import missing_marks, stripped
from .class_words import class_words
from .convention_notes import notes_of
from .plain_columns import SaveBest, has_thousands_separator, plain_columns, read_plain_columns, same
from .stated_conventions import guess_column

TYPED = ("number", "category", "datetime", "multilabel")  # kinds of column whose cells may be read anew
OWN = 0.1  # share of a later part's cells that the training convention must fail on before the part's own is looked for
Spoken = Mapping[str, ColumnConfig]
Part = tuple[str, pl.Series | None]  # what it is called, its rows (N,) bool; None = all


@dataclass
class Reading:
    """What was decided and found, column by column."""

    conventions: dict[str, dict[str, Any]] = field(default_factory=dict)
    guesses: dict[str, Guess] = field(default_factory=dict)
    columns: dict[str, pl.Series] = field(default_factory=dict)
    # column -> (part, example, convention) of parts that are read by a convention of their own
    parts: dict[str, list[tuple[str, str, Guess]]] = field(default_factory=dict)
    kept: dict[str, dict[str, int]] = field(default_factory=dict)  # column -> words such as NA that are classes
    unread: dict[str, pl.Series] = field(default_factory=dict)  # column -> (N,) bool
    keep: SaveBest = same  # where a column that was read is held: in memory, or mapped from a file


def read_conventions(
    table: Table,
    *,
    target: str | None = None,
    columns: Spoken | None = None,
    classes: bool = False,
    known: Mapping[str, Convention] | None = None,
    keep: SaveBest = same,
) -> Table:
    """The table with its cells typed. `known`: the conventions of training, which are applied; else they are
    decided here.
    `classes`: the target's words are classes, whatever they look like."""
    columns = columns or {}
    reading = Reading(keep=keep)
    texts = [name for name, kind in table.frame.schema.items() if kind == pl.String and _may_read(table, name, columns)]
    if known is not None:
        reading.conventions = {name: dict(known[name]) for name in table.frame.columns if name in known}
        reading.columns |= (done := read_plain_columns(table.frame, reading.conventions, reading.keep))
        train = _training(table)
        parts: list[Part] = [("this table", None)]
        if train is not None:
            parts = [("the training part", train), ("the test part", ~train)]
        for name, convention in reading.conventions.items():
            if name not in done:
                _apply(table, name, convention, reading, parts)
    else:
        _decide(table, texts, target, columns, classes, reading)
    frame = table.frame.with_columns(column.alias(name) for name, column in reading.columns.items())
    unreadable = {name: int(odd.sum()) for name, odd in reading.unread.items() if odd.any()}
    notes = notes_of(table.frame, reading, later=known is not None)
    return replace(
        table, frame=frame, conventions=reading.conventions, unreadable=unreadable, notes=(*table.notes, *notes)
    )


def _may_read(table: Table, name: str, columns: Spoken) -> bool:
    """Not where the source or the user says that the column holds something else: texts, pictures, classes of
    folders."""
    said, hint = columns.get(name, ColumnConfig()), table.hints.get(name, {})
    if hint.get("role") in ("split", "ignore"):
        return False
    kind = said.modality or hint.get("modality")
    return kind in (None, *TYPED) and not (kind == "category" and hint.get("modality") == "category")


def _training(table: Table) -> pl.Series | None:
    """(N,) bool: rows by which conventions are decided, where the source keeps a test part apart."""
    if table.split is None:
        return None
    train = table.frame[table.split].cast(pl.String).str.to_lowercase() != "test"
    return train.fill_null(True) if train.any() and not train.all() else None


def _decide(
    table: Table, texts: list[str], target: str | None, columns: Spoken, classes: bool, reading: Reading
) -> None:
    """Decide by the training rows how each column is written, then read all rows so."""
    train = _training(table)
    frame = table.frame if train is None else table.frame.filter(train)
    _guess_columns(frame, texts, target, columns, classes, table.decimal, reading)
    worded = target is not None and reading.conventions.get(target, PLAIN)["kind"] in ("text", "labels")
    stated = columns.get(target or "", ColumnConfig()).missing is not None
    words = class_words(frame[str(target)]) if worded and not stated else None
    if words:
        reading.conventions[str(target)]["missing"], reading.kept[str(target)] = words
    reading.columns |= (done := read_plain_columns(table.frame, reading.conventions, reading.keep))
    parts: list[Part] = [] if train is None else [("the test part", ~train)]
    for name in texts:
        if name not in done:
            _apply(table, name, reading.conventions[name], reading, parts)
    for name, kind in table.frame.schema.items():
        plain = name in reading.columns and reading.conventions[name] == PLAIN
        if name not in reading.conventions or plain:
            _typed_already(table, name, reading.columns[name].dtype if plain else kind, target, columns, reading)


def _guess_columns(
    frame: pl.DataFrame,
    texts: list[str],
    target: str | None,
    columns: Spoken,
    classes: bool,
    decimal: str,
    reading: Reading,
) -> None:
    """Each column by its own cells; then those that could be read in two ways as the other columns of the file
    speak."""
    plain = plain_columns(frame.select(frame[name] for name in texts))

    def guess(name: str, comma: bool | None) -> None:
        said = columns.get(name, ColumnConfig())
        words = said.modality in ("category", "identifier", "text") or (name == target and classes)
        reading.guesses[name] = found = guess_column(frame[name], said, comma, target=name == target, words=words)
        reading.conventions[name] = found.convention

    for name in texts:
        said = columns.get(name, ColumnConfig())
        words = said.modality == "text"
        if name in plain and not said.format and not said.decimal and not words:
            reading.conventions[name] = dict(plain[name])
        else:
            guess(name, True if decimal == "," else None)
    sure = [name for name, one in reading.guesses.items() if one.sure and one.convention["kind"] == "number"]
    marks = {decimal} if decimal else {reading.conventions[name]["decimal"] for name in sure}
    if len(marks) != 1:
        return
    comma = marks == {","}
    for name in texts:
        unsure = name in reading.guesses and not reading.guesses[name].sure
        if unsure or (comma and name in plain and has_thousands_separator(frame[name])):
            guess(name, comma)


def _apply(table: Table, name: str, convention: dict[str, Any], reading: Reading, parts: list[Part]) -> None:
    """Read one column; those `parts` of it that are written otherwise by their own convention."""
    values = table.frame[name]
    read = read_cells(values, convention)
    for part, rows in parts:
        own = _own(values if rows is None else values.filter(rows), convention)
        if own is None:
            continue
        example, guess = own
        other = read_cells(values if rows is None else values.filter(rows), guess.convention)
        if rows is None or rows.all():
            read = other
        else:
            kind = other.dtype if read.dtype.is_integer() and other.dtype.is_float() else read.dtype
            read = read.cast(kind).scatter(rows.arg_true(), other.cast(kind, strict=False))
        reading.parts.setdefault(name, []).append((part, example, guess))
    if read is not values:
        reading.columns[name] = reading.keep(read)
    if convention["kind"] not in ("text", "labels") and values.dtype == pl.String:
        text = stripped(values)
        odd = read.is_null() & ~missing_marks(text, frozenset(convention.get("missing", ())))
        if odd.any():
            reading.unread[name] = odd


def _own(values: pl.Series, convention: Convention) -> tuple[str, Guess] | None:
    """(an example, how a later part is written) where that of training fails on too many of its cells and the
    part's own reads them."""
    kind = convention["kind"]
    if kind in ("text", "labels", "boolean"):
        return None
    if values.dtype.is_numeric() and kind == "datetime" and not (convention.get("unit") or convention.get("compact")):
        found = guess_numeric_dates(values)
        return None if found is None else (str(values.drop_nulls()[0]), Guess(found))
    if values.dtype != pl.String:
        return None
    text = stripped(values)
    known = text.filter(~missing_marks(text, frozenset(convention.get("missing", ()))))
    if not len(known):
        return None
    odd = known.filter(read_cells(known, convention).is_null())
    if len(odd) <= OWN * len(known):
        return None
    guess = infer(values)
    like = guess.convention["kind"] == kind or {guess.convention["kind"], kind} <= {"number", "duration", "time"}
    if not like or guess.convention == convention:
        return None
    left = read_cells(known, guess.convention).null_count()
    return (str(odd[0]), guess) if left < min(0.02 * len(known) + 1, REPEATED * len(odd)) else None


def _typed_already(
    table: Table, name: str, kind: pl.DataType, target: str | None, columns: Spoken, reading: Reading
) -> None:
    """The convention of a column whose type the source knows: how text in its place is to be read later; and
    numbers that are dates."""
    said = columns.get(name, ColumnConfig())
    values = reading.columns.get(name, table.frame[name])
    if kind == pl.Duration:
        reading.conventions[name] = {"kind": "duration", "smallest": "s"}
        reading.columns[name] = read_cells(values, reading.conventions[name])
    elif kind == pl.Time:
        reading.conventions[name] = {"kind": "time"}
    elif kind in (pl.Date, pl.Datetime):
        reading.conventions[name] = {"kind": "datetime", "order": "ymd"}
    elif kind == pl.Boolean:
        reading.conventions[name] = {"kind": "boolean"}
    elif kind.is_numeric():
        dates = (
            guess_numeric_dates(values)
            if name != target and said.modality in (None, "datetime") and _may_read(table, name, columns)
            else None
        )
        if dates is None:
            reading.conventions.setdefault(name, dict(PLAIN))
            return
        reading.conventions[name], reading.guesses[name] = dates, Guess(dates)
        reading.columns[name] = read_cells(values, dates)
