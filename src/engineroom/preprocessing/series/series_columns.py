"""Columns of a table of time series, found by type and name: the time, what tells the series apart, the channels to
forecast."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.errors import DataError, nearest
from ...modalities.tabular.datetime import to_timestamps
from ...modalities.tabular.number import to_floats
from ...parsing.guess_dates import named_like_time
from .timestamps import ROWS

NAMES = ("time", "date", "datetime", "timestamp", "month", "t", "step", "tick", "year")
CALENDAR = ("year", "month", "day", "hour", "minute")


def find_time(frame: pl.DataFrame, option: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """((N,) seconds or numbers, the columns they come from); None where the order of the rows is all there is."""
    if option == ROWS and ROWS not in frame.columns:
        return None, ()
    if option:
        return to_times(frame[option]), (option,)
    moments = [name for name, dtype in frame.schema.items() if dtype in (pl.Date, pl.Datetime)]
    clocks = [name for name, dtype in frame.schema.items() if dtype == pl.Time]
    if moments:
        named = [name for name in moments if named_like_time(name)] or moments
        if frame[named[0]].dtype == pl.Date and len(clocks) == 1:  # a day in one column, the time of day in another
            return to_times(frame[named[0]]) + to_times(frame[clocks[0]]), (named[0], clocks[0])
        return to_times(frame[named[0]]), (named[0],)
    for name in frame.columns:
        if (
            frame[name].dtype == pl.String
            and frame[name].drop_nulls().head(50).str.contains(r"^\s*\d{1,4}[-/.]\d{1,2}").all()
        ):
            read = to_times(frame[name])
            if np.isfinite(read).mean() > 0.98:
                return read, (name,)
    lower = {name.lower(): name for name in frame.columns}
    if all(part in lower for part in CALENDAR[:3]):
        used = tuple(lower[part] for part in CALENDAR if part in lower)
        parts = [pl.lit(frame[name].cast(pl.Int32, strict=False)) for name in used]
        return to_times(pl.select(pl.datetime(*parts)).to_series()), used
    name = next((lower[one] for one in NAMES if one in lower and frame[lower[one]].dtype.is_numeric()), "")
    return (to_floats(frame[name]), (name,)) if name else (None, ())


def to_times(values: pl.Series) -> np.ndarray:
    """(N,) seconds since 1970, or the numbers themselves; NaN where neither."""
    if values.dtype.is_numeric():
        return to_floats(values)
    return to_timestamps(values).cast(pl.Float64).fill_null(np.nan).to_numpy()


def is_date(frame: pl.DataFrame, used: tuple[str, ...]) -> bool:
    return len(used) > 1 or not frame[used[0]].dtype.is_numeric()


def find_series(frame: pl.DataFrame, clock: np.ndarray, taken: set[str]) -> str:
    """Where moments repeat: the one column of words (or of few whole numbers) within whose values none does; "" where
    there is none, or no need of one."""
    if len(np.unique(clock)) == len(clock):
        return ""
    keys = frame.with_columns(pl.Series("", clock))
    texts = [name for name in frame.columns if name not in taken and frame[name].dtype in (pl.String, pl.Categorical)]
    whole = [
        name
        for name in frame.columns
        if name not in taken and frame[name].dtype.is_integer() and 1 < frame[name].n_unique() <= len(frame) / 3
    ]
    return next((name for name in [*texts, *whole] if not keys.select("", name).is_duplicated().any()), "")


def find_channels(frame: pl.DataFrame, target: str | None, every: bool, taken: set[str]) -> list[str]:
    numeric = [name for name in frame.columns if frame[name].dtype.is_numeric() and name not in taken]
    if target and not every:
        if target not in frame.columns:
            raise DataError(
                f"There is no column {target!r} to forecast.", "", nearest(target, frame.columns, label="Columns")
            )
        return [target]
    if not numeric or (not every and len(numeric) > 1):
        what = "Which column should be forecast?" if numeric else "No column holds numbers to forecast."
        raise DataError(
            what,
            f"Numbers: {', '.join(numeric[:20]) or 'none'}.",
            "Say --target COLUMN, or --set options.all_channels=true for all of them.",
        )
    return numeric
