"""COLLECT for recommendations: rows of events → users with their history in the order of time; the last event is the
test, the one before validates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...core.seeds import numpy_generator
from ...core.table import Table
from ...modalities.recommendation.interaction_history import LATEST
from ...modalities.tabular.datetime import to_timestamps
from ..series.timestamps import ROWS
from . import item_features as catalogue

HISTORY, USER, SPLIT = "history", "user", "split"
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
WORDS = {  # of longer names: buyer_no, trackTitle, purchase_ts
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
RELEVANT = "\x1e"  # in a target's list: what follows is all relevant, in whatever order


Row = tuple[str, list[str], list[str], str]  # user, what the network sees, the same and what comes next, split


@dataclass(frozen=True)
class Said:
    """What the user said of the events: names of columns, and where items and users are described."""

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


def histories(table: Table, said: Said, target: str | None, *, asking: bool) -> Table:
    """Asked (`asking`), every user is one row with the whole history, which may be empty.

    Else each user gives up to three: what is learnt from (all but the last two events, in pieces), what validates and
    what tests; or, with
    `cold_start_fraction`, what is learnt from without the items held out, and for those that validate and those that
    test the last such event.
    """
    frame = table.frame
    if HISTORY in frame.columns and isinstance(frame.schema[HISTORY], pl.List):
        return hinted(table, frame, target, {})
    names = columns(frame, said, target)
    apart = table.split if not asking else None
    part = frame[apart] if apart else pl.Series(["train"]).new_from_index(0, len(frame))
    people, notes = ordered(
        frame.filter(part != "test"), names, said.min_rating, asking=asking, rows_in_order=said.time == ROWS
    )
    notes = [describe_columns(names, said), *notes]
    users = known_users(frame, names, said, asking=asking)
    if asking:
        rows = pl.DataFrame(
            {
                USER: [user for user, _ in people],
                HISTORY: pl.Series([events for _, events in people], dtype=pl.List(pl.String)),
            }
        )
        rows = rows.with_columns(**catalogue.describe(rows[USER].to_list(), users, rows.columns))
        notes += without_history([user for user, events in people if not events])
        return replace(table, frame=rows, hints={}, notes=(*table.notes, *notes))
    items = catalogue.about(frame, names, "item", GUESSES["item"], said.item_table, said.item_columns)
    facts = {"catalogue": catalogue.properties(*items), "titles": catalogue.titles(*items)} if items else {}
    if said.cold_start_fraction:
        made, more = held_out(people, said, facts)
        notes += more
    elif (part == "test").any():
        made, more = given_test(people, frame.filter(part == "test"), names, said)
        notes += more
    else:
        made = [row for user, events in people for row in parts(user, events)]
    if not any(split == "test" for *_, split in made):
        raise DataError(
            "No user has three events or more.",
            "The last is the test, what came before is learnt from.",
            "Is the user column right?",
        )
    alone = sum(len(events) < 2 for _, events in people)
    notes += (
        [f"{alone} user(s) with a single event say nothing about what comes next, and were left out."] if alone else []
    )
    kind = pl.List(pl.String)
    rows = pl.DataFrame(
        {
            USER: [user for user, *_ in made],
            HISTORY: pl.Series([before for _, before, *_ in made], dtype=kind),
            names["item"]: pl.Series([whole for _, _, whole, _ in made], dtype=kind),
            SPLIT: [split for *_, split in made],
        }
    )
    rows = rows.with_columns(**catalogue.describe(rows[USER].to_list(), users, rows.columns))
    return hinted(
        replace(table, notes=(*table.notes, *notes)),
        rows,
        names["item"],
        facts | {"fresh": bool(said.cold_start_fraction)},
    )


def given_test(
    people: list[tuple[str, list[str]]], test: pl.DataFrame, names: dict[str, str], said: Said
) -> tuple[list[Row], list[str]]:
    """Rows where the test events are given: all that a user meets there, and has not met before, is relevant; the last
    event before validates."""
    asked, notes = ordered(test, names, said.min_rating, asking=False, rows_in_order=True)
    before = dict(people)
    rows: list[Row] = []
    for user, events in people:
        rows += [(user, piece, piece, "train") for piece in pieces_of(events[:-1] if len(events) > 2 else events)]
        rows += [(user, events[:-1], events, "val")] if len(events) > 2 else []
    again, unknown = 0, []
    for user, events in asked:
        met = before.get(user, [])
        fresh = [item for item in events if item not in set(met)]
        again += len(events) - len(fresh)
        unknown += [user] if not met else []
        if fresh:
            rows.append((user, met, [*met, RELEVANT, *fresh], "test"))
    notes += (
        [
            f"{again:,} test event(s) repeat an item that the user had met before; such items are never recommended, "
            "nor asked for."
        ]
        if again
        else []
    )
    return rows, [*notes, *without_history(unknown)]


def without_history(users: Sequence[str]) -> list[str]:
    """A note that names the users of whom nothing is known."""
    named = ", ".join(users[:5]) + (f" and {len(users) - 5:,} more" if len(users) > 5 else "")
    return (
        [f"{len(users):,} user(s) have no earlier event: they are answered by what everybody likes ({named})."]
        if users
        else []
    )


def known_users(
    frame: pl.DataFrame, names: dict[str, str], said: Said, *, asking: bool
) -> tuple[pl.DataFrame, str] | None:
    """The table about the users. At inference it may be absent: users without a description count as unknown."""
    path = said.user_table if not asking or Path(said.user_table).exists() else ""
    there = [name for name in said.user_columns.split(",") if name.strip() in frame.columns]
    return catalogue.about(
        frame, names, "user", GUESSES["user"], path, ",".join(there) if asking else said.user_columns, asking=asking
    )


def held_out(people: list[tuple[str, list[str]]], said: Said, facts: dict[str, Any]) -> tuple[list[Row], list[str]]:
    """Rows that ask for items which nobody in the training rows has met: `cold_start_fraction` of the items test, as
    many others validate."""
    known = {item for _, events in people for item in events}
    if not facts or not 0 < said.cold_start_fraction < 0.5:
        raise UserError(
            "Items that nobody has met can be told apart by their columns alone.",
            "" if facts else "Nothing describes the items.",
            "Name a table of them, --set options.item_table=FILE, and a share below a half, --set "
            "options.cold_start_fraction=0.1",
        )
    order = numpy_generator(0, "unmet").permutation(sorted(known))
    count = max(1, round(said.cold_start_fraction * len(order)))
    asked = {"test": set(order[:count].tolist()), "val": set(order[count : 2 * count].tolist())}
    out = asked["test"] | asked["val"]
    rows: list[Row] = []
    for user, events in people:
        old = [item for item in events if item not in out]
        rows += [(user, piece, piece, "train") for piece in pieces_of(old)]
        for split, items in asked.items():
            last = max((k for k, item in enumerate(events) if item in items), default=0)
            before = [item for item in events[:last] if item not in out]
            if before:
                rows.append((user, before, [*before, events[last]], split))
    return rows, [
        f"{count} of {len(order)} items test and {count} validate: no training row holds them, and they alone are "
        "asked for."
    ]


def hinted(table: Table, rows: pl.DataFrame, target: str | None, facts: dict[str, Any]) -> Table:
    hints: dict[str, dict[str, Any]] = {
        USER: {"modality": "identifier", "role": "id", "why": "whose history it is"},
        HISTORY: {
            "modality": "interaction_history",
            "role": "input",
            "why": "what the user met, oldest first",
            "facts": facts,
        },
        SPLIT: {
            "modality": "category",
            "role": "split",
            "why": "each user's last event tests, the one before validates",
        },
    }
    hints |= (
        {target: {"role": "target", "modality": "interaction_history", "why": "what comes next", "facts": facts}}
        if target
        else {}
    )
    return replace(table, frame=rows, hints={name: hint for name, hint in hints.items() if name in rows.columns})


def columns(frame: pl.DataFrame, options: Said, target: str | None) -> dict[str, str]:
    """Which column is the user, the item, the time, the rating: as told, else by their names, the time also by its
    type.

    Time and rating may be missing; so is the time where it is told to be "rows" (the events stand in their order).
    """
    said = {part: getattr(options, part) for part in GUESSES}
    said["item"] = said["item"] or target or ""
    found: dict[str, str] = {}
    for part in GUESSES:
        if said[part] == ROWS and part == "time" and ROWS not in frame.columns:
            continue
        if said[part]:
            if said[part] not in frame.columns:
                raise UserError(
                    f"Option {part!r} names no column: {said[part]!r}.",
                    "",
                    nearest(said[part], frame.columns, label="Columns"),
                )
            found[part] = said[part]
        elif name := guess_column(frame, part, {*filter(None, said.values()), *found.values()}):
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
    dated = [name for name in free if frame[name].dtype.is_temporal()] if part == "time" else []
    worded = [
        name
        for name in free
        if WORDS[part] & set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
    ]
    return next(iter([*dated, *worded]), "")


def describe_columns(names: dict[str, str], options: Said) -> str:
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


def ordered(
    frame: pl.DataFrame, names: dict[str, str], least: float, *, asking: bool, rows_in_order: bool = False
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """([(user, items in the order of time)], notes); equal times keep the order of the rows, an item met again counts
    once, the first time. Without a time, and unless the rows are in order, a user's events are shuffled: the last line
    of a file is no last event. Where recommendations are asked for, a user without an event is one too."""
    notes: list[str] = []
    picked = frame.select(**{part: pl.col(name) for part, name in names.items()}).with_columns(
        pl.col("user", "item").cast(pl.String)
    )
    whole = picked.drop_nulls(["user", "item"])
    if len(whole) < len(picked):
        notes.append(f"{len(picked) - len(whole)} event(s) without a user or an item were left out.")
    if "rating" in names and least > 0:
        whole = whole.filter(pl.col("rating").cast(pl.Float64, strict=False) >= least)
    if "time" in names:
        times = event_times(whole["time"], names["time"])
        if missing := int(times.null_count()):
            notes.append(f"{missing} event(s) have no time that can be read, and count as the oldest.")
        whole = whole.with_columns(times.alias("time")).sort("time", maintain_order=True, nulls_last=False)
    elif not asking and not rows_in_order:
        whole = whole[numpy_generator(0, "events").permutation(len(whole))]
    once = whole.unique(["user", "item"], keep="first", maintain_order=True)
    if len(once) < len(whole):
        notes.append(
            f"{len(whole) - len(once)} event(s) repeat an item that the user had met before, and were left out."
        )
    empty = [
        user
        for user in picked["user"].drop_nulls().unique(maintain_order=True).to_list()
        if asking and user not in set(once["user"])
    ]
    if not len(once) and not empty:
        raise DataError("No event is left.", "; ".join(notes), "Check the columns and the least rating.")
    grouped = once.group_by("user", maintain_order=True).agg("item")
    return [
        *zip(grouped["user"].to_list(), grouped["item"].to_list(), strict=True),
        *((user, []) for user in empty),
    ], notes


def event_times(values: pl.Series, name: str) -> pl.Series:
    """Numbers or seconds since 1970; text is read as dates, never sorted by its spelling."""
    if values.dtype.is_numeric():
        return values
    times = to_timestamps(values)
    known = len(values) - values.null_count()
    if known and times.null_count() > 0.5 * len(values):
        what = (
            f"Column {name!r} is taken for the time, but {times.null_count():,} of {len(values):,} cells are no "
            "dates "
            "or times."
        )
        example = f"For example {values.drop_nulls()[0]!r}."
        raise DataError(
            what, example, "Name another column, --set options.time=COLUMN, or none: --set options.time=rows"
        )
    return times


def parts(user: str, events: Sequence[str]) -> list[Row]:
    """What one user gives. To learn from: pieces of LATEST events, each of which ends where the next one begins."""
    events = list(events)
    n = len(events)
    learnt = events if n < 3 else events[: max(2, n - 2)]
    rows: list[Row] = [(user, piece, piece, "train") for piece in pieces_of(learnt)]
    if n >= 4:
        rows.append((user, events[: n - 2], events[: n - 1], "val"))
    if n >= 3:
        rows.append((user, events[: n - 1], events, "test"))
    return rows


def pieces_of(events: Sequence[str]) -> list[list[str]]:
    """Pieces of LATEST events that lose no step from one event to the next."""
    pieces = [list(events[a : a + LATEST]) for a in range(0, max(1, len(events) - 1), LATEST - 1)]
    return [piece for piece in pieces if len(piece) > 1]
