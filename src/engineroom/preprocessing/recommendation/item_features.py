"""COLLECT for recommendations: what items and users are like, from tables beside the events or from columns of the
events themselves.

Every column of an item becomes words about it (a value, a part of a scale, a word of a text), because words can be
shared: what was learnt of other films of the genre is known of a film that nobody has seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...data.loading import open_table
from ...modalities.tabular.datetime import to_timestamps

PARTS = 8  # a scale is cut into so many, alike full
FEW = 12  # numbers of so few kinds are names, not a scale
SHARED = 3  # items that must have a property in common for it to be one
COMMON = 0.5  # of the items: a word that more have says nothing
MOST = 2_000  # properties, the commonest
TITLE = 0.9  # distinct values of a column of words that names the items
LONG = 200  # letters of a title


def open_side_table(
    path: str, key: str, names: Sequence[str], known: set[str], *, inference: bool = False
) -> tuple[pl.DataFrame, str]:
    """(the table, its column that names whom a row is about): the one that holds most of those `known` from the events;
    of equals the one called `key`, or one of the usual `names`, else the first."""
    frame = open_table(path).frame
    usual = (*([key.lower()] if not re.fullmatch(r"column_\d+", key) else []), *names)

    def claim(name: str) -> tuple[int, int]:
        place = usual.index(name.lower()) if name.lower() in usual else len(usual)
        values = frame[name]
        return (0 if values.dtype.is_nested() else len(known & set(values.cast(pl.String).to_list()))), -place

    found = max(frame.columns, key=claim)
    if not claim(found)[0] and not inference:  # who is asked for may be new
        raise DataError(
            f"{path} describes none of those in the events.",
            f"Its columns: {', '.join(frame.columns[:20])}.",
            "Is it the right table?",
        )
    if frame.width < 2:
        raise DataError(
            f"{path} says nothing of anybody.",
            "It needs a column of names and others about them.",
            "Is it the right table?",
        )
    return frame.filter(frame[found].is_not_null()).with_columns(pl.col(found).cast(pl.String)).unique(
        found, keep="first", maintain_order=True
    ), found


def within(frame: pl.DataFrame, key: str, said: str) -> pl.DataFrame:
    """Of the events' columns `said` (joined by commas), the first known value for everyone whom the column `key`
    names."""
    names = [name.strip() for name in said.split(",") if name.strip()]
    for name in names:
        if name not in frame.columns or name == key:
            raise UserError(
                f"No column {name!r} of the events can describe {key!r}.",
                "",
                nearest(name, frame.columns, label="Columns"),
            )
    known = frame.filter(frame[key].is_not_null()).with_columns(pl.col(key).cast(pl.String))
    return known.group_by(key, maintain_order=True).agg(pl.col(name).drop_nulls().first() for name in names)


def merged(tables: Sequence[tuple[pl.DataFrame, str]]) -> tuple[pl.DataFrame, str] | None:
    """Tables about the same, side by side."""
    if not tables:
        return None
    whole, key = tables[0]
    for other, its in tables[1:]:
        whole = whole.join(other.rename({its: key}), on=key, how="full", coalesce=True, maintain_order="left_right")
    return whole, key


def properties(frame: pl.DataFrame, key: str) -> dict[str, list[str]]:
    """{who: the words about them}, those that at least SHARED have in common."""
    names = frame[key].to_list()
    said: list[list[str]] = [[] for _ in names]
    for column in frame.columns:
        if column != key:
            for own, words in zip(said, spoken_of(frame[column]), strict=True):
                own += words
    counts = Counter(word for own in said for word in set(own))
    kept = {word for word, count in counts.most_common(MOST) if count >= SHARED}
    return {name: sorted(set(own) & kept) for name, own in zip(names, said, strict=True)}


def spoken_of(values: pl.Series) -> list[list[str]]:
    """(N) values → (N) lists of words about the row: yes or no, a name, a part of a scale, elements of a list, words of
    a text."""
    name = values.name
    if isinstance(values.dtype, pl.List):
        return [
            [] if cell is None else [f"{name}: {one}" for one in cell if one is not None] for cell in values.to_list()
        ]
    known = values.drop_nulls()
    if not len(known):
        return [[] for _ in range(len(values))]
    if values.dtype == pl.Boolean or (values.dtype.is_numeric() and set(known.unique().to_list()) <= {0, 1}):
        return [[name] if cell else [] for cell in values.to_list()]
    if values.dtype.is_temporal() or values.dtype == pl.String:
        seconds = to_timestamps(values)
        if seconds.null_count() - values.null_count() < 0.05 * len(known):
            values = seconds / (365.25 * 86_400) + 1970
    if values.dtype.is_numeric() and values.n_unique() > FEW:
        x = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
        edges = np.unique(np.nanquantile(x, np.linspace(0, 1, PARTS + 1)[1:-1]))
        part = np.searchsorted(edges, x, side="right")
        ends = [f"below {edges[0]:.5g}", *(f"{a:.5g} to {b:.5g}" for a, b in pairwise(edges)), f"from {edges[-1]:.5g}"]
        return [[f"{name}: {ends[k]}"] if np.isfinite(one) else [] for k, one in zip(part, x, strict=True)]
    words = values.cast(pl.String).to_list()
    if known.n_unique() <= max(FEW, len(known) // SHARED):
        return [[] if cell is None else [f"{name}: {cell}"] for cell in words]
    cut = [set(re.findall(r"\w{2,}", cell.lower())) if cell else set() for cell in words]
    counts = Counter(word for row in cut for word in row)
    return [[f"{name}: {word}" for word in sorted(row) if counts[word] <= COMMON * len(known)] for row in cut]


def titles(frame: pl.DataFrame, key: str) -> dict[str, str]:
    """{who: what to call them}: the first column of words that differ from row to row; none where there is none."""
    for name in frame.columns:
        values = frame[name]
        known = values.drop_nulls()
        if name == key or values.dtype != pl.String or not len(known) or known.n_unique() < TITLE * len(known):
            continue
        if known.str.contains(r"^\w+://|^[\d\W]*$").mean() < 0.5:  # type: ignore[operator]
            return {who: str(said)[:LONG] for who, said in zip(frame[key], values, strict=True) if said is not None}
    return {}


def about(
    frame: pl.DataFrame,
    names: dict[str, str],
    part: str,
    guesses: Sequence[str],
    path: str,
    said: str,
    *,
    inference: bool = False,
) -> tuple[pl.DataFrame, str] | None:
    """The table about all items or users (`part`), from the file `path` and from the events' own columns `said`; None
    where nothing is said."""
    tables: list[tuple[pl.DataFrame, str]] = []
    if path:
        known = set(frame[names[part]].drop_nulls().cast(pl.String).to_list())
        tables.append(open_side_table(path, names[part], guesses, known, inference=inference))
    if said:
        tables.append((within(frame, names[part], said), names[part]))
    return merged(tables)


def describe(users: Sequence[str], table: tuple[pl.DataFrame, str] | None, taken: Sequence[str]) -> dict[str, Any]:
    """The columns about each of `users`, in their order, under names that are not `taken`."""
    if table is None:
        return {}
    frame, key = table
    rows = pl.DataFrame({key: list(users)}, schema={key: pl.String}).join(
        frame, on=key, how="left", maintain_order="left"
    )
    return {name if name not in taken else f"{name} of the user": rows[name] for name in frame.columns if name != key}
