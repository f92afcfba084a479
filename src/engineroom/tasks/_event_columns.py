"""COLLECT for recommendations: which columns of an event table are the user, the item, the time and the rating, and
the events in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from ..core.errors import DataError, UserError, nearest
from ..core.seeds import numpy_generator
from ..modalities.number import to_floats
from ..parsing.guess_dates import named_like_time
from ._moments import ROWS

# names without case and marks; the likeliest first
GUESSES = {
    "user": (
        "user",
        "userid",
        "username",
        "customer",
        "customerid",
        "client",
        "clientid",
        "member",
        "memberid",
        "reviewer",
        "reviewerid",
        "visitor",
        "visitorid",
        "session",
        "sessionid",
        "person",
        "personid",
        "buyer",
        "buyerid",
        "account",
        "accountid",
        "household",
        "householdid",
        "uid",
    ),
    "item": (
        "item",
        "itemid",
        "product",
        "productid",
        "movie",
        "movieid",
        "film",
        "filmid",
        "track",
        "trackid",
        "song",
        "songid",
        "artist",
        "artistid",
        "article",
        "articleid",
        "book",
        "bookid",
        "isbn",
        "sku",
        "stockcode",
        "asin",
        "business",
        "businessid",
        "game",
        "gameid",
        "title",
        "iid",
    ),
    "time": ("time", "timestamp", "date", "datetime", "created", "createdat", "when"),
    "rating": ("rating", "stars", "score"),
}


def plain_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def event_columns(frame: pl.DataFrame, told: Any, target: str | None, *, split: str | None = None) -> dict[str, str]:
    """Which column is the user, the item, the time, the rating: as told, else by their names, a time also by its
    type. Time and rating
    may be missing."""
    said = {part: getattr(told, part) for part in GUESSES}
    said["item"] = said["item"] or target or ""
    found: dict[str, str] = {}
    for part, names in GUESSES.items():
        if part == "time" and said[part] == ROWS and ROWS not in frame.columns:
            continue
        if said[part]:
            if said[part] not in frame.columns:
                raise UserError(
                    f"Option {part!r} names no column: {said[part]!r}.",
                    "",
                    nearest(said[part], frame.columns, label="Columns"),
                )
            found[part] = said[part]
        else:
            like = [name for name in frame.columns if plain_name(name) in names and name != split]
            found |= {part: min(like, key=lambda name: names.index(plain_name(name)))} if like else {}
    for part in ("user", "item"):
        if part not in found:
            raise UserError(
                f"Which column is the {part}?",
                f"Columns: {', '.join(frame.columns[:20])}.",
                f"Say --set options.{part}=COLUMN",
            )
    if "time" not in found and said["time"] != ROWS:
        found |= time_column(frame, {*found.values(), split or ""})
    if len(set(found.values())) < len(found):
        raise UserError(
            "One column cannot be two things at once.", ", ".join(f"{part}: {name}" for part, name in found.items()), ""
        )
    return found


def time_column(frame: pl.DataFrame, taken: set[str]) -> dict[str, str]:
    """The column that holds moments; else one of numbers that is called like a time."""
    kinds = {name: kind for name, kind in frame.schema.items() if name not in taken}
    moments = [name for name, kind in kinds.items() if kind in (pl.Date, pl.Datetime)]
    named = [name for name, kind in kinds.items() if kind.is_numeric() and named_like_time(name)]
    found = [name for name in moments if named_like_time(name)] or moments or named
    return {"time": found[0]} if found else {}


def said_columns(names: Mapping[str, str], told: Any) -> list[str]:
    """What was taken for what, and what is done where no time is known."""
    taken = ", ".join(f"{part} = {names[part]}" for part in GUESSES if part in names)
    notes = [f"Taken as {taken} (else: --set options.user=COLUMN, item, time, rating)."]
    if "time" not in names and told.time == ROWS:
        notes.append("By your word the events count in the order of the rows.")
    elif "time" not in names:
        notes.append(
            "No column of times was found: each user's events are taken in random order, so what tests is drawn at random. "
            f"Name one, --set options.time=COLUMN, or say that the rows are in order: --set options.time={ROWS}"
        )
    return notes


def in_order(events: pl.DataFrame, told: Any, notes: list[str], *, asking: bool) -> pl.DataFrame:
    """The events sorted by time; equal times keep the order of the rows. Without a time in random order, unless the
    rows are said to be in order."""
    if "time" not in events.columns:
        if told.time == ROWS or asking:
            return events
        return events[numpy_generator(0, "events").permutation(events.height)]
    time = events["time"]
    if time.dtype == pl.String and time.null_count() < len(time):
        raise DataError(
            "The times of the events cannot be read as dates or numbers.",
            f"Such as {time.drop_nulls()[0]!r}.",
            f'Say how they are written, --set columns.NAME.format="%d/%m/%Y", or take the order of the rows: --set options.time={ROWS}',
        )
    if missing := time.null_count():
        notes.append(f"{missing} event(s) have no time and count as the oldest.")
    key = time if time.dtype.is_temporal() else pl.Series(to_floats(time))
    return events.with_columns(key.alias("time")).sort("time", maintain_order=True, nulls_last=False)
