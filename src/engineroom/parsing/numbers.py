"""Number formats: decimal mark and thousands separator, currency, percent, units, accounting brackets, censored
values such as <0.8."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from .words import missing_marks, stripped

CODES = "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|RUB|BRL|CAD|AUD|NZD|MXN|ZAR|SEK|NOK|DKK|PLN|CZK|"
CODES += "HUF|TRY|KRW|SGD|HKD|ILS|AED|SAR|THB|IDR|MYR|PHP|VND|UAH|NGN|EGP|BTC"
CURRENCY = rf"[A-Z]{{0,3}}\p{{Sc}}|{CODES}|Rs\.?|kr\.?|Fr\.?|zł|R"
CELL = (
    r"^(?P<open>\()?\s*(?P<censor><=|>=|≤|≥|<|>|~|≈)?\s*(?P<sign>[+-])?\s*"
    rf"(?P<prefix>{CURRENCY})?\s*(?P<inner>[+-])?\s*"
    r"(?P<core>[.,]?\d(?:[\d.,'_ ]*\d)?[.,]?)(?P<exponent>[eE][+-]?\d+)?(?:[.,]?[-–—]{2})?\s*(?P<plus>\+)?\s*"
    r"(?P<suffix>[^\d\s().,'+\-<>=:][^\d():]{0,18}?[23²³]?)?\s*(?P<after>-)?(?P<close>\))?$"
)
SCALES: tuple[dict[str, float], ...] = (  # units of one family are brought to one
    {
        "k": 1e3,
        "m": 1e6,
        "mn": 1e6,
        "mio": 1e6,
        "million": 1e6,
        "b": 1e9,
        "bn": 1e9,
        "billion": 1e9,
        "t": 1e12,
        "trillion": 1e12,
        "thousand": 1e3,
    },
    {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "byte": 1},
    {"b": 1, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40},
    {"µg": 1e-6, "μg": 1e-6, "ug": 1e-6, "mg": 1e-3, "g": 1, "gram": 1, "kg": 1e3, "t": 1e6},
    {"µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "m": 1, "meter": 1, "metre": 1, "km": 1e3},
    {"ml": 1e-3, "cl": 1e-2, "dl": 1e-1, "l": 1, "liter": 1, "litre": 1},
    {
        "ns": 1e-9,
        "µs": 1e-6,
        "us": 1e-6,
        "ms": 1e-3,
        "s": 1,
        "sec": 1,
        "second": 1,
        "min": 60,
        "minute": 60,
        "h": 3600,
        "hr": 3600,
        "hour": 3600,
        "d": 86400,
        "day": 86400,
        "week": 604800,
        "month": 2629746,
        "year": 31556952,
    },
    {"万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8, "千": 1e3},
    {"lakh": 1e5, "crore": 1e7, "lac": 1e5, "cr": 1e7},
)
# (decimal, thousands), likeliest first
FORMS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"), (",", "'"), (".", "_"))
PLAIN: dict[str, Any] = {"kind": "number", "decimal": ".", "thousands": "", "affixes": {}}
ANYWHERE = ("%", "€", "$", "£")  # may stand in some of the cells alone
PHONE = r"^\+\d{1,3}[ -]\d"
SAMPLE = 1_000


def core_pattern(decimal: str, thousands: str) -> str:
    """What the digits of one number look like in a format."""
    d, t = re.escape(decimal), re.escape(thousands)
    fraction = rf"(?:{d}\d*)?"
    grouped = rf"[1-9]\d{{0,2}}(?:{t}\d{{3}})+{fraction}|" if thousands else ""
    lakhs = rf"[1-9]\d?(?:,\d{{2}})*,\d{{3}}{fraction}|" if thousands == "," else ""
    return rf"^(?:{grouped}{lakhs}\d+{fraction}|{d}\d+)$"


def unit_of(suffix: str | None) -> str:
    """A unit as it is compared: no dot, no plural s, lower case."""
    unit = (suffix or "").strip().rstrip(".").casefold()
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") else unit


def guess_number(distinct: pl.Series, *, comma: bool | None = None) -> tuple[dict[str, Any], bool] | None:
    """(the number format that reads most of the distinct cells, whether the cells alone decide between decimal mark
    and thousands separator);
    None where hardly any is a number. `comma` says what other columns of the file use as decimal mark."""
    parts = distinct.head(SAMPLE).str.extract_groups(CELL).struct.unnest()
    parts = parts.filter(parts["core"].is_not_null())
    if parts.height < 0.3 * min(len(distinct), SAMPLE):
        return None
    affixes = guess_affixes(parts)
    if affixes is None:
        return None
    cores = parts["core"].to_list()
    counts = {form: sum(bool(re.match(core_pattern(*form), core)) for core in cores) for form in FORMS}
    most = max(counts.values())
    best = [form for form in FORMS if counts[form] == most]
    form, sure = best[0], True
    commas, points = [one for one in best if one[0] == ","], [one for one in best if one[0] == "."]
    if commas and points and any("," in core or "." in core for core in cores):
        grouped = any(re.search(r"[.,]\d", core) for core in cores)
        sure = not grouped or comma is not None
        form = (commas if comma else points)[0]
        if comma is None and not any("," in core for core in cores):
            form, sure = (".", ""), True  # 1.234 is a decimal number unless the file says otherwise
    marked = bool(
        parts["censor"].is_not_null().any() or parts["plus"].is_not_null().any() or parts["open"].is_not_null().any()
    )
    found = {"kind": "number", "decimal": form[0], "thousands": form[1], "affixes": affixes}
    return found | ({"marked": True} if marked or parts["after"].is_not_null().any() else {}), sure


def guess_affixes(parts: pl.DataFrame) -> dict[str, float] | None:
    """{currency or unit: factor} that cells may carry; None where they carry several that do not go together."""
    before = Counter(text.strip().upper().rstrip(".") for text in parts["prefix"].drop_nulls())
    after = Counter(unit_of(text) for text in parts["suffix"].drop_nulls())
    found: dict[str, float] = {}
    if before:
        common, count = before.most_common(1)[0]
        if count < 0.9 * before.total():
            return None
        found[common.casefold()] = 1.0
    if not after:
        return found
    units = set(after)
    family = next((one for one in SCALES if units <= set(one)), None)
    if family is not None and (len(units) > 1 or (family is SCALES[0] and after.total() < parts.height)):
        return found | {unit: float(family[unit]) for unit in sorted(units)}
    unit, count = after.most_common(1)[0]
    seldom = unit not in ANYWHERE and count < 0.5 * parts.height
    if seldom or (len(units) > 1 and count < 0.9 * after.total()):
        return found if after.total() < 0.1 * parts.height else None
    return found | {unit: 1.0}


def read_numbers(values: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """(N,) Float64 (Int64 where all are whole); null where the format does not read a cell."""
    text = stripped(values)
    decimal, thousands, affixes = convention["decimal"], convention["thousands"], convention["affixes"]
    if decimal == "." and thousands in ("", ",") and not affixes and not convention.get("marked"):
        plain = text.cast(pl.Float64, strict=False)
        if not thousands or plain.null_count() == text.null_count():
            return whole_numbers(plain, text)
    distinct = text.drop_nulls().unique()
    parts = distinct.str.extract_groups(CELL).struct.unnest()
    known = parts["core"].str.contains(core_pattern(decimal, thousands))
    core = parts["core"].str.replace_all(re.escape(thousands), "") if thousands else parts["core"]
    core = core.str.replace(decimal, ".", literal=True) if decimal != "." else core
    number = (core + parts["exponent"].fill_null("")).cast(pl.Float64, strict=False)
    minus = (
        (parts["sign"] == "-").fill_null(False)
        | (parts["inner"] == "-").fill_null(False)
        | (parts["after"] == "-").fill_null(False)
    )
    bracket = parts["open"].is_not_null() & parts["close"].is_not_null()
    odd = parts["open"].is_not_null() != parts["close"].is_not_null()
    before = matched(parts["prefix"], {name: 1.0 for name in affixes}, lambda text: text.strip().rstrip(".").casefold())
    factor = matched(parts["suffix"], affixes, unit_of)
    allowed = before.is_not_null() & factor.is_not_null()
    sign = pl.select(pl.when(minus | bracket).then(-1.0).otherwise(1.0)).to_series()
    read = pl.select(pl.when(known & ~odd & allowed).then(number * sign * factor)).to_series()
    read = pl.select(
        pl.coalesce(read, distinct.cast(pl.Float64, strict=False) if decimal == "." and not affixes else pl.lit(None))
    ).to_series()
    if not len(distinct):
        return text.cast(pl.Float64, strict=False)
    return whole_numbers(text.replace_strict(distinct, read, default=None, return_dtype=pl.Float64), None)


def matched(texts: pl.Series, affixes: dict[str, float], spell: Callable[[str], str]) -> pl.Series:
    """(N,) the factor of each currency or unit, 1 where there is none, null where it is another one than the format
    has."""
    different = texts.drop_nulls().unique().to_list()
    factors = [1.0 if not text.strip() else affixes.get(spell(text)) for text in different]
    if not different:
        return pl.Series([1.0] * len(texts), dtype=pl.Float64)
    known = texts.replace_strict(different, factors, default=None, return_dtype=pl.Float64)
    return pl.select(pl.when(texts.is_null()).then(1.0).otherwise(known)).to_series()


def whole_numbers(read: pl.Series, text: pl.Series | None) -> pl.Series:
    """As Int64 where no number has a fraction; from the text itself where digits would be lost."""
    if text is not None:
        exact = text.cast(pl.Int64, strict=False)
        if exact.null_count() == read.null_count():
            return exact
        return read
    known = read.drop_nulls().to_numpy()
    even = len(known) and bool(np.isfinite(known).all() and (known == known.round()).all())
    whole = even and np.abs(known).max() < 2**53
    return read.cast(pl.Int64) if whole else read


def censored(values: pl.Series) -> int:
    """How many cells give a bound (<0.8, 10+) rather than a value."""
    return int(stripped(values).str.contains(r"^\s*(?:[<>≤≥]|~|≈)|\d\s*\+").sum())


def bare_cells(values: pl.Series, convention: dict[str, Any]) -> tuple[int, str]:
    """(how many cells lack the sign of currency or percent that the others carry, the sign)."""
    sign = next((one for one in ANYWHERE if one in convention["affixes"]), "")
    text = stripped(values)
    return (int((text.str.contains(r"\d") & ~text.str.contains(sign, literal=True)).sum()) if sign else 0), sign


def is_code(values: pl.Series) -> bool:
    """Are there cells such as 00731, which are codes and no amounts, or more digits than a number can keep?"""
    long = values.filter(values.str.len_bytes() > 18)
    return bool(values.str.contains(rf"^[+-]?0\d+$|{PHONE}").any()) or bool(
        len(long) and (long.str.contains(r"^[+-]?\d+$") & long.cast(pl.Int64, strict=False).is_null()).any()
    )


def unread(values: pl.Series, read: pl.Series, missing: frozenset[str] = frozenset()) -> pl.Series:
    """(N,) bool: cells with something in them that became null and are no mark of a missing value."""
    return read.is_null() & ~missing_marks(stripped(values), missing)
