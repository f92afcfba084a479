"""Durations (2:54:48, 12:30, 1h 30m, 2 days 03:00:00, PT5M) as seconds, and times of day."""

from __future__ import annotations

from typing import Any

import polars as pl

from .words import stripped

CLOCK = (
    r"^(?P<sign>[+-])?(?:(?P<d>\d+)\s*(?:d|days?)[, ]+)?(?P<sign2>[+-])?"
    r"(?P<a>\d{1,4}):(?P<b>\d{1,2})(?::(?P<c>\d{1,2}))?(?P<f>[.,]\d{1,9})?$"
)
HALF = r"^(?P<a>\d{1,2})(?:[:.](?P<b>\d{2})(?::(?P<c>\d{2}))?)?\s*(?P<p>[AaPp])\.?\s?[Mm]\.?$"
NUMBER = r"\d+(?:[.,]\d+)?"
WORDED = (
    rf"^(?P<sign>[+-])?\s*(?:(?P<w>{NUMBER})\s*(?:weeks?|wks?|w)[, ]*)?(?:(?P<d>{NUMBER})\s*(?:days?|d)[, ]*)?"
    rf"(?:(?P<h>{NUMBER})\s*(?:hours?|hrs?|std|h)\.?[, ]*)?"
    rf"(?:(?:and )?(?P<m>{NUMBER})\s*(?:minutes?|mins?|m|')\.?[, ]*)?"
    rf"(?:(?:and )?(?P<s>{NUMBER})\s*(?:seconds?|secs?|s|''|\")\.?)?$"
)
ISO = (
    rf"^(?P<sign>-)?p(?:(?P<w>{NUMBER})w)?(?:(?P<d>{NUMBER})d)?"
    rf"(?:t(?:(?P<h>{NUMBER})h)?(?:(?P<m>{NUMBER})m)?(?:(?P<s>{NUMBER})s)?)?$"  # in lower case
)
SIZES = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}


def guess_duration(distinct: pl.Series) -> dict[str, Any] | None:
    """{"kind": "duration"} or {"kind": "time"} (of day); None where most cells are neither."""
    sample = distinct.head(400)
    if not len(sample):
        return None
    half = sample.str.contains(HALF) & sample.str.contains(r"\d")
    if half.mean() > 0.6:  # type: ignore[operator]
        return {"kind": "time"}
    if sample.str.contains(CLOCK).mean() > 0.6:  # type: ignore[operator]
        return clock_kind(distinct.str.extract_groups(CLOCK).struct.unnest())
    several = r"^(?i:P.*\dT?.*[DHMSW]|.*\d\s*\p{L}+\.?,?\s*(?:and )?\d.*\p{L}.*)$"
    if sample.str.contains(several).mean() > 0.2:  # type: ignore[operator]
        read = read_durations(sample, {"kind": "duration", "smallest": "s"})
        if read.is_not_null().mean() > 0.6:  # type: ignore[operator]
            return {"kind": "duration", "smallest": "s"}
    return None


def clock_kind(parts: pl.DataFrame) -> dict[str, Any]:
    """Is 4:49:42 a time of day or a duration, and is 12:30 in hours or in minutes? By the largest first part and
    how it is padded."""
    parts = parts.filter(parts["a"].is_not_null())
    first = parts["a"].cast(pl.Int64)
    three = parts["c"].is_not_null()
    padded = bool((parts["a"].str.len_chars() == 2).all())
    day = (
        bool((first < 24).all())
        and bool(parts["d"].is_null().all())
        and bool(parts["sign"].is_null().all())
        and bool(parts["f"].is_null().all())
    )
    fraction = bool((parts["f"].is_not_null() & ~three).any())
    if day and not fraction:
        seconds = parts["c"].cast(pl.Int64, strict=False).fill_null(0)
        two = padded and len(first) > 1 and bool((first > 9).any())
        if two or not three.any() or (seconds == 0).sum() > 0.9 * len(seconds):
            return {"kind": "time"}
    return {"kind": "duration", "smallest": "s" if fraction or three.any() or not bool((first < 24).all()) else "m"}


def read_durations(values: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """(N,) Float64 seconds, or Time of day; null where the convention does not read a cell."""
    text = stripped(values)
    distinct = text.drop_nulls().unique()
    if not len(distinct):
        return pl.Series(
            values.name, [None] * len(values), dtype=pl.Time if convention["kind"] == "time" else pl.Float64
        )
    if convention["kind"] == "time":
        seconds = times_of_day(distinct)
        read = (seconds * 1e9).cast(pl.Int64).cast(pl.Time)
        return text.replace_strict(distinct, read, default=None, return_dtype=pl.Time)
    parts = distinct.str.extract_groups(CLOCK).struct.unnest()
    a, b, c, d = (pl.col(name).cast(pl.Float64, strict=False) for name in "abcd")
    hours = pl.lit(convention.get("smallest") == "m")
    three = pl.when(b.lt(60) & c.lt(60)).then(a * 3600 + b * 60 + c)
    two = pl.when(b < 60).then(pl.when(hours | d.is_not_null()).then(a * 3600 + b * 60).otherwise(a * 60 + b))
    fraction = pl.col("f").str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).fill_null(0.0)
    sign = (
        pl.when((pl.col("sign") == "-").fill_null(False) | (pl.col("sign2") == "-").fill_null(False))
        .then(-1.0)
        .otherwise(1.0)
    )
    clock = parts.select(
        (sign * (pl.when(c.is_not_null()).then(three).otherwise(two) + d.fill_null(0.0) * 86_400 + fraction)).alias("s")
    ).to_series()
    read = pl.select(pl.coalesce(clock, in_words(distinct, WORDED), in_words(distinct, ISO))).to_series()
    return text.replace_strict(distinct, read, default=None, return_dtype=pl.Float64)


def in_words(text: pl.Series, pattern: str) -> pl.Series:
    """Seconds of 1h 30m or PT5M."""
    parts = text.str.to_lowercase().str.replace_all(r"\s+", " ").str.extract_groups(pattern).struct.unnest()
    sizes = [
        pl.col(name).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).fill_null(0.0) * size
        for name, size in SIZES.items()
    ]
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in SIZES)
    sign = pl.when((pl.col("sign") == "-").fill_null(False)).then(-1.0).otherwise(1.0)
    return parts.select(pl.when(known).then(sign * pl.sum_horizontal(sizes)).alias("s")).to_series()


def times_of_day(distinct: pl.Series) -> pl.Series:
    """Seconds since midnight of 9:30, 09:30:05 or 9:30 pm."""
    half, clock = distinct.str.extract_groups(HALF).struct.unnest(), distinct.str.extract_groups(CLOCK).struct.unnest()
    hour, minute, second = (pl.col(name).cast(pl.Float64, strict=False) for name in "abc")
    rest = minute.fill_null(0) * 60 + second.fill_null(0)
    sound = minute.fill_null(0).lt(60) & second.fill_null(0).lt(60)
    afternoon = pl.when(pl.col("p").str.to_lowercase() == "p").then(12).otherwise(0)
    first = half.select(
        pl.when(hour.is_between(1, 12) & sound).then((hour % 12 + afternoon) * 3600 + rest).alias("s")
    ).to_series()
    plain = pl.col("d").is_null() & pl.col("sign").is_null()
    fraction = pl.col("f").str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).fill_null(0.0)
    second_ = clock.select(
        pl.when((hour < 24) & sound & plain).then(hour * 3600 + rest + fraction).alias("s")
    ).to_series()
    return pl.select(pl.coalesce(first, second_)).to_series()
