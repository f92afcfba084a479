"""COLLECT: words such as NA or null in a target: classes (Namibia, "no damage"), or missing answers?"""

from __future__ import annotations

import polars as pl

from ..parsing.words import TEXT_MISSING, stripped

FREQUENT = 0.05  # share of the rows from which on such a word is a class …
RARE = 0.25  # … or share of the usual class


def class_words(values: pl.Series) -> tuple[list[str], dict[str, int]] | None:
    """(the words that stand for a missing answer, {word: rows} of those that are classes, with 0 where none is); None
    where no such word occurs."""
    counts = dict(stripped(values).drop_nulls().value_counts().iter_rows())
    doubtful = {word: counts[word] for word in counts if word in TEXT_MISSING and word not in ("", "?")}
    if not doubtful:
        return None
    sizes = sorted(count for word, count in counts.items() if word not in TEXT_MISSING)
    usual = sizes[len(sizes) // 2] if sizes else 0
    rows = sum(sizes) + sum(doubtful.values())
    often = {word: n for word, n in doubtful.items() if n >= FREQUENT * rows or (usual > 1 and n >= RARE * usual)}
    kept = often if len(sizes) <= 0.5 * rows else {}
    return sorted(word for word in TEXT_MISSING if word not in kept), kept or dict.fromkeys(doubtful, 0)
