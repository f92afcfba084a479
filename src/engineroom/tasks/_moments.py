"""LOSS: moments of a series: months are counted by the calendar, times are written as a person writes them, none may occur twice."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.errors import DataError

ROWS = "rows"  # instead of a column of times: the rows stand in their order


def check_doubles(times: np.ndarray, rows: np.ndarray, name: str, series: str, used: tuple[str, ...], *, dated: bool) -> None:
    if (double := np.flatnonzero(np.diff(times) == 0)).size:
        of = f" in series {name!r}" if series else ""
        moment = shown(times[double[:1]], "seconds" if dated else "steps")[0]
        raise DataError(
            f"{double.size:,} moment(s) occur twice{of}: {moment} in rows {rows[double[0]]} and {rows[double[0] + 1]}, for example.",
            f"By column {' '.join(used)}.",
            "Keep one row a moment." if series else "If the table holds several series, name the column that tells them: --set options.series=COLUMN. "
            f"If its rows stand in their order and {' '.join(used)} is no clock: --set options.time={ROWS}",
        )


def to_months(seconds: np.ndarray) -> np.ndarray:
    """Months since 1970."""
    return seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64).astype(float)


def from_months(months: np.ndarray) -> np.ndarray:
    return np.asarray(months).astype(np.int64).astype("datetime64[M]").astype("datetime64[s]").astype(np.int64).astype(float)


def shown(times: np.ndarray, unit: str) -> pl.Series:
    """Times as a person writes them."""
    if unit == "steps":
        whole = np.round(times)
        return pl.Series(whole.astype(np.int64) if np.abs(times - whole).max(initial=0) < 1e-6 else times)
    return pl.from_epoch(pl.Series(times).cast(pl.Int64), time_unit="s")
