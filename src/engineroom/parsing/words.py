"""Words and marks that stand for a missing value."""

from __future__ import annotations

import polars as pl

MISSING = frozenset(
    {"", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None", "<NA>", "NaT", "\\N", "(null)"}
)
TEXT_MISSING = MISSING - {"None"}  # among words, None may well be a class
# among numbers and dates, these too; compared in lower case
MARKS = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        ".",
        "..",
        "...",
        "*",
        "/",
        "?",
        "??",
        "\\n",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "n. a.",
        "nd",
        "n.d.",
        "n.d",
        "n/d",
    }
    | {
        "nr",
        "n.r.",
        "nil",
        "null",
        "none",
        "nan",
        "nat",
        "<na>",
        "<null>",
        "(null)",
        "(blank)",
        "[null]",
        "k.a.",
        "k. a.",
        "s/d",
        "s.d.",
        "tbd",
        "tba",
    }
    | {
        "#n/a",
        "#na",
        "#div/0!",
        "#value!",
        "#ref!",
        "#name?",
        "#num!",
        "#null!",
        "unknown",
        "missing",
        "unavailable",
        "void",
        "no data",
    }
    | {f"not {word}" for word in ("available", "applicable", "detected", "measured", "reported", "tested")}
)


def stripped(values: pl.Series) -> pl.Series:
    """Text without blanks at its ends; no-break and thin blanks, typographic minus signs and digits of other
    scripts as plain ones."""
    text = values.cast(pl.String).str.strip_chars()
    odd = text.str.contains(r"[^\x00-\x7F]").any()
    return text.str.replace_many(list(PLAIN), list(PLAIN.values())).str.strip_chars() if odd else text


def missing_marks(values: pl.Series, extra: frozenset[str] = frozenset()) -> pl.Series:
    """(N,) bool: stripped cells that stand for no value among numbers and dates."""
    return (values.str.to_lowercase().is_in(sorted(MARKS)) | values.is_in(sorted(extra))).fill_null(True)


def _plain() -> dict[str, str]:
    out = dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " ") | dict.fromkeys("\u2212\u2012\ufe63\uff0d", "-")
    out |= dict.fromkeys("\u2019\u02bc\u2018", "'") | {
        "\uff0c": ",",
        "\uff0e": ".",
        "\u066b": ".",
        "\u066c": ",",
        "\uff05": "%",
        "\u066a": "%",
    }
    for zero in (0xFF10, 0x0660, 0x06F0, 0x0966, 0x0E50):  # full-width, Arabic, Persian, Devanagari, Thai
        out |= {chr(zero + digit): str(digit) for digit in range(10)}
    return out


PLAIN = _plain()
