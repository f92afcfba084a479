"""COLLECT for recommendations: rows of events → users with their history in the order of time; the last event is the test, the one before validates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from ..core.errors import DataError, UserError, nearest
from ..core.table import Table
from ..modalities.events import LATEST

HISTORY, USER, SPLIT = "history", "user", "split"
GUESSES = {
    "user": ("user", "user_id", "userid", "customer", "customer_id", "visitor", "session", "session_id", "person"),
    "item": ("item", "item_id", "itemid", "product", "product_id", "movie", "movie_id", "movieid", "track", "article", "book"),
    "time": ("time", "timestamp", "date", "datetime", "created", "created_at", "when"),
    "rating": ("rating", "stars", "score"),
}


def histories(table: Table, said: dict[str, str], target: str | None, *, least: float, asking: bool) -> Table:
    """`said`: the columns' names as far as the user told them. Asked (`asking`), every user is one row with the whole history.

    Else each user gives up to three: what is learnt from (all but the last two events, in pieces), what validates and what tests.
    """
    frame = table.frame
    if HISTORY in frame.columns and isinstance(frame.schema[HISTORY], pl.List):
        return hinted(table, frame, target)
    names = columns(frame, said, target)
    people, notes = ordered(frame, names, least)
    if asking:
        rows = pl.DataFrame({USER: [user for user, _ in people], HISTORY: pl.Series([events for _, events in people], dtype=pl.List(pl.String))})
        return replace(table, frame=rows, hints={}, notes=(*table.notes, *notes))
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
    return hinted(replace(table, notes=(*table.notes, *notes)), rows, names["item"])


def hinted(table: Table, rows: pl.DataFrame, target: str | None) -> Table:
    hints = {
        USER: {"modality": "identifier", "role": "id", "why": "whose history it is"},
        HISTORY: {"modality": "events", "role": "input", "why": "what the user met, oldest first"},
        SPLIT: {"modality": "category", "role": "split", "why": "each user's last event tests, the one before validates"},
    }
    hints |= {target: {"role": "target", "modality": "events", "why": "what comes next"}} if target else {}
    return replace(table, frame=rows, hints={name: hint for name, hint in hints.items() if name in rows.columns})


def columns(frame: pl.DataFrame, said: dict[str, str], target: str | None) -> dict[str, str]:
    """Which column is the user, the item, the time, the rating: as told, else by their names. Time and rating may be missing."""
    said = said | ({"item": target} if target and not said["item"] else {})
    found: dict[str, str] = {}
    for part, names in GUESSES.items():
        if said[part]:
            if said[part] not in frame.columns:
                raise UserError(f"Option {part!r} names no column: {said[part]!r}.", "", nearest(said[part], frame.columns, label="Columns"))
            found[part] = said[part]
        else:
            like = [name for name in frame.columns if name.lower() in names]
            found |= {part: min(like, key=lambda name: names.index(name.lower()))} if like else {}
    for part in ("user", "item"):
        if part not in found:
            raise UserError(f"Which column is the {part}?", f"Columns: {', '.join(frame.columns[:20])}.", f"Say --set options.{part}=COLUMN")
    if len(set(found.values())) < len(found):
        raise UserError("One column cannot be two things at once.", ", ".join(f"{part}: {name}" for part, name in found.items()), "")
    return found


def ordered(frame: pl.DataFrame, names: dict[str, str], least: float) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """([(user, items in the order of time)], notes); equal times keep the order of the rows, an item met again counts once, the first time."""
    notes: list[str] = []
    picked = frame.select(**{part: pl.col(name) for part, name in names.items()}).with_columns(pl.col("user", "item").cast(pl.String))
    whole = picked.drop_nulls(["user", "item"])
    if len(whole) < len(picked):
        notes.append(f"{len(picked) - len(whole)} event(s) without a user or an item were left out.")
    if "rating" in names and least > 0:
        whole = whole.filter(pl.col("rating").cast(pl.Float64, strict=False) >= least)
    if "time" in names:
        if missing := whole["time"].null_count():
            notes.append(f"{missing} event(s) have no time and count as the oldest.")
        whole = whole.sort("time", maintain_order=True, nulls_last=False)
    once = whole.unique(["user", "item"], keep="first", maintain_order=True)
    if len(once) < len(whole):
        notes.append(f"{len(whole) - len(once)} event(s) repeat an item that the user had met before, and were left out.")
    if not len(once):
        raise DataError("No event is left.", "; ".join(notes), "Check the columns and the least rating.")
    grouped = once.group_by("user", maintain_order=True).agg("item")
    return list(zip(grouped["user"].to_list(), grouped["item"].to_list(), strict=True)), notes


Row = tuple[str, list[str], list[str], str]  # user, what the network sees, the same and what comes next, split


def parts(user: str, events: Sequence[str]) -> list[Row]:
    """What one user gives. To learn from: pieces of LATEST events, each of which ends where the next one begins."""
    events = list(events)
    n = len(events)
    learnt = events if n < 3 else events[: max(2, n - 2)]
    pieces = [learnt[a : a + LATEST] for a in range(0, max(1, len(learnt) - 1), LATEST - 1)]
    rows: list[Row] = [(user, piece, piece, "train") for piece in pieces if len(piece) > 1]
    if n >= 4:
        rows.append((user, events[: n - 2], events[: n - 1], "val"))
    if n >= 3:
        rows.append((user, events[: n - 1], events, "test"))
    return rows
