"""What baselines that write share: words and marks of a text, and texts made of them again."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from ...core.schema import Column

WORDS = re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]")
GLUED = re.compile(r"\s+([.,;:!?%)\]}»“])")
OPENING = re.compile(r"([(\[{«„])\s+")
SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")


def read_texts(frame: pl.DataFrame, column: Column) -> list[str]:
    """(N,) the cells of a column as texts, "" where one is missing."""
    texts: list[str] = frame[column.name].cast(pl.String).fill_null("").to_list()
    return texts


def words(text: str) -> list[str]:
    return WORDS.findall(text)


def joined(parts: Sequence[str]) -> str:
    """Words and marks as a person would set them."""
    return OPENING.sub(r"\1", GLUED.sub(r"\1", " ".join(parts)))


def sentences(text: str) -> list[str]:
    """Lines, and sentences within them."""
    return [part.strip() for part in SENTENCES.split(text) if part.strip()] or [text.strip()]
