"""Boxes as people write them: one cell a picture, a list of class and corners; read, put into the picture's frame,
written again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core.errors import DataError
from .._base import from_json

LEAST = 1e-6  # of the picture's area: a smaller box has none
CORNERS = ("x1", "y1", "x2", "y2")


def read_boxes(cell: Any) -> tuple[list[str], np.ndarray, int]:
    """(classes, boxes (n, 4) x1 y1 x2 y2 in shares of the picture, how many were dropped).

    A cell is JSON or a mapping {"width", "height", "boxes": [{"class", "x1", "y1", "x2", "y2"}, …]} in pixels, or the
    bare list with corners in shares of the picture's sides. Boxes are clipped to the picture; those without area, or
    outside it, are dropped. Raises ValueError for anything else.
    """
    cell = from_json(cell, "boxes are")
    width = height = 1.0
    if isinstance(cell, Mapping):
        width, height = number(cell.get("width") or 1), number(cell.get("height") or 1)
        cell = cell.get("boxes")
    rows = cell.to_list() if isinstance(cell, pl.Series) else cell
    if not isinstance(rows, (list, tuple)) or width <= 0 or height <= 0:
        raise ValueError("boxes are a list of {class, x1, y1, x2, y2}")
    names, corners = [], []
    for row in rows:
        if not isinstance(row, Mapping) or row.get("class") is None or any(key not in row for key in CORNERS):
            raise ValueError(f"a box needs class, x1, y1, x2, y2, but one is {str(row)[:80]}")
        names.append(str(row["class"]))
        corners.append([number(row[key]) for key in CORNERS])
    boxes = np.array(corners, np.float64).reshape(-1, 4) / [width, height, width, height]
    kept, boxes = inside(boxes)
    return [name for name, keep in zip(names, kept, strict=True) if keep], boxes[kept], int((~kept).sum())


def number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{str(value)[:40]!r} is no number") from None
    if not np.isfinite(found):
        raise ValueError(f"{value} is no place in a picture")
    return found


def inside(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 4) shares → (which have an area inside the picture, all clipped to it)."""
    clipped = boxes.clip(0.0, 1.0)
    sides = clipped[:, 2:] - clipped[:, :2]
    return (sides > 0).all(1) & (sides.prod(1) >= LEAST), clipped


def write_boxes(boxes: Iterable[Sequence[float]], names: Sequence[str], size: tuple[int, int]) -> str:
    """(n, 6) x1 y1 x2 y2 score class, in shares, and the picture's (height, width) → a cell with corners in pixels."""
    height, width = size
    rows = [
        {
            "class": names[int(row[5])],
            "score": round(float(row[4]), 4),
            **{key: round(float(row[i]) * (height if i % 2 else width), 1) for i, key in enumerate(CORNERS)},
        }
        for row in boxes
    ]
    return json.dumps({"width": width, "height": height, "boxes": rows}, ensure_ascii=False)


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, 4), (m, 4) → (n, m) intersection over union."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(2)
    areas = [(x[:, 2:] - x[:, :2]).clip(0).prod(1) for x in (a, b)]
    return both / np.maximum(areas[0][:, None] + areas[1][None] - both, 1e-12)


def suppressed(boxes: np.ndarray, *, most: float, limit: int = 100) -> np.ndarray:
    """(n, 6) → those that no better one of their class covers by more than `most` (IoU), best first, at most
    `limit`."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    covers = (overlaps(boxes[:, :4], boxes[:, :4]) > most) & (boxes[:, None, 5] == boxes[None, :, 5])
    alive = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~covers[i, i + 1 :]
    return boxes[alive][:limit]


def known_classes(values: pl.Series, state: Mapping[str, Any]) -> tuple[pl.Series, list[str]]:
    """(cells whose classes are called as the model calls them, notes). Class numbers are read by the numbers that the
    training data gave them.

    Raises DataError where the model knows none of the classes."""
    cells = [(cell, from_json(cell, "boxes are")) for cell in values.drop_nulls().to_list()]
    counts: dict[str, int] = {}
    for _, cell in cells:
        for row in cell.get("boxes", []) if isinstance(cell, Mapping) else cell:
            counts[str(row.get("class"))] = counts.get(str(row.get("class")), 0) + 1
    known, numbers = set(state["values"]), {str(number): name for name, number in state.get("categories", {}).items()}
    if counts and not known & set(counts) and set(counts) <= set(numbers):
        named = {number: numbers[number] for number in counts}
        cells_out = [None if cell is None else renamed(cell, named) for cell in values.to_list()]
        listed = ", ".join(f"{number} is {name}" for number, name in sorted(named.items())[:10])
        return pl.Series(values.name, cells_out, dtype=pl.String), [
            f"The boxes have numbers for classes; by the training data {listed}."
        ]
    if counts and not known & set(counts):
        raise DataError(
            f"None of the classes ({', '.join(sorted(counts)[:10])}) is known to the model "
            f"({', '.join(sorted(known)[:10])}).",
            "Boxes of unknown classes cannot be graded.",
            "Name them alike: for YOLO put data.yaml beside or above the folder.",
        )
    strange = {name: count for name, count in counts.items() if name not in known}
    what = ", ".join(f"{name} ({count:,})" for name, count in sorted(strange.items())[:10])
    return values, [f"Boxes of classes that the model does not know are not graded: {what}."] if strange else []


def renamed(cell: Any, names: Mapping[str, str]) -> str:
    cell = from_json(cell, "boxes are")
    rows = cell["boxes"] if isinstance(cell, Mapping) else cell
    rows = [{**row, "class": names[str(row["class"])]} for row in rows]
    return json.dumps({**cell, "boxes": rows} if isinstance(cell, Mapping) else rows, ensure_ascii=False)
