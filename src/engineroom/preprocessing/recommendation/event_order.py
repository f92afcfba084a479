"""Interactions (events) in the order of time, grouped by user."""

from __future__ import annotations

import polars as pl

from ...core.errors import DataError
from ...core.seeds import numpy_generator
from ...modalities.tabular.datetime import to_timestamps


def sort_events(
    frame: pl.DataFrame, names: dict[str, str], least: float, *, inference: bool, rows_in_order: bool = False
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """([(user, items in the order of time)], notes); equal times keep the order of the rows, an item met again counts
    once, the first time. Without a time, and unless the rows are in order, a user's events are shuffled: the last line
    of a file is no last event. Where recommendations are asked for, a user without an event is one too."""
    notes: list[str] = []
    picked = frame.select(**{part: pl.col(name) for part, name in names.items()}).with_columns(
        pl.col("user", "item").cast(pl.String)
    )
    whole = picked.drop_nulls(["user", "item"])
    if len(whole) < len(picked):
        notes.append(f"{len(picked) - len(whole)} event(s) without a user or an item were left out.")
    if "rating" in names and least > 0:
        whole = whole.filter(pl.col("rating").cast(pl.Float64, strict=False) >= least)
    if "time" in names:
        times = event_times(whole["time"], names["time"])
        if missing := int(times.null_count()):
            notes.append(f"{missing} event(s) have no time that can be read, and count as the oldest.")
        whole = whole.with_columns(times.alias("time")).sort("time", maintain_order=True, nulls_last=False)
    elif not inference and not rows_in_order:
        whole = whole[numpy_generator(0, "events").permutation(len(whole))]
    once = whole.unique(["user", "item"], keep="first", maintain_order=True)
    if len(once) < len(whole):
        notes.append(
            f"{len(whole) - len(once)} event(s) repeat an item that the user had met before, and were left out."
        )
    empty = [
        user
        for user in picked["user"].drop_nulls().unique(maintain_order=True).to_list()
        if inference and user not in set(once["user"])
    ]
    if not len(once) and not empty:
        raise DataError("No event is left.", "; ".join(notes), "Check the columns and the least rating.")
    grouped = once.group_by("user", maintain_order=True).agg("item")
    return [
        *zip(grouped["user"].to_list(), grouped["item"].to_list(), strict=True),
        *((user, []) for user in empty),
    ], notes


def event_times(values: pl.Series, name: str) -> pl.Series:
    """Numbers or seconds since 1970; text is read as dates, never sorted by its spelling."""
    if values.dtype.is_numeric():
        return values
    times = to_timestamps(values)
    known = len(values) - values.null_count()
    if known and times.null_count() > 0.5 * len(values):
        what = (
            f"Column {name!r} is taken for the time, but {times.null_count():,} of {len(values):,} cells are no "
            "dates "
            "or times."
        )
        example = f"For example {values.drop_nulls()[0]!r}."
        raise DataError(
            what, example, "Name another column, --set options.time=COLUMN, or none: --set options.time=rows"
        )
    return times
