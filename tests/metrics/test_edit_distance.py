"""The edit distance is Levenshtein's: against the textbook's table, for letters, words and codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engineroom.metrics.speech_recognition import edits


def textbook(a: Sequence[Any], b: Sequence[Any]) -> int:
    table = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = min(table[i, j + 1] + 1, table[i + 1, j] + 1, table[i, j] + (x != y))
    return int(table[-1, -1])


@pytest.mark.parametrize(
    "units", [list("abc é語"), ["one", "a", "два", "a b"], list(range(5)), list(np.arange(4, dtype=np.int32))]
)
def test_edits_are_those_of_the_textbook(units: list[Any]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        a, b = ([units[k] for k in rng.integers(0, len(units), rng.integers(0, 40))] for _ in range(2))
        assert edits(a, b) == edits(b, a) == textbook(a, b)


def test_edits_of_texts_and_of_nothing() -> None:
    assert edits("kitten", "sitting") == 3 and edits("", "abc") == 3 and edits([], []) == 0
