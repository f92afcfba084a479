"""LOSS: moments of a series: months are counted by the calendar, times are written as a person writes them, none may
occur twice."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.errors import DataError

ROWS = "rows"  # instead of a column of times: the rows stand in their order


def check_doubles(
    times: np.ndarray, rows: np.ndarray, name: str, series: str, used: tuple[str, ...], *, dated: bool
) -> None:
    if (double := np.flatnonzero(np.diff(times) == 0)).size:
        of = f" in series {name!r}" if series else ""
        moment = format_times(times[double[:1]], "seconds" if dated else "steps")[0]
        raise DataError(
            f"{double.size:,} moment(s) occur twice{of}: {moment} in rows {rows[double[0]]} and "
            f"{rows[double[0] + 1]}, for example.",
            f"By column {' '.join(used)}.",
            "Keep one row a moment."
            if series
            else "If the table holds several series, name the column that tells them: --set options.series=COLUMN. "
            f"If its rows stand in their order and {' '.join(used)} is no clock: --set options.time={ROWS}",
        )


def to_months(seconds: np.ndarray) -> np.ndarray:
    """Months since 1970."""
    return seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64).astype(float)


def to_units(seconds: np.ndarray, unit: str) -> np.ndarray:
    """Moments as the clock counts them: months, business days ("weekdays 1111100", Monday first), else seconds or steps
    as they are."""
    if unit == "months":
        return to_months(seconds)
    if unit.startswith("weekdays"):
        days = seconds.astype("datetime64[s]").astype("datetime64[D]")
        return np.busday_count(np.datetime64("1970-01-01"), days, weekmask=unit.split()[1]).astype(float)
    return seconds


def after(time: float, steps: np.ndarray, unit: str, step: float) -> np.ndarray:
    """Moments so many `steps` after `time`: by the calendar where the clock counts months (the day of the month, or its
    end, is kept) or business days."""
    if unit == "months":
        moment = np.asarray(time).astype("datetime64[s]")
        day, month = moment.astype("datetime64[D]"), moment.astype("datetime64[M]")
        place, rest = (day - month.astype("datetime64[D]")).astype(int), moment - day
        ends = (day + 1).astype("datetime64[M]") > month and place >= 27
        months = month + np.round(np.asarray(steps) * step).astype(np.int64)
        last = ((months + 1).astype("datetime64[D]") - 1 - months.astype("datetime64[D]")).astype(int)
        made = months.astype("datetime64[D]") + (last if ends else np.minimum(last, place))
        return (made.astype("datetime64[s]") + rest).astype(np.int64).astype(float)
    if unit.startswith("weekdays"):
        moment = np.asarray(time).astype("datetime64[s]")
        day = moment.astype("datetime64[D]")
        mask = unit.split()[1]
        made = np.busday_offset(
            day, np.round(np.asarray(steps) * step).astype(np.int64), roll="backward", weekmask=mask
        )
        return (made.astype("datetime64[s]") + (moment - day)).astype(np.int64).astype(float)
    return time + np.asarray(steps) * step


def business_days(times: list[np.ndarray]) -> str | None:
    """ "weekdays 1111100" where days of the week are left out throughout (weekends, Sundays); None where they are
    not."""
    days = np.concatenate(times).astype("datetime64[s]").astype("datetime64[D]").astype(np.int64)
    open_ = np.bincount((days + 3) % 7, minlength=7) > 0  # 1970 began on a Thursday
    few = len(np.unique(days)) < 10
    return None if few or open_.sum() not in (5, 6) else "weekdays " + "".join("1" if one else "0" for one in open_)


def format_times(times: np.ndarray, unit: str) -> pl.Series:
    """Times as a person writes them."""
    if unit == "steps":
        whole = np.round(times)
        return pl.Series(whole.astype(np.int64) if np.abs(times - whole).max(initial=0) < 1e-6 else times)
    moments = pl.from_epoch(pl.Series(times).cast(pl.Int64), time_unit="s")
    daily = unit == "months" or unit.startswith("weekdays")
    return moments.cast(pl.Date) if daily and bool((np.asarray(times) % 86_400 == 0).all()) else moments
