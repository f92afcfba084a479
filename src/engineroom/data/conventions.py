"""COLLECT: how the cells of each column are written (numbers with separators, dates, durations, label sets),
decided once for a table.

Training decides; every later table (--test, predict, evaluate, a resumed run) is read by the same conventions. A part of the data that
the training rows' convention does not read is read by its own, and that is said.
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
from ..parsing.words import TEXT_MISSING, missing_marks, stripped
from .convention_notes import notes_of
from .plain_columns import Keep, plain_columns, read_plain_columns, same, thousandfold
from .stated_conventions import guess_column

TYPED = ("number", "category", "datetime", "multilabel")  # kinds of column whose cells may be read anew
OWN = 0.1  # share of a later part's cells that the training convention must fail on before the part's own is looked for
FREQUENT, RARE = (
    0.05,
    0.25,
)  # a word for a missing value is a class of the target where it has such a share of the rows, or of the usual class
Spoken = Mapping[str, ColumnConfig]


@dataclass
class Reading:
    """What was decided and found, column by column."""

    conventions: dict[str, dict[str, Any]] = field(default_factory=dict)
    guesses: dict[str, Guess] = field(default_factory=dict)
    columns: dict[str, pl.Series] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)  # column -> parts read by a convention of their own
    kept: dict[str, dict[str, int]] = field(default_factory=dict)  # column -> words such as NA that are classes
    unread: dict[str, pl.Series] = field(default_factory=dict)  # column -> (N,) bool
    keep: Keep = same  # where a column that was read is held: in memory, or mapped from a file


def read_conventions(
    table: Table,
    *,
    target: str | None = None,
    columns: Spoken | None = None,
    classes: bool = False,
    known: Mapping[str, Convention] | None = None,
    keep: Keep = same,
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
        for name, convention in reading.conventions.items():
            if name not in done:
                _apply(table, name, convention, reading)
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
    if hint.get("role") in ("split", "ignore") or said.role == "ignore":
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
    if target in reading.conventions and reading.conventions[str(target)]["kind"] in ("text", "labels"):
        _keep_classes(frame[str(target)], columns.get(str(target), ColumnConfig()), reading)
    reading.columns |= (done := read_plain_columns(table.frame, reading.conventions, reading.keep))
    for name in texts:
        if name not in done:
            _apply(table, name, reading.conventions[name], reading, train)
    for name, kind in table.frame.schema.items():
        whole = name in reading.columns and reading.columns[name].dtype.is_integer()
        if name not in reading.conventions or (whole and reading.conventions[name] == PLAIN):
            _typed_already(table, name, reading.columns[name].dtype if whole else kind, target, columns, reading)


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
        words = said.modality in ("category", "identifier", "text")
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
        if unsure or (comma and name in plain and thousandfold(frame[name])):
            guess(name, comma)


def _keep_classes(values: pl.Series, said: ColumnConfig, reading: Reading) -> None:
    """Words such as NA or null are classes of the target where they are about as frequent as its classes are; else
    they are missing."""
    convention = reading.conventions[values.name]
    if said.missing is not None:
        return
    counts = dict(stripped(values).drop_nulls().value_counts().iter_rows())
    doubtful = {word: counts[word] for word in counts if word in TEXT_MISSING and word not in ("", "?")}
    sizes = sorted(count for word, count in counts.items() if word not in TEXT_MISSING)
    usual = sizes[len(sizes) // 2] if sizes else 0
    rows = sum(sizes) + sum(doubtful.values())
    often = {word: n for word, n in doubtful.items() if n >= FREQUENT * rows or (usual > 1 and n >= RARE * usual)}
    kept = often if len(sizes) <= 0.5 * rows else {}
    if doubtful:
        convention["missing"] = sorted(word for word in TEXT_MISSING if word not in kept)
        reading.kept[values.name] = kept or {word: 0 for word in doubtful}


def _apply(
    table: Table, name: str, convention: dict[str, Any], reading: Reading, train: pl.Series | None = None
) -> None:
    """Read one column; where a later part is written otherwise, by its own convention."""
    values = table.frame[name]
    reading.conventions[name] = convention
    later = pl.repeat(True, len(values), eager=True) if train is None else ~train
    own = _own(values.filter(later), convention) if (train is not None or name not in reading.guesses) else None
    read = read_cells(values, convention)
    if own is not None and own[1] is not None:
        other = read_cells(values.filter(later), own[1])
        place = pl.Series(range(len(values))).filter(later)
        kind = other.dtype if read.dtype.is_integer() and other.dtype.is_float() else read.dtype
        read = read.cast(kind).scatter(place, other.cast(kind, strict=False)) if train is not None else other
        reading.parts[name] = ["the test part" if train is not None else "this table", own[0]]
    if read is not values:
        reading.columns[name] = reading.keep(read)
    if convention["kind"] not in ("text", "labels") and values.dtype == pl.String:
        text = stripped(values)
        odd = read.is_null() & ~missing_marks(text, frozenset(convention.get("missing", ())))
        if odd.any():
            reading.unread[name] = odd


def _own(values: pl.Series, convention: Convention) -> tuple[str, dict[str, Any] | None] | None:
    """(an example, the convention of a later part) where that of training fails on too many of its cells and the
    part's own reads them."""
    kind = convention["kind"]
    if kind in ("text", "labels", "boolean"):
        return None
    if values.dtype.is_numeric() and kind == "datetime" and not (convention.get("unit") or convention.get("compact")):
        found = guess_numeric_dates(values)
        return None if found is None else (str(values.drop_nulls()[0]), found)
    if values.dtype != pl.String:
        return None
    text = stripped(values)
    known = text.filter(~missing_marks(text, frozenset(convention.get("missing", ()))))
    if not len(known):
        return None
    odd = known.filter(read_cells(known, convention).is_null())
    if len(odd) <= OWN * len(known):
        return None
    guess = infer(values).convention
    like = guess["kind"] == kind or {guess["kind"], kind} <= {"number", "duration", "time"}
    if (
        like
        and guess != convention
        and len(known.filter(read_cells(known, guess).is_null())) < min(0.02 * len(known) + 1, REPEATED * len(odd))
    ):
        return str(odd[0]), guess
    return None


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
