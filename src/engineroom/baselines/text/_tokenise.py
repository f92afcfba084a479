"""What baselines that write share: words and marks of a text, and texts made of them again."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS = re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]")
GLUED = re.compile(r"\s+([.,;:!?%)\]}»“])")
OPENING = re.compile(r"([(\[{«„])\s+")
SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")


def words(text: str) -> list[str]:
    return WORDS.findall(text)


def joined(parts: Sequence[str]) -> str:
    """Words and marks as a person would set them."""
    return OPENING.sub(r"\1", GLUED.sub(r"\1", " ".join(parts)))


def sentences(text: str) -> list[str]:
    """Lines, and sentences within them."""
    return [part.strip() for part in SENTENCES.split(text) if part.strip()] or [text.strip()]
