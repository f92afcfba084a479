"""COLLECT for conversations: however the turns are kept, they become lines of one text, each after the sign of who
speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...core.seeds import numpy_generator
from ...core.table import Table

# letters that any corpus of the language knows, so that a model of another text can go on from here
ASKS, REPLIES = ("A: ", "B: ")
NAMED = re.compile(r"^\s*(?:#?[\w .'-]{1,24}#?)\s*:\s+", re.UNICODE)  # "#Person1#: ", "Ann: "
PAIRS = (("question", "answer"), ("prompt", "response"), ("input", "output"), ("user", "assistant"))


def conversations(table: Table, column: str) -> pl.Series:
    """One text a conversation, shuffled: neighbours in a file are often of one theme, and the end of the corpus is to
    judge the whole.

    Turns are a list of strings in a column, a text with a speaker's name before each line, or two columns (question,
    answer). Raises DataError, UserError.
    """
    frame = table.frame
    rows = [turns for turns in split_turns(frame, column or found(frame)) if len(turns) > 1]
    if not rows:
        raise DataError(
            "No row holds a conversation of two turns.",
            "",
            "Turns are a list of texts, or lines that begin with a name and a colon.",
        )
    order = numpy_generator(0, "conversations").permutation(len(rows))
    return pl.Series([script(rows[k]) for k in order], dtype=pl.String)


def found(frame: pl.DataFrame) -> str:
    """The column of turns (or of a pair's first, by its name)."""
    lists = [name for name, kind in frame.schema.items() if kind == pl.List(pl.String)]
    lower = {name.lower(): name for name in frame.columns}
    pairs = [f"{lower[a]},{lower[b]}" for a, b in PAIRS if a in lower and b in lower]
    texts = [
        name
        for name, kind in frame.schema.items()
        if kind == pl.String and frame[name].str.contains(r"(?m)^\s*#?[\w .'-]{1,24}#?\s*:\s").mean() == 1.0
    ]
    for known in (lists, pairs, texts):
        if len(known) == 1:
            return known[0]
    raise DataError(
        "Which column holds the conversations?",
        f"Columns: {', '.join(frame.columns[:20])}.",
        "Say --set options.turns=COLUMN, or question and answer with a comma between.",
    )


def split_turns(frame: pl.DataFrame, column: str) -> list[list[str]]:
    """The turns of every row; each turn is one line."""
    names = [one.strip() for one in column.split(",")]
    for name in names:
        if name not in frame.columns:
            raise UserError(
                f"Option 'turns' names no column: {name!r}.", "", nearest(name, frame.columns, label="Columns")
            )
    if len(names) > 1:
        rows: list[Any] = list(frame.select(pl.col(names).cast(pl.String)).iter_rows())
    elif frame.schema[names[0]] == pl.String:
        rows = [[NAMED.sub("", line) for line in (text or "").splitlines()] for text in frame[names[0]]]
    else:
        rows = frame[names[0]].to_list()
    return [[line(turn) for turn in row or () if turn and line(turn)] for row in rows]


def line(turn: Any) -> str:
    return " ".join(str(turn).split())


def script(turns: Sequence[str]) -> str:
    """Turns in turn, a line each; who asks begins."""
    return "".join(f"{(ASKS, REPLIES)[k % 2]}{turn}\n" for k, turn in enumerate(turns))


def cue(turns: Sequence[str]) -> str:
    """The text that waits for the reply to the last of `turns`."""
    first = len(turns) % 2 == 0  # the last turn is always one that asks
    return (
        "".join(f"{(ASKS, REPLIES)[(k + first) % 2]}{line(turn)}\n" for k, turn in enumerate(turns)) + REPLIES.rstrip()
    )
