"""COLLECT for language models: documents → stretches of text in their order, so that what comes later can judge what
was learnt from what came before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from ...core.errors import DataError, UserError, nearest
from ...core.table import Table
from ...modalities.text.text_corpus import LONGEST

TEXT, NEXT, PLACE, DOCUMENT, SPLIT = "text", "next", "place", "document", "split"
BETWEEN = "\n\n"  # two documents
WINDOWS = 32  # contexts in a stretch, where the corpus is long enough …
LEAST_LENGTH, MOST_LENGTH = 2_048, 16_384  # … characters
STRETCHES = 400  # wanted at least
LEAST = 20  # contexts in a corpus
MANY_DOCUMENTS = 20  # from so many on whole documents judge, not the end of the corpus


def stretches(table: Table, column: str, *, context: int, length: int, inference: bool, facts: dict[str, Any]) -> Table:
    """Rows with a stretch of `text` each, its `place` in the corpus, and `next`, the target: the text itself, one token
    on.

    At inference the rows stay as they are. `length` of a stretch in characters, 0 = by the context and the size of
    the corpus.
    """
    frame = table.frame
    name = text_column(table, column)
    if inference:
        return as_asked(table, name)
    split = table.split
    parts: dict[str, list[str]] = {}
    for text, part in zip(
        frame[name].cast(pl.String), frame[split].cast(pl.String) if split else [""] * len(frame), strict=True
    ):
        if text and text.strip():
            parts.setdefault(part or "", []).append(text)
    size = sum(len(text) for texts in parts.values() for text in texts)
    if size < LEAST * context:
        raise DataError(
            f"The corpus has {size:,} characters.",
            f"With a context of {context} tokens at least {LEAST * context:,} are needed to learn from, to validate "
            "and to test.",
            "Add text, or look back less: --set options.context=32"
            if size
            else "Name a file or a column with text in it.",
        )
    length = length or max(min(max(LEAST_LENGTH, WINDOWS * context), MOST_LENGTH, size // STRETCHES), 8 * context)
    length = max(2 * context, min(length, size // 10, LONGEST // 2))
    apart = not split and all(
        len(texts) >= MANY_DOCUMENTS and sum(map(len, texts)) >= length * len(texts) for texts in parts.values()
    )
    made: list[tuple[str, int, str]] = []  # text, document, split
    for part, texts in parts.items():
        for number, text in enumerate(texts if apart else [BETWEEN.join(texts)]):
            made += [(piece, number, part) for piece in cut(text, length)]
    return with_hints(table, made, facts, split=bool(split), apart=apart)


def with_hints(
    table: Table, made: list[tuple[str, int, str]], facts: dict[str, Any], *, split: bool, apart: bool
) -> Table:
    texts = [text for text, _, _ in made]
    columns: dict[str, Any] = {TEXT: texts, NEXT: [len(text) for text in texts], PLACE: list(range(len(made)))}
    hints: dict[str, dict[str, Any]] = {
        TEXT: {"modality": "text_corpus", "role": "input", "why": "a stretch of the corpus", "facts": facts},
        NEXT: {"modality": "next_token", "role": "target", "why": "the text itself, one token on"},
        PLACE: {"modality": "number", "role": "ignore" if apart else "time", "why": "the order of the corpus"},
    }
    if apart:
        columns[DOCUMENT] = [str(number) for _, number, _ in made]
        hints[DOCUMENT] = {"modality": "identifier", "role": "group", "why": "whole documents judge"}
    if split:
        columns[SPLIT] = [part for _, _, part in made]
        hints[SPLIT] = {"modality": "category", "role": "split", "why": "as the data give it"}
    return replace(table, frame=pl.DataFrame(columns), hints=hints)


def as_asked(table: Table, name: str) -> Table:
    """The rows as they are, the column of the corpus under its own name."""
    return replace(table, frame=table.frame.select(pl.col(name).cast(pl.String).alias(TEXT)), hints={})


def documents(table: Table, name: str) -> list[tuple[str, int, str]]:
    """(text, its number, the part that the data give it) of every row with a text; "" where they give none."""
    split = table.split
    parts = table.frame[split].cast(pl.String).to_list() if split else [""] * table.frame.height
    return [
        (str(text), k, part or "") for k, (text, part) in enumerate(zip(table.frame[name], parts, strict=True)) if text
    ]


def notation(
    table: Table, made: list[tuple[str, int, str]], *, context: int, apart: bool, modality: str, why: str
) -> Table:
    """Rows whose target is a notation of its own, told character by character, one token on."""
    said = with_hints(
        table, made, {"tokens": "characters", "context": context}, split=any(part for _, _, part in made), apart=apart
    )
    hints = {one: dict(hint) for one, hint in said.hints.items()}
    hints[NEXT] |= {"modality": modality, "why": why}
    return replace(said, hints=hints)


def cut(text: str, length: int) -> list[str]:
    """Pieces of `length` characters that lose nothing; a last one that is short joins the one before."""
    pieces = [text[begin : begin + length] for begin in range(0, len(text), length)]
    if len(pieces) > 1 and len(pieces[-1]) < length // 2:
        pieces[-2:] = ["".join(pieces[-2:])]
    return pieces


def text_column(table: Table, said: str) -> str:
    """The column of the corpus: as told, else the one with most text."""
    frame = table.frame
    if said:
        if said not in frame.columns:
            raise UserError(
                f"Option 'text' names no column: {said!r}.", "", nearest(said, frame.columns, label="Columns")
            )
        return said
    texts = [
        name
        for name in frame.columns
        if frame.schema[name] == pl.String and table.hints.get(name, {}).get("role") not in ("split", "id")
    ]
    if not texts:
        raise DataError(
            "There is no column of text to learn a language from.",
            f"Columns: {', '.join(frame.columns[:20])}.",
            "Say --set options.text=COLUMN",
        )
    return max(texts, key=lambda name: int(frame[name].str.len_chars().sum() or 0))
