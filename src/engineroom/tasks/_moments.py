"""LOSS: moments of a series: months are counted by the calendar, times are written as a person writes them, none may occur twice."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.errors import DataError

WEEKS = 3  # from which on missing weekends are no accident
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


def to_business_days(seconds: np.ndarray) -> np.ndarray:
    """Business days (Monday to Friday) since 1970."""
    return np.busday_count(np.datetime64("1970-01-01"), seconds.astype("datetime64[s]").astype("datetime64[D]")).astype(float)


def from_business_days(days: np.ndarray) -> np.ndarray:
    """Seconds since 1970 at the beginning of each business day."""
    first = np.busday_offset("1970-01-01", np.asarray(days).astype(np.int64), roll="forward")
    return first.astype("datetime64[s]").astype(np.int64).astype(float)


def are_business_days(times: np.ndarray) -> bool:
    """Whether daily times leave out Saturdays and Sundays, and weekends alone account for most of the gaps."""
    days = np.unique(np.floor(times / 86_400).astype(np.int64))
    if len(days) < WEEKS * 5 or np.ptp(np.mod(times, 86_400)) > 0 or ((days + 3) % 7 >= 5).any():  # 1970 began on a Thursday
        return False
    return len(days) >= 0.8 * (np.busday_count(days[0].astype("datetime64[D]"), days[-1].astype("datetime64[D]")) + 1)


def shown(times: np.ndarray, unit: str) -> pl.Series:
    """Times as a person writes them."""
    if unit == "steps":
        whole = np.round(times)
        return pl.Series(whole.astype(np.int64) if np.abs(times - whole).max(initial=0) < 1e-6 else times)
    return pl.from_epoch(pl.Series(times).cast(pl.Int64), time_unit="s")
