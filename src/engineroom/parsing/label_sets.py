"""Cells that hold several labels at once, joined by | ; , or blanks: sets, where the parts recur in other company."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

SEPARATORS = ("|", ";", ",")
LONGEST = 60  # letters of a label
SAMPLE = 5_000
MOST = 6  # labels of a cell, on average: longer lists are sentences


def guess_labels(values: pl.Series, *, target: bool = False, named: bool = False) -> dict[str, Any] | None:
    """The separator of label sets; None where the cells are whole values. Blanks part labels of a target alone, and
    commas (and blanks) only where there are fewer labels than different cells; `named` says that the task asks for
    sets."""
    known = values.drop_nulls()
    known = known.filter(known != "").head(SAMPLE)
    if not len(known):
        return None
    for separator in (*SEPARATORS, *((" ",) if target else ())):
        joined = int(known.str.contains(separator, literal=True).sum())
        if not joined or joined < len(known) * (0.02 if named else 0.05 if target else 0.2):
            continue
        rows = split_labels(known, separator)
        if recurs(rows, known, strict=separator in ", " and not named, named=named):
            return {"kind": "labels", "separator": separator}
    return None


def recurs(rows: list[list[str]], cells: pl.Series, *, strict: bool, named: bool) -> bool:
    """Do the parts come back in other company, as labels do, and never twice in a cell?"""
    counts = Counter(label for row in rows for label in row)
    if (
        not counts
        or max(map(len, counts)) >= LONGEST
        or sum(len(set(row)) < len(row) for row in rows) > 0.01 * len(rows)
    ):
        return False
    if len(counts) > 0.2 * len(rows) + 20 or len(counts) < 2:
        return False
    if not strict:
        return named or sum(count > 1 for count in counts.values()) >= 0.2 * len(counts)
    wholes = cells.n_unique()
    usual = sum(map(len, rows)) / len(rows)
    alone = {row[0] for row in rows if len(row) == 1}
    several = sum(count >= 5 for count in counts.values())
    company = Counter(label for row in {tuple(sorted(row)) for row in rows} for label in row)
    return (
        wholes > len(counts)
        and usual <= MOST
        and several >= 0.5 * len(counts)
        and sum(count > 1 for count in company.values()) >= 0.5 * len(counts)
        and (bool(alone & {label for row in rows if len(row) > 1 for label in row}) or len(counts) <= 0.05 * len(rows))
    )


def split_labels(values: pl.Series, separator: str) -> list[list[str]]:
    return [
        [part.strip() for part in cell.split(separator) if part.strip()] if cell else [] for cell in values.to_list()
    ]


def read_labels(values: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """(N,) List(String); a missing cell stays missing."""
    rows = split_labels(values, convention["separator"])
    return pl.Series(
        values.name,
        [None if cell is None else row for cell, row in zip(values.to_list(), rows, strict=True)],
        dtype=pl.List(pl.String),
    )
