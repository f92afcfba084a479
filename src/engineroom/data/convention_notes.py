"""COLLECT: what is said of how cells were read: formats with an example, what is ambiguous, what could not be read,
what counts as missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ..parsing.infer import Convention, read_cells
from ..parsing.numbers import bare_cells, censored
from ..parsing.words import missing_marks, stripped

if TYPE_CHECKING:
    from .conventions import Reading

LISTED = 8  # columns of a kind that are named
NAMED = 5  # notes of a kind
ORDERS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
FORMATS = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y/%m/%d"}


def notes_of(frame: pl.DataFrame, reading: Reading, *, later: bool) -> list[str]:
    """Notes in plain words, the most important first."""
    notes = [
        _ambiguous(name, guess.convention, guess.other, frame[name])
        for name, guess in reading.guesses.items()
        if guess.other or not guess.sure
    ]
    for name, parts in reading.parts.items():
        notes += [_own_words(name, part, example) for part, example, _ in parts]
        notes += [_ambiguous(name, g.convention, g.other, frame[name]) for *_, g in parts if g.other or not g.sure]
    notes += _unread(frame, reading)
    notes += [_kept(name, words) for name, words in reading.kept.items()]
    partly = [name for name, guess in reading.guesses.items() if guess.partly and guess.convention["kind"] == "text"]
    notes += [
        f"Many cells of {name} look like a {reading.guesses[name].partly}, too many do not: it stays text "
        f"(else: --set columns.{name}.modality=number)."
        for name in partly[:NAMED]
        if reading.guesses[name].partly == "number"
    ]
    if not later:
        notes += _formats(frame, reading)
    return notes + _marks(frame, reading)


def _example(values: pl.Series, convention: Convention) -> str:
    """A cell and what it was read as."""
    known = values.drop_nulls().head(200)
    read = read_cells(known, convention)
    place = next((k for k, one in enumerate(read) if one is not None and str(known[k]) != str(one)), None)
    return "" if place is None else f"“{str(known[place])[:40]}” is {_spoken(read[place])}"


def _spoken(value: Any) -> str:
    return (
        f"{value:.12g}"
        if isinstance(value, float)
        else " ".join(map(str, value))
        if isinstance(value, pl.Series)
        else str(value)
    )


def _ambiguous(name: str, convention: Convention, other: tuple[str, ...], values: pl.Series) -> str:
    if convention["kind"] == "datetime":
        order = convention["order"]
        how = f'--set columns.{name}.format="{FORMATS[other[0]]}"'
        orders, example = " or ".join(ORDERS[one] for one in (order, *other)), _example(values, convention)
        return f"The dates of {name} could be read {orders}: taken {ORDERS[order]} ({example}). Else: {how}"
    mark = "," if convention["decimal"] == "." else "."
    example = _example(values.filter(values.cast(pl.String).str.contains(r"[.,]\d").fill_null(False)), convention)
    return (
        f"The numbers of {name} could have “{mark}” as thousands separator or as decimal mark: taken as thousands "
        "separator "
        f'({example}). Else: --set columns.{name}.decimal="{mark}"'
    )


def _own_words(name: str, part: str, example: str) -> str:
    other = f"Column {name} is written otherwise in {part} (such as “{example[:40]}”) than in training"
    return f"{other}, and is read there by its own format."


def _unread(frame: pl.DataFrame, reading: Reading) -> list[str]:
    notes = []
    for name, odd in list(reading.unread.items())[:NAMED]:
        cells = frame[name].filter(odd)
        rows = pl.Series(range(len(odd))).filter(odd).head(3).to_list()
        words = {
            "number": "a number",
            "datetime": "a date",
            "duration": "a duration",
            "time": "a time",
            "boolean": "true or false",
            "number_list": "a list of numbers",
        }
        what = words.get(reading.conventions[name]["kind"], "a value")
        different = ", ".join(f"“{str(cell)[:30]}”" for cell in cells.unique(maintain_order=True).head(3))
        notes.append(
            f"{len(cells):,} of {len(odd):,} cells of {name} cannot be read as {what} and count as missing: "
            f"{different} "
            f"(row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}{', …' if len(cells) > len(rows) else ''})."
        )
    if more := list(reading.unread)[NAMED:]:
        notes.append(f"So do cells of {len(more)} more column(s): {', '.join(more[:LISTED])}.")
    return notes


def _kept(name: str, words: dict[str, int]) -> str:
    kept = {word: count for word, count in words.items() if count}
    if kept:
        named = ", ".join(f"“{word}” ({count:,} rows)" for word, count in kept.items())
        how = f'--set columns.{name}.missing="{next(iter(kept))}"'
        return f"{named} in {name} is taken for a class, not for a missing value. Else: {how}"
    word, how = next(iter(words)), f"--set columns.{name}.missing=[]"
    return f"“{word}” in {name} is taken for a missing value, not for a class. Else: {how}"


def _formats(frame: pl.DataFrame, reading: Reading) -> list[str]:
    """One note a kind: which columns were read so, with an example each."""
    notes = []
    for kind, words in (
        ("number", "numbers"),
        ("datetime", "dates"),
        ("duration", "durations, in seconds"),
        ("time", "times of day"),
        ("labels", "sets of labels"),
        ("number_list", "lists of numbers"),
    ):
        named = [
            name
            for name, one in reading.conventions.items()
            if one["kind"] == kind and (name in reading.guesses or (kind == "duration" and name in reading.columns))
        ]
        said = []
        for name in named[:LISTED]:
            parts = [
                _example(frame[name], reading.conventions[name]),
                *_of_numbers(frame[name], reading.conventions[name]),
            ]
            said += [f"{name} ({'; '.join(part for part in parts if part)})"] if any(parts) else []
        if said:
            notes.append(
                f"Read as {words}: {', '.join(said)}"
                f"{f' and {len(named) - LISTED} more' if len(named) > LISTED else ''}."
            )
    return notes


def _of_numbers(values: pl.Series, convention: dict[str, Any]) -> list[str]:
    """What else is to be known of numbers that carry signs: bounds, and cells without the sign of the others."""
    if convention["kind"] != "number" or values.dtype != pl.String:
        return []
    bounds = censored(values) if convention.get("marked") else 0
    bare, sign = bare_cells(values, convention)
    said = [f"{bounds} cells give a bound, which is taken"] if bounds else []
    return said + ([f"{bare} cells lack the “{sign}” and are taken as if they had it"] if bare else [])


def _marks(frame: pl.DataFrame, reading: Reading) -> list[str]:
    """Which words counted as missing among numbers and dates."""
    said = []
    for name in reading.guesses:
        convention = reading.conventions[name]
        if convention["kind"] in ("text", "labels") or frame[name].dtype != pl.String:
            continue
        text = stripped(frame[name])
        marks = text.filter(
            missing_marks(text, frozenset(convention.get("missing", ()))) & text.is_not_null() & (text != "")
        )
        if len(marks):
            word = marks.value_counts(sort=True)[0, 0]
            said.append(f"{name} “{word}” ({len(marks):,} cells)")
    if not said:
        return []
    return [
        f"Counted as missing values: {', '.join(said[:LISTED])}"
        f"{f' and {len(said) - LISTED} more columns' if len(said) > LISTED else ''}."
    ]
