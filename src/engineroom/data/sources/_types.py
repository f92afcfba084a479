"""COLLECT: what text columns hold. Every cell decides: one word among the numbers and the column stays text."""

from __future__ import annotations

import polars as pl

from ._dialect import MISSING

TEXT_MISSING = MISSING - {"None"}  # a class may well be called "None"
MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z?$"
COMMA = r"^[+-]?\d+(,\d+)?$"  # the decimal comma of many countries
SAMPLE = 500  # rows
GROUP = {"bool": "bool", "int": "number", "float": "number", "comma": "comma", "date": "date", "moment": "date"}
PADDED = r"^0\d"  # 00731 is a code, not a number


def typed(lazy: pl.LazyFrame, names: tuple[str, ...], *, comma: bool = False) -> pl.LazyFrame:
    """Text columns called 0, 1, … become `names`, of the type that all their cells agree on.

    They are numbered because polars takes names such as `*` for patterns. A sample rules most types out, so that the
    pass over all rows tests no more than it must.
    """
    groups = {"bool", "number", "date"} | ({"comma"} if comma else set())
    possible = dict.fromkeys(map(str, range(len(names))), groups)
    guesses = _kinds(lazy.head(SAMPLE), possible)
    kinds = _kinds(lazy, {name: {GROUP[kind]} if kind in GROUP else groups for name, kind in guesses.items() if kind != "text"})
    return lazy.select([_as_type(str(i), kinds.get(str(i), "text")).alias(name) for i, name in enumerate(names)])


def _kinds(lazy: pl.LazyFrame, possible: dict[str, set[str]]) -> dict[str, str]:
    """The kind of each column in `possible`: that which all its present cells are."""
    if not possible:
        return {}
    tests = [
        test.alias(f"{i}:{kind}")
        for i, (name, groups) in enumerate(possible.items())
        for kind, test in _tests(pl.col(name), groups).items()
    ]
    found = lazy.select([_trimmed(name) for name in possible]).select(tests).collect(engine="streaming").row(0, named=True)
    counts: list[dict[str, int]] = [{} for _ in possible]
    for key, count in found.items():
        place, _, kind = key.partition(":")
        counts[int(place)][kind] = count
    return {name: _kind(count) for name, count in zip(possible, counts, strict=True)}


def _trimmed(name: str) -> pl.Expr:
    """The column's text without blanks at its ends, missing words made null."""
    text = pl.col(name).str.strip_chars()
    return pl.when(~text.is_in(sorted(MISSING))).then(text).alias(name)


def _tests(text: pl.Expr, groups: set[str]) -> dict[str, pl.Expr]:
    """How many cells could be of each kind."""
    tests = {"all": text.count()}
    if "bool" in groups:
        tests["bool"] = text.str.to_lowercase().is_in(["true", "false"]).sum()
    if "number" in groups:
        tests["int"] = text.cast(pl.Int64, strict=False).count()
        tests["float"] = text.cast(pl.Float64, strict=False).count()
        tests["code"] = text.filter(text.str.starts_with("0")).str.contains(PADDED).sum()
        tests["long"] = text.filter(text.str.len_bytes() > 18).str.contains(r"^[+-]?\d+$").sum()
    if "comma" in groups:
        tests["comma"] = text.str.contains(COMMA).sum()
    if "date" in groups:
        dated = text.filter(text.str.slice(4, 1) == "-")  # the parser is slow to find that a word is no date
        tests["date"] = _date(dated).count()
        tests["moment"] = _moment(dated).count()
    return tests


def _kind(count: dict[str, int]) -> str:
    total = count["all"]
    if total == 0:
        return "empty"
    if count.get("code"):
        return "text"
    if count.get("long") and count["int"] < total:
        return "text"  # too long for 64 bits: the number of a thing, not an amount
    for kind in ("bool", "int", "float", "comma", "date", "moment"):
        if count.get(kind, 0) == total:
            return kind
    return "text"


def _as_type(name: str, kind: str) -> pl.Expr:
    text = _trimmed(name)
    made = {
        "int": lambda: text.cast(pl.Int64),
        "float": lambda: text.cast(pl.Float64),
        "bool": lambda: text.str.to_lowercase() == "true",
        "comma": lambda: text.str.replace(",", ".", literal=True).cast(pl.Float64),
        "date": lambda: _date(text),
        "moment": lambda: _moment(text),
    }
    if kind in made:
        return made[kind]()
    missing = pl.col(name).str.strip_chars().is_in(sorted(TEXT_MISSING))
    return pl.when(~missing).then(pl.col(name))


def _date(text: pl.Expr) -> pl.Expr:
    return text.str.to_date("%Y-%m-%d", strict=False)


def _moment(text: pl.Expr) -> pl.Expr:
    """Date and time; a trailing Z (UTC) is dropped, other zones stay text."""
    plain = text.str.strip_suffix("Z").str.replace("T", " ", literal=True)
    return pl.when(text.str.contains(MOMENT)).then(plain.str.to_datetime(strict=False, time_unit="us"))
