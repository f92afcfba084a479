"""COLLECT: frames of a recording? Then neighbours in the order of the rows show nearly the same, and a random split
would judge by what was learnt."""

from __future__ import annotations

import numpy as np

from ..core.schema import Schema
from ..core.seeds import numpy_generator
from ..core.table import Table
from ..modalities.vision import image as pictures
from .near_duplicates import described, picture_look

LEAST = 200  # rows
PAIRS = 100
CLOSER = 0.5  # neighbours differ less than this share of what pictures at random differ by
STRETCHES = 20


def is_recording(table: Table, schema: Schema, task: str) -> bool:
    """Do the pictures follow each other like frames of a film? Asked of numbers alone: classes in folders are sorted by
    their nature."""
    columns = [column.name for column in schema.inputs if column.modality == "image"]
    if task != "number" or len(columns) != 1 or len(table) < LEAST:
        return False
    first = np.linspace(0, len(table) - 2, PAIRS).astype(int)
    other = numpy_generator(0, "frames").permutation(first)
    rows = np.unique(np.concatenate([first, first + 1]))
    found = described(pictures.cells(table.frame[columns[0]][rows]), picture_look)
    looks = {int(rows[place]): look.astype(float) for place, look in found.items()}

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        gaps = [
            np.abs(looks[i] - looks[j]).mean()
            for i, j in zip(a.tolist(), b.tolist(), strict=True)
            if i in looks and j in looks and i != j
        ]
        return float(np.median(gaps)) if gaps else 0.0

    return apart(first, first + 1) < CLOSER * apart(first, other)


def stretches(rows: np.ndarray, total: int) -> np.ndarray:
    """(N,) number of the stretch of the recording that each row lies in."""
    return rows * STRETCHES // max(1, total)
