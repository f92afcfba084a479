"""Dates and times: the order of day, month and year, two-digit years, offsets, months, quarters, ISO weeks, seconds
since 1970."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import polars as pl

from .months import month_of
from .words import stripped

TIME = (
    r"(?:[T ,:]+(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?P<F>[.,]\d{1,9})?)?)?\s*(?P<P>[AaPp]\.?\s?[Mm]\.?)?"
    r"\s*(?P<Z>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\s*\[.*\]|\s*\(.*\))?)?"
)
WEEKDAY = r"^(?:\p{L}{2,10}\.?,?\s+)?"
YEAR = r"['’]?(?P<y>\d{4}|\d{2})"
ORDERED = (
    WEEKDAY
    + r"(?P<a>\d{1,4})\s?(?:[-/.年 ]|\. )\s?(?P<b>\d{1,2})\s?(?:[-/.月 ]|\. )\s?(?P<c>\d{1,4})日?\.?"
    + TIME
    + "$"
)
COMPACT = r"^(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?:[T ]?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?(?P<Z>Z)?)?$"
NAMED = (
    WEEKDAY
    + r"(?P<d>\d{1,2})(?:st|nd|rd|th|º|\.)?[-/., ]*(?:of |de )?(?P<m>\p{L}{3,12})\.?[-/., ]*(?:de )?"
    + YEAR
    + TIME
    + "$",
    WEEKDAY + r"(?P<m>\p{L}{3,12})\.?[-/ ]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/, ]+" + YEAR + TIME + "$",
    r"^(?P<y>\d{4})[-/. ]?(?P<m>\p{L}{3,12})\.?[-/. ]?(?P<d>\d{1,2})" + TIME + "$",
)
MONTHLY = (
    r"^(?P<y>\d{4})\s?[-/.年M ]\s?(?P<m>\d{1,2})月?$",
    r"^(?P<m>\d{1,2})[-/.](?P<y>\d{4})$",
    r"^(?P<m>\p{L}{3,12})\.?[-/., ]*" + YEAR + "$",
    r"^(?P<y>\d{4})[-/., ]*(?P<m>\p{L}{3,12})\.?$",
)
QUARTERLY = (
    r"^(?P<y>\d{4})[-/. ]?[QqTK](?P<q>[1-4])$",
    r"^[QqTK](?P<q>[1-4])[-/. ']*(?P<y>\d{4}|\d{2})$",
    r"^(?P<q>[1-4])[Qq][-/. ]?(?P<y>\d{4}|\d{2})$",
)
WEEKLY = r"^(?P<y>\d{4})-?W(?P<w>\d{1,2})(?:-?(?P<k>[1-7]))?$"
LIKELY = "|".join(
    (
        r"\d{1,4}\s?[-/.年 ]\s?(?:\d{1,2}|\p{L}{3,12})\.?\s?[-/.月, ]",
        r"\p{L}{3,12}\.?[-/., ]*'?\d{1,4}",
        r"^\d{4}[-/.年M ]?\d{1,2}月?$|^\d{1,2}[-/.]\d{4}$|[QqTK][1-4]|[1-4][Qq]|^\d{4}-?W\d|^\d{8}",
    )
)
ORDERS = ("dmy", "mdy", "ymd")
AHEAD = 10  # years from now; a two-digit year that would lie later is of the last century
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
SERIAL_UNIT, SERIAL_EPOCH = "serial days", -25_569 * 86_400.0  # spreadsheets count days from 1899-12-30
PARTS = ("y", "m", "d", "H", "M", "S", "F", "P", "Z")


def read_datetimes(values: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """(N,) Date where no cell says a time, else Datetime("us"); null where the convention does not read a cell."""
    if convention.get("unit"):
        return from_epoch(values, convention["unit"])
    if convention.get("compact"):
        values = values.cast(pl.Int64, strict=False) if values.dtype.is_float() else values
    text = stripped(values)
    if form := convention.get("format"):
        seconds = (
            text.str.to_datetime(form, strict=False, time_unit="us", time_zone=None)
            if "%H" in form or "%I" in form
            else text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
        )
    else:
        iso = text.str.contains(r"^\d{4}-\d{2}-\d{2}$").fill_null(False)
        seconds = (
            pl.select(pl.when(iso).then(text)).to_series().str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        )
        left = text.filter(seconds.is_null()).drop_nulls().unique()
        if len(left):
            found = parse_datetimes(left, convention)
            seconds = pl.select(
                pl.coalesce(seconds, text.replace_strict(left, found, default=None, return_dtype=pl.Datetime("us")))
            ).to_series()
    return seconds.cast(pl.Date) if convention.get("date") else seconds


def from_epoch(values: pl.Series, unit: str) -> pl.Series:
    """Seconds since 1970 (or thousandths and so on), or a spreadsheet's serial days → Datetime("us")."""
    numbers = values.cast(pl.Float64, strict=False)
    seconds = numbers * 86_400.0 + SERIAL_EPOCH if unit == SERIAL_UNIT else numbers * UNITS[unit]
    micros = (seconds * 1e6).round(0)
    return micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))


def parse_datetimes(distinct: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """Each distinct text by the convention's order of day, month and year, then by python-dateutil."""
    text = distinct.str.replace_all(r"\s+", " ")
    out = pl.Series([None] * len(text), dtype=pl.Datetime("us"))
    for parts in read_parts(text, convention.get("order", "dmy")):
        out = pl.select(pl.coalesce(out, moments(parts, convention))).to_series()
    left = out.is_null() & text.str.contains(r"\d{4}|\p{L}{3}.*\d|\d.*\p{L}{3}")
    if convention.get("dateutil") and left.any():
        rest = [
            by_dateutil(one, convention) if odd else None
            for one, odd in zip(text.to_list(), left.to_list(), strict=True)
        ]
        out = pl.select(pl.coalesce(out, pl.Series(rest, dtype=pl.Datetime("us")))).to_series()
    return out


def read_parts(text: pl.Series, order: str) -> list[pl.DataFrame]:
    """For every way to write a date, its parts as text: year, month, day, hour, minute, second, fraction, am or pm,
    offset."""
    found = []
    parts = text.str.extract_groups(ORDERED).struct.unnest()
    if parts["a"].is_not_null().any():
        found.append(in_order(parts, order))
    for pattern in (COMPACT, *NAMED, *MONTHLY, *QUARTERLY, WEEKLY):
        parts = text.str.extract_groups(pattern).struct.unnest()
        if parts[parts.columns[0]].is_not_null().any():
            found.append(in_words(parts))
    return found


def in_order(parts: pl.DataFrame, order: str) -> pl.DataFrame:
    """Three numbers as year, month and day: a year of four digits says itself, else `order` does."""
    a, b, c = (pl.col(name) for name in "abc")
    first, last = a.str.len_chars() > 2, c.str.len_chars() > 2
    y, m, d = {"dmy": (c, b, a), "mdy": (c, a, b), "ymd": (a, b, c)}[order]
    nothing = pl.lit(None, pl.String)
    # 03/04/2025 says nothing to who knows 2025-04-03 alone
    day_last = {"dmy": (b, a), "mdy": (a, b), "ymd": (nothing, nothing)}[order]
    year = pl.when(first & last).then(None).when(first).then(a).when(last).then(c).otherwise(y)
    month = pl.when(first).then(b).when(last).then(day_last[0]).otherwise(m)
    day = pl.when(first).then(c).when(last).then(day_last[1]).otherwise(d)
    made = parts.with_columns(year.alias("y"), month.alias("m"), day.alias("d"))
    return made.with_columns(
        pl.when(pl.col("y").str.len_chars().is_in([1, 3])).then(None).otherwise(pl.col("y")).alias("y")
    )


def in_words(parts: pl.DataFrame) -> pl.DataFrame:
    """Month names as numbers, quarters and weeks as the day on which they begin."""
    names = set(parts.columns)
    if "a" in names:
        parts = parts.rename({"a": "y", "b": "m", "c": "d"})
    elif "q" in names:
        parts = parts.with_columns((3 * pl.col("q").cast(pl.Int32) - 2).cast(pl.String).alias("m"))
    elif "w" in names:
        days = [monday(*row) for row in parts.select("y", "w", "k").iter_rows()]
        fields = [(None,) * 3 if day is None else (str(day.year), str(day.month), str(day.day)) for day in days]
        parts = pl.DataFrame(fields, schema={"y": pl.String, "m": pl.String, "d": pl.String}, orient="row")
    if parts["m"].str.contains(r"\p{L}").any():
        months = [str(month_of(one) or "") if one else None for one in parts["m"].to_list()]
        parts = parts.with_columns(pl.Series("m", months, dtype=pl.String))
    return parts


def monday(year: str | None, week: str | None, day: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisocalendar(int(year), int(week), int(day or 1)) if year and week else None
    except ValueError:
        return None


def moments(parts: pl.DataFrame, convention: dict[str, Any]) -> pl.Series:
    """Parts as Datetime("us"): two-digit years by the pivot, pm as afternoon, offsets taken away where they differ."""
    parts = parts.with_columns(pl.lit(None, pl.String).alias(name) for name in PARTS if name not in parts.columns)
    y, m, d, hour, minute, second = (pl.col(name).cast(pl.Int32, strict=False) for name in PARTS[:6])
    short = pl.col("y").str.len_chars() == 2
    year = (
        pl.when(short).then(pl.when(y <= convention.get("pivot", 68)).then(2000 + y).otherwise(1900 + y)).otherwise(y)
    )
    half = pl.col("P").str.to_lowercase().str.slice(0, 1)
    clock = pl.when(half == "p").then(hour % 12 + 12).when(half == "a").then(hour % 12).otherwise(hour)
    bare = pl.col("H").is_not_null() & pl.col("M").is_null() & pl.col("P").is_null()  # "1 5" after a date is no time
    sound = (year >= 1000) & (year <= 2999) & m.is_between(1, 12) & d.fill_null(1).is_between(1, 31) & ~bare
    sound = (
        sound
        & clock.fill_null(0).is_between(0, 23)
        & minute.fill_null(0).is_between(0, 59)
        & second.fill_null(0).is_between(0, 59)
    )
    text = pl.format("{}-{}-{}", year, m.cast(pl.String).str.zfill(2), d.fill_null(1).cast(pl.String).str.zfill(2))
    day = pl.when(sound).then(text).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    fraction = pl.col("F").str.slice(1).str.pad_end(9, "0").cast(pl.Int64, strict=False).fill_null(0) // 1000
    micros = (
        clock.fill_null(0).cast(pl.Int64) * 3600 + minute.fill_null(0) * 60 + second.fill_null(0)
    ) * 1_000_000 + fraction
    zone = pl.col("Z").str.replace_all(r"^[A-Za-z]+$", "+0000").str.replace(":", "", literal=True).str.pad_end(5, "0")
    ahead = (zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(3, 2).cast(pl.Int64)) * pl.when(
        zone.str.starts_with("-")
    ).then(-1).otherwise(1)
    shift = (pl.lit(convention.get("offset", 0)) - ahead.fill_null(convention.get("offset", 0))) * 60_000_000
    return parts.select((day.cast(pl.Int64) + micros + shift).cast(pl.Datetime("us")).alias("moment")).to_series()


def by_dateutil(text: str | None, convention: dict[str, Any]) -> datetime.datetime | None:
    """One text as python-dateutil reads it, where it says day, month and year; else None."""
    from dateutil import parser

    order = convention.get("order", "dmy")
    try:
        first, second = (
            parser.parse(str(text), dayfirst=order == "dmy", yearfirst=order == "ymd", default=one)
            for one in (datetime.datetime(1904, 2, 29), datetime.datetime(1908, 1, 1))
        )
    except (ValueError, OverflowError, TypeError):
        return None
    if first != second:  # something was taken from the default: the text does not say it
        return None
    if first.tzinfo is not None:
        first = first.astimezone(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(
            minutes=convention.get("offset", 0)
        )
    return first


def offsets_of(text: pl.Series) -> set[int]:
    """The offsets from UTC, in minutes, that cells name."""
    zones = text.str.extract(r"\d(?:Z|z|\s?UTC|\s?GMT|\s?[+-]\d{2}:?\d{2}|[+-]\d{2})(?:\s*\[.*\])?$", 0).drop_nulls()
    zones = zones.filter(
        text.filter(
            text.str.extract(r"\d(?:Z|z|\s?UTC|\s?GMT|\s?[+-]\d{2}:?\d{2}|[+-]\d{2})(?:\s*\[.*\])?$", 0).is_not_null()
        ).str.contains(":")
    )
    found = set()
    for zone in zones.unique().to_list():
        digits = "".join(one for one in zone[1:].split("[")[0] if one.isdigit()).ljust(4, "0")
        minutes = int(digits[:2]) * 60 + int(digits[2:4])
        found.add(-minutes if "-" in zone else minutes)
    return found


def even_reading(readings: dict[str, pl.Series]) -> str | None:
    """Of readings that all read every cell, the one in which neighbouring moments lie evenly, where one clearly
    does; else None."""
    spread = {}
    for name, moments_ in readings.items():
        steps = np.diff(np.sort(moments_.drop_nulls().cast(pl.Int64).to_numpy())).astype(float)
        spread[name] = float(steps.std() / steps.mean()) if len(steps) > 1 and steps.mean() > 0 else np.inf
    best = min(spread, key=lambda name: spread[name])
    others = [value for name, value in spread.items() if name != best]
    return best if np.isfinite(spread[best]) and all(spread[best] < 0.5 * value for value in others) else None
