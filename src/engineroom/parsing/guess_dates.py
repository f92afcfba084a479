"""Which date format a column is written in: decided over all its distinct cells; where the cells cannot decide,
that is said."""

from __future__ import annotations

import datetime
import re
from typing import Any

import polars as pl

from .datetimes import AHEAD, LIKELY, ORDERED, ORDERS, SERIAL_UNIT, UNITS, even_reading, offsets_of, parse_datetimes

NAMED = re.compile(
    r"(?:^|[^a-z])(?:time|date|datetime|timestamp|timestamps|ts|epoch|created|updated|modified|when|utc|posted|unixtime|dt)(?:$|[^a-z])"
    r"|(?:date|time|timestamp)$|(?:_at|_ts)$",
    re.I,
)
SAMPLE = 400
FEW = 10  # distinct whole numbers that must all be dates where the column's name says nothing
NAMED_DATE = re.compile(r"(?:^|[^a-z])dates?(?:$|[^a-z])|date$", re.I)
SERIAL_DAYS = (18_264, 73_050)  # 1950 to 2099 as a spreadsheet counts days
EARLIEST = 157_766_400  # 1975: seconds since 1970 before that are some other count


def named_like_time(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return bool(NAMED.search(spaced.lower()))


def guess_datetime(distinct: pl.Series) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """(the convention that reads most of the distinct cells, other orders that read as many); None where most are
    no dates."""
    sample = distinct.head(SAMPLE)
    if not len(sample) or sample.str.contains(LIKELY).mean() < 0.5:  # type: ignore[operator]
        return None
    base: dict[str, Any] = {"kind": "datetime", "order": "dmy"}
    offsets = offsets_of(distinct)
    if offsets:
        base["offset"] = offsets.pop() if len(offsets) == 1 else 0
    if all(
        parse_datetimes(sample, base | {"order": order, "dateutil": True}).null_count() > 0.6 * len(sample)
        for order in ORDERS
    ):
        return None
    order, others = guess_order(distinct, base)
    found = base | {"order": order}
    read = parse_datetimes(distinct, found)
    if read.null_count():
        found["dateutil"] = True
        read = parse_datetimes(distinct, found)
    if short_years(distinct):
        latest = datetime.date.today().year + AHEAD
        if (read.dt.year() > latest).any():
            found["pivot"] = latest % 100
            read = parse_datetimes(distinct, found)
    known = read.drop_nulls()
    if len(known) and bool((known.dt.time() == datetime.time()).all()) and not distinct.str.contains(r"\d:\d{2}").any():
        found["date"] = True
    return found, others


def short_years(distinct: pl.Series) -> bool:
    parts = distinct.str.extract_groups(ORDERED).struct.unnest()
    two = (parts["a"].str.len_chars() <= 2) & (parts["c"].str.len_chars() <= 2)
    return bool(two.any()) or bool(distinct.str.contains(r"\p{L}[-/., ']*\d{2}$").any())


def guess_order(distinct: pl.Series, base: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(order of day, month and year, other orders that read every cell as well and otherwise)."""
    parts = distinct.str.extract_groups(ORDERED).struct.unnest()
    short = parts["a"].str.len_chars() <= 2
    numeric = distinct.filter(short.fill_null(False))
    if not len(numeric):
        return "ymd", ()
    years = bool((parts["c"].str.len_chars() <= 2).any())
    orders = ORDERS if years else ORDERS[:2]
    readings = {order: parse_datetimes(numeric, base | {"order": order}) for order in orders}
    counts = {order: len(read) - read.null_count() for order, read in readings.items()}
    most = max(counts.values())
    best = {order: readings[order] for order in orders if counts[order] == most}
    first = next(iter(best))
    different = tuple(
        order for order in best if order != first and not best[order].equals(best[first], null_equal=True)
    )
    if not different:
        return first, ()
    even = even_reading(best)
    if even is None and "ymd" in best and len(best) > 1 and not numeric.str.contains("-").any():
        del best["ymd"]  # two digits of a year are seldom written first
        different = tuple(order for order in different if order != "ymd")
    return (even, ()) if even else (first, different)


def guess_numeric_dates(values: pl.Series) -> dict[str, Any] | None:
    """Numbers that are dates: yyyymmdd; where the name says so, seconds since 1970 (or thousandths and so on) or a
    spreadsheet's serial days."""
    known = values.drop_nulls()
    if values.dtype.is_float():
        known = known.drop_nans()
    if not len(known) or not values.dtype.is_numeric():
        return None
    low, high = float(known.min()), float(known.max())  # type: ignore[arg-type]
    named = named_like_time(values.name)
    if (
        low >= 1900_01_01
        and high <= 2100_12_31
        and (not values.dtype.is_float() or bool((known == known.round(0)).all()))
    ):
        distinct = known.cast(pl.Int64).unique()
        dates = distinct.cast(pl.String).str.to_date("%Y%m%d", strict=False)
        if not dates.null_count() and (named or len(distinct) >= FEW):
            return {"kind": "datetime", "order": "ymd", "compact": True, "date": True}
    if named:
        for unit, size in UNITS.items():
            if low * size >= EARLIEST and high * size <= 4_102_444_800:
                return {"kind": "datetime", "unit": unit}
    if NAMED_DATE.search(values.name) and SERIAL_DAYS[0] <= low and high <= SERIAL_DAYS[1]:
        return {"kind": "datetime", "unit": SERIAL_UNIT}
    return None
