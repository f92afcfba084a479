"""WORDS: some of many, evenly taken."""

from __future__ import annotations

import numpy as np


def evenly(count: int, most: int) -> np.ndarray:
    """At most `most` of the places 0 … count - 1, first and last among them, in order."""
    return np.unique(np.linspace(0, max(0, count - 1), min(most, count)).astype(int))
