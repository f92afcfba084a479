"""What lives on a picture's plane (masks, boxes) has in common: whether mirror images keep the meaning, and how a
picture is changed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Generator, Tensor

from ...layers.augment import jitter, tint

# of a class's weight: how much more of it may lie on one side than on the other; left and right lungs, skies and roads
# reach 1
LOPSIDED = 0.6
SURE = 3.0  # standard errors
LEAST = 8  # rows in which a class must occur to be asked


def find_flips(sides: Iterable[Mapping[Any, np.ndarray]]) -> list[str]:
    """Which mirror images look like ordinary rows: "horizontal", "vertical".

    Each row tells of every class that occurs in it how far it leans to the right and downwards, two numbers from -1 to
    1. Skies are above and roads below, so such pictures are not turned upside down; cells and cracks lie anywhere.
    """
    leans: dict[Any, list[np.ndarray]] = {}
    for row in sides:
        for code, lean in row.items():
            leans.setdefault(code, []).append(lean)
    lopsided = np.zeros(2, bool)
    for found in leans.values():
        if len(found) >= LEAST:
            each = np.stack(found)
            mean, error = np.abs(each.mean(0)), each.std(0) / len(each) ** 0.5
            lopsided |= (mean > LOPSIDED) & (mean > SURE * error)
    return [name for name, wrong in zip(("horizontal", "vertical"), lopsided, strict=True) if not wrong]


def light(x: Tensor, generator: Generator) -> Tensor:
    """Pictures (B, C, H, W), 0..255, under another light."""
    x = jitter(x, generator)
    return tint(x, generator) if x.shape[1] == 3 else x
