"""COLLECT for recommendations: rows of events → users with their history in the order of time; the last event is the test, the one before validates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ..core.errors import DataError, UserError
from ..core.seeds import numpy_generator
from ..core.table import Table
from ..modalities.events import ASKED, LATEST
from . import _catalogue as catalogue
from ._event_columns import GUESSES, event_columns, in_order, said_columns

HISTORY, USER, SPLIT = "history", "user", "split"


Row = tuple[str, list[str], list[str], str]  # user, what the network sees, the same and what comes next, split


@dataclass(frozen=True)
class Said:
    """What the user said of the events: names of columns, and where items and users are described."""

    user: str = ""
    item: str = ""
    time: str = ""
    rating: str = ""
    least: float = 0.0
    item_table: str = ""
    user_table: str = ""
    item_columns: str = ""
    user_columns: str = ""
    unmet: float = 0.0


def histories(table: Table, said: Said, target: str | None, *, asking: bool) -> Table:
    """Asked (`asking`), every user is one row with the whole history, which may be empty.

    Else each user gives up to three: what is learnt from (all but the last two events, in pieces), what validates and what tests; or, with
    `unmet`, what is learnt from without the items held out, and for those that validate and those that test the last such event.
    """
    frame = table.frame
    if HISTORY in frame.columns and isinstance(frame.schema[HISTORY], pl.List):
        return hinted(table, frame, target, {})
    names = event_columns(frame, said, target, split=table.split)
    later = None
    if table.split is not None and not asking and not said.unmet and (frame[table.split] == "test").any():
        later, _ = ordered(frame.filter(frame[table.split] == "test"), names, said, asking=False)
        frame = frame.filter(frame[table.split] != "test")
    people, notes = ordered(frame, names, said, asking=asking)
    notes = [*([] if asking else said_columns(names, said)), *notes]
    users = known_users(frame, names, said, asking=asking)
    if asking:
        rows = pl.DataFrame({USER: [user for user, _ in people], HISTORY: pl.Series([events for _, events in people], dtype=pl.List(pl.String))})
        rows = rows.with_columns(**catalogue.describe(rows[USER].to_list(), users, rows.columns))
        return replace(table, frame=rows, hints={}, notes=tuple(notes))
    items = catalogue.about(frame, names, "item", GUESSES["item"], said.item_table, said.item_columns)
    facts = {"catalogue": catalogue.properties(*items), "titles": catalogue.titles(*items)} if items else {}
    if said.unmet:
        made, more = held_out(people, said, facts)
        notes += more
    elif later is not None:
        made, more = asked_for(people, later)
        notes += more
    else:
        made = [row for user, events in people for row in parts(user, events)]
    if not any(split == "test" for *_, split in made):
        raise DataError("No user has three events or more.", "The last is the test, what came before is learnt from.", "Is the user column right?")
    alone = sum(len(events) < 2 for _, events in people)
    notes += [f"{alone} user(s) with a single event say nothing about what comes next, and were left out."] if alone else []
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
    return hinted(replace(table, notes=(*table.notes, *notes)), rows, names["item"], facts | {"fresh": bool(said.unmet)})


def known_users(frame: pl.DataFrame, names: dict[str, str], said: Said, *, asking: bool) -> tuple[pl.DataFrame, str] | None:
    """The table about the users. Whoever asks need not have it any more: who is not described counts as unknown."""
    path = said.user_table if not asking or Path(said.user_table).exists() else ""
    there = [name for name in said.user_columns.split(",") if name.strip() in frame.columns]
    return catalogue.about(frame, names, "user", GUESSES["user"], path, ",".join(there) if asking else said.user_columns, asking=asking)


def held_out(people: list[tuple[str, list[str]]], said: Said, facts: dict[str, Any]) -> tuple[list[Row], list[str]]:
    """Rows that ask for items which nobody in the training rows has met: `unmet` of the items test, as many others validate."""
    known = {item for _, events in people for item in events}
    if not facts or not 0 < said.unmet < 0.5:
        raise UserError(
            "Items that nobody has met can be told apart by their columns alone.",
            "" if facts else "Nothing describes the items.",
            "Name a table of them, --set options.item_table=FILE, and a share below a half, --set options.unmet=0.1",
        )
    order = numpy_generator(0, "unmet").permutation(sorted(known))
    count = max(1, round(said.unmet * len(order)))
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
    return rows, [f"{count} of {len(order)} items test and {count} validate: no training row holds them, and they alone are asked for."]


def hinted(table: Table, rows: pl.DataFrame, target: str | None, facts: dict[str, Any]) -> Table:
    hints: dict[str, dict[str, Any]] = {
        USER: {"modality": "identifier", "role": "id", "why": "whose history it is"},
        HISTORY: {"modality": "events", "role": "input", "why": "what the user met, oldest first", "facts": facts},
        SPLIT: {"modality": "category", "role": "split", "why": "what is learnt from, what validates, what is asked for"},
    }
    hints |= {target: {"role": "target", "modality": "events", "why": "what comes next", "facts": facts}} if target else {}
    return replace(table, frame=rows, hints={name: hint for name, hint in hints.items() if name in rows.columns})


def ordered(frame: pl.DataFrame, names: dict[str, str], said: Said, *, asking: bool) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """([(user, items in the order of time)], notes); an item met again counts once, the first time. Where recommendations are asked for, a
    user without an event is one too."""
    notes: list[str] = []
    picked = frame.select(frame[name].alias(part) for part, name in names.items()).with_columns(pl.col("user", "item").cast(pl.String))
    whole = picked.drop_nulls(["user", "item"])
    if len(whole) < len(picked):
        notes.append(f"{len(picked) - len(whole)} event(s) without a user or an item were left out.")
    if "rating" in names and said.least > 0:
        whole = whole.filter(pl.col("rating").cast(pl.Float64, strict=False) >= said.least)
    whole = in_order(whole, said, notes, asking=asking)
    once = whole.unique(["user", "item"], keep="first", maintain_order=True)
    if len(once) < len(whole):
        notes.append(f"{len(whole) - len(once)} event(s) repeat an item that the user had met before, and were left out.")
    known = set(once["user"])
    empty = [user for user in picked["user"].drop_nulls().unique(maintain_order=True).to_list() if asking and user not in known]
    if empty:
        named = ", ".join(empty[:5]) + (", …" if len(empty) > 5 else "")
        notes.append(f"{len(empty)} user(s) have no history: they get what speaks for anybody ({named}).")
    if not len(once) and not empty:
        raise DataError("No event is left.", "; ".join(notes), "Check the columns and the least rating.")
    grouped = once.group_by("user", maintain_order=True).agg("item")
    return [*zip(grouped["user"].to_list(), grouped["item"].to_list(), strict=True), *((user, []) for user in empty)], notes


def asked_for(people: list[tuple[str, list[str]]], later: list[tuple[str, list[str]]]) -> tuple[list[Row], list[str]]:
    """Rows where a test part of the events says what is asked for: of every user there, all items that the training events do not hold are
    relevant. All other events are learnt from, each user's last one validates."""
    rows: list[Row] = []
    before = dict(people)
    for user, events in people:
        rows += [(user, piece, piece, "train") for piece in pieces_of(events[:-1] if len(events) > 2 else events)]
        rows += [(user, events[:-1], events, "val")] if len(events) > 2 else []
    known, strangers, met = {item for events in before.values() for item in events}, 0, 0
    unheard = 0
    for user, events in later:
        new = [item for item in events if item not in set(before.get(user, ()))]
        met += len(events) - len(new)
        unheard += sum(item not in known for item in new)
        strangers += user not in before
        if new:
            rows.append((user, before.get(user, []), [*before.get(user, []), ASKED, *new], "test"))
    notes = [f"The test part is what is asked for: all items of its {len(later):,} users are relevant, whatever their order."]
    notes += [f"{strangers} of them have no history in the training events."] if strangers else []
    notes += [f"{met} event(s) of the test part hold items that the user had met before, and are not asked for."] if met else []
    notes += [f"{unheard} event(s) of the test part hold items that no training event holds: nothing can recommend them, and they count as missed."] if unheard else []
    return rows, notes


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
