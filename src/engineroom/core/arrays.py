"""WORDS: things of any shape, one a row, in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def objects(rows: Sequence[Any]) -> np.ndarray:
    """(N,) object array, also where all rows happen to be of one shape."""
    out = np.empty(len(rows), object)
    for place, row in enumerate(rows):
        out[place] = row
    return out
