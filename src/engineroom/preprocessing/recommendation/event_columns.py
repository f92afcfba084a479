"""Columns of a table of interactions (events): which is the user, the item, the time and the rating, as the options say
or as the names and types suggest."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from ...core.errors import UserError, nearest
from ..series.timestamps import ROWS

GUESSES = {
    "user": ("user", "user_id", "userid", "customer", "customer_id", "visitor", "session", "session_id", "person"),
    "item": (
        "item",
        "item_id",
        "itemid",
        "product",
        "product_id",
        "movie",
        "movie_id",
        "movieid",
        "track",
        "article",
        "book",
    ),
    "time": ("time", "timestamp", "date", "datetime", "created", "created_at", "when"),
    "rating": ("rating", "stars", "score"),
}
NAME_WORDS = {  # of longer names: buyer_no, trackTitle, purchase_ts
    "user": {
        "user",
        "customer",
        "client",
        "visitor",
        "session",
        "person",
        "buyer",
        "reader",
        "listener",
        "member",
        "account",
    },
    "item": {
        "item",
        "product",
        "movie",
        "track",
        "article",
        "book",
        "sku",
        "song",
        "game",
        "film",
        "video",
        "isbn",
        "asin",
    },
    "time": {"time", "timestamp", "date", "datetime", "ts", "when"},
    "rating": {"rating", "stars"},
}


@dataclass(frozen=True)
class EventOptions:
    """The options of a table of events: names of columns, and where items and users are described."""

    user: str = ""
    item: str = ""
    time: str = ""
    rating: str = ""
    min_rating: float = 0.0
    item_table: str = ""
    user_table: str = ""
    item_columns: str = ""
    user_columns: str = ""
    cold_start_fraction: float = 0.0


def find_columns(frame: pl.DataFrame, options: EventOptions, target: str | None) -> dict[str, str]:
    """Which column is the user, the item, the time, the rating: as told, else by their names, the time also by its
    type.

    Time and rating may be missing; so is the time where it is told to be "rows" (the events stand in their order).
    """
    given = {part: getattr(options, part) for part in GUESSES}
    given["item"] = given["item"] or target or ""
    found: dict[str, str] = {}
    for part in GUESSES:
        if given[part] == ROWS and part == "time" and ROWS not in frame.columns:
            continue
        if given[part]:
            if given[part] not in frame.columns:
                raise UserError(
                    f"Option {part!r} names no column: {given[part]!r}.",
                    "",
                    nearest(given[part], frame.columns, label="Columns"),
                )
            found[part] = given[part]
        elif name := guess_column(frame, part, {*filter(None, given.values()), *found.values()}):
            found[part] = name
    for part in ("user", "item"):
        if part not in found:
            raise UserError(
                f"Which column is the {part}?",
                f"Columns: {', '.join(frame.columns[:20])}.",
                f"Say --set options.{part}=COLUMN",
            )
    if len(set(found.values())) < len(found):
        raise UserError(
            "One column cannot be two things at once.", ", ".join(f"{part}: {name}" for part, name in found.items()), ""
        )
    return found


def guess_column(frame: pl.DataFrame, part: str, taken: set[str]) -> str:
    """The column that is usually called so; a word of its name; for the time, the first column of dates. "" where there
    is none."""
    free = [name for name in frame.columns if name not in taken]
    named = [name for name in free if name.lower() in GUESSES[part]]
    if named:
        return min(named, key=lambda name: GUESSES[part].index(name.lower()))
    temporal = [name for name in free if frame[name].dtype.is_temporal()] if part == "time" else []
    named_alike = [
        name
        for name in free
        if NAME_WORDS[part] & set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
    ]
    return next(iter([*temporal, *named_alike]), "")


def describe_columns(names: dict[str, str], options: EventOptions) -> str:
    """In words, which column is what, and how to say otherwise."""
    parts = ", ".join(f"{part} = {name}" for part, name in names.items())
    if "time" in names:
        return f"Columns: {parts}. If that is wrong: --set options.user=…, options.item=…, options.time=COLUMN"
    if options.time == ROWS:
        return f"Columns: {parts}. By your word each user's events stand in the order of their rows."
    return (
        f"Columns: {parts}; no column of times. The order of a user's events is not known: which of them test is "
        "drawn at random. "
        "If the rows stand in order: --set options.time=rows; if there is a time: --set options.time=COLUMN"
    )
