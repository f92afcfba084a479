"""COLLECT for recommendations: rows of events → users with their history in the order of time; the last event is the
test, the one before validates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from ...core.errors import DataError, UserError
from ...core.seeds import numpy_generator
from ...core.table import Table
from ...modalities.recommendation.interaction_history import LATEST
from ..series.timestamps import ROWS
from . import item_features as catalogue
from .event_columns import GUESSES, EventOptions, describe_columns, find_columns
from .event_order import sort_events

HISTORY, USER, SPLIT = "history", "user", "split"
RELEVANT = "\x1e"  # in a target's list: what follows is all relevant, in whatever order


Row = tuple[str, list[str], list[str], str]  # user, what the network sees, the same and what comes next, split


def build_histories(table: Table, options: EventOptions, target: str | None, *, inference: bool) -> Table:
    """Events → interaction sequences. At inference (`inference`), every user is one row with the whole history, which
    may be empty.

    Else each user gives up to three: what is learnt from (all but the last two events, in pieces), what validates and
    what tests; or, with
    `cold_start_fraction`, what is learnt from without the items held out, and for those that validate and those that
    test the last such event.
    """
    frame = table.frame
    if HISTORY in frame.columns and isinstance(frame.schema[HISTORY], pl.List):
        return with_hints(table, frame, target, {})
    names = find_columns(frame, options, target)
    split_column = table.split if not inference else None
    split = frame[split_column] if split_column else pl.Series(["train"]).new_from_index(0, len(frame))
    people, notes = sort_events(
        frame.filter(split != "test"),
        names,
        options.min_rating,
        inference=inference,
        rows_in_order=options.time == ROWS,
    )
    notes = [describe_columns(names, options), *notes]
    users = known_users(frame, names, options, inference=inference)
    if inference:
        rows = pl.DataFrame(
            {
                USER: [user for user, _ in people],
                HISTORY: pl.Series([events for _, events in people], dtype=pl.List(pl.String)),
            }
        )
        rows = rows.with_columns(**catalogue.describe(rows[USER].to_list(), users, rows.columns))
        notes += without_history([user for user, events in people if not events])
        return replace(table, frame=rows, hints={}, notes=(*table.notes, *notes))
    items = catalogue.about(frame, names, "item", GUESSES["item"], options.item_table, options.item_columns)
    hints = {"catalogue": catalogue.properties(*items), "titles": catalogue.titles(*items)} if items else {}
    sequences, more = split_sequences(people, frame.filter(split == "test"), names, options, hints)
    rows = to_frame(sequences, names["item"])
    rows = rows.with_columns(**catalogue.describe(rows[USER].to_list(), users, rows.columns))
    return with_hints(
        replace(table, notes=(*table.notes, *notes, *more)),
        rows,
        names["item"],
        hints | {"fresh": bool(options.cold_start_fraction)},
    )


def split_sequences(
    people: list[tuple[str, list[str]]],
    test: pl.DataFrame,
    names: dict[str, str],
    options: EventOptions,
    hints: dict[str, Any],
) -> tuple[list[Row], list[str]]:
    """(rows of training, validation and test, notes): by held-out items, by the test events given, else leave-last-out.

    Raises DataError where nothing is left to test on.
    """
    notes: list[str] = []
    if options.cold_start_fraction:
        sequences, notes = held_out(people, options, hints)
    elif len(test):
        sequences, notes = given_test(people, test, names, options)
    else:
        sequences = [row for user, events in people for row in leave_last_out(user, events)]
    if not any(split == "test" for *_, split in sequences):
        raise DataError(
            "No user has three events or more.",
            "The last is the test, what came before is learnt from.",
            "Is the user column right?",
        )
    if alone := sum(len(events) < 2 for _, events in people):
        notes.append(f"{alone} user(s) with a single event say nothing about what comes next, and were left out.")
    return sequences, notes


def to_frame(sequences: list[Row], item: str) -> pl.DataFrame:
    dtype = pl.List(pl.String)
    return pl.DataFrame(
        {
            USER: [user for user, *_ in sequences],
            HISTORY: pl.Series([before for _, before, *_ in sequences], dtype=dtype),
            item: pl.Series([whole for _, _, whole, _ in sequences], dtype=dtype),
            SPLIT: [split for *_, split in sequences],
        }
    )


def given_test(
    people: list[tuple[str, list[str]]], test: pl.DataFrame, names: dict[str, str], options: EventOptions
) -> tuple[list[Row], list[str]]:
    """Rows where the test events are given: all that a user meets there, and has not met before, is relevant; the last
    event before validates."""
    test_events, notes = sort_events(test, names, options.min_rating, inference=False, rows_in_order=True)
    before = dict(people)
    rows: list[Row] = []
    for user, events in people:
        rows += [(user, piece, piece, "train") for piece in split_pieces(events[:-1] if len(events) > 2 else events)]
        rows += [(user, events[:-1], events, "val")] if len(events) > 2 else []
    again, unknown = 0, []
    for user, events in test_events:
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
    frame: pl.DataFrame, names: dict[str, str], options: EventOptions, *, inference: bool
) -> tuple[pl.DataFrame, str] | None:
    """The table about the users. At inference it may be absent: users without a description count as unknown."""
    path = options.user_table if not inference or Path(options.user_table).exists() else ""
    there = [name for name in options.user_columns.split(",") if name.strip() in frame.columns]
    return catalogue.about(
        frame,
        names,
        "user",
        GUESSES["user"],
        path,
        ",".join(there) if inference else options.user_columns,
        inference=inference,
    )


def held_out(
    people: list[tuple[str, list[str]]], options: EventOptions, item_hints: dict[str, Any]
) -> tuple[list[Row], list[str]]:
    """Rows that ask for items which nobody in the training rows has met: `cold_start_fraction` of the items test, as
    many others validate."""
    known = {item for _, events in people for item in events}
    if not item_hints or not 0 < options.cold_start_fraction < 0.5:
        raise UserError(
            "Items that nobody has met can be told apart by their columns alone.",
            "" if item_hints else "Nothing describes the items.",
            "Name a table of them, --set options.item_table=FILE, and a share below a half, --set "
            "options.cold_start_fraction=0.1",
        )
    order = numpy_generator(0, "unmet").permutation(sorted(known))
    count = max(1, round(options.cold_start_fraction * len(order)))
    asked = {"test": set(order[:count].tolist()), "val": set(order[count : 2 * count].tolist())}
    out = asked["test"] | asked["val"]
    rows: list[Row] = []
    for user, events in people:
        old = [item for item in events if item not in out]
        rows += [(user, piece, piece, "train") for piece in split_pieces(old)]
        for split, items in asked.items():
            last = max((k for k, item in enumerate(events) if item in items), default=0)
            before = [item for item in events[:last] if item not in out]
            if before:
                rows.append((user, before, [*before, events[last]], split))
    return rows, [
        f"{count} of {len(order)} items test and {count} validate: no training row holds them, and they alone are "
        "asked for."
    ]


def with_hints(table: Table, rows: pl.DataFrame, target: str | None, item_hints: dict[str, Any]) -> Table:
    hints: dict[str, dict[str, Any]] = {
        USER: {"modality": "identifier", "role": "id", "why": "whose history it is"},
        HISTORY: {
            "modality": "interaction_history",
            "role": "input",
            "why": "what the user met, oldest first",
            "facts": item_hints,
        },
        SPLIT: {
            "modality": "category",
            "role": "split",
            "why": "each user's last event tests, the one before validates",
        },
    }
    hints |= (
        {target: {"role": "target", "modality": "interaction_history", "why": "what comes next", "facts": item_hints}}
        if target
        else {}
    )
    return replace(table, frame=rows, hints={name: hint for name, hint in hints.items() if name in rows.columns})


def leave_last_out(user: str, events: Sequence[str]) -> list[Row]:
    """What one user gives. To learn from: pieces of LATEST events, each of which ends where the next one begins."""
    events = list(events)
    n = len(events)
    learnt = events if n < 3 else events[: max(2, n - 2)]
    rows: list[Row] = [(user, piece, piece, "train") for piece in split_pieces(learnt)]
    if n >= 4:
        rows.append((user, events[: n - 2], events[: n - 1], "val"))
    if n >= 3:
        rows.append((user, events[: n - 1], events, "test"))
    return rows


def split_pieces(events: Sequence[str]) -> list[list[str]]:
    """Pieces of LATEST events that lose no step from one event to the next."""
    pieces = [list(events[a : a + LATEST]) for a in range(0, max(1, len(events) - 1), LATEST - 1)]
    return [piece for piece in pieces if len(piece) > 1]
