"""COLLECT: a page of text as people hand it on: lines and their places. Becomes words in the order in which they are
read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._base import from_json

FULL = 1_000  # the width, and the height, of what is written on a page
# Numbers beside each word: its box in FULLths of the written part, whether it begins and ends its line, whether a space
# stands before it, how
# often it stands on the page, and if it is an amount, its size in FULLths of the largest one there
FACTS, BEGINS, SPACE, OFTEN = 9, 4, 6, 7
MOST_OFTEN = 8
# letters about half, and half as wide again as others
NARROW, BROAD = (frozenset(" iljtfrI.,:;'|!()[]-/"), frozenset("mwMW@%"))
AMOUNT = re.compile(r"\d[\d,]*\.\d\d$")
# "RM33.90" is a currency and an amount, "DATE:12/02/2018" a name and a value
WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4}(?=\d[\d,]*\.\d\d(?!\d))|:+(?=\d)|[^\s:]*[A-Za-z][^\s:]*:(?=\S)|\S+")
Line = tuple[str, np.ndarray]  # its text, its box (4,) x1 y1 x2 y2


def read_page(cell: Any) -> tuple[list[Line], float, float]:
    """(lines with boxes in the page's units, its width, its height).

    A cell is JSON or a mapping {"width", "height", "lines": [{"text", "box": 4 numbers or "quad": 8}]}; without a size,
    that of what is written. Raises ValueError for anything else.
    """
    cell = from_json(cell, "the page is")
    rows = cell.get("lines") if isinstance(cell, Mapping) else None
    if not isinstance(rows, (list, tuple)):
        raise ValueError("a page is {lines: [{text, box}]}")
    lines = [(str(row.get("text") or "").strip(), box_of(row)) for row in rows if isinstance(row, Mapping)]
    lines = [(text, box) for text, box in lines if text]
    if not lines:
        raise ValueError("there is nothing written on the page")
    far = np.max([box for _, box in lines], 0)
    width, height = (float(cell.get(name) or far[2 + i]) for i, name in enumerate(("width", "height")))
    return lines, max(1e-9, width), max(1e-9, height)


def box_of(row: Mapping[str, Any]) -> np.ndarray:
    """(4,) the upright box around a line."""
    try:
        given = np.array(row["box"] if row.get("box") is not None else row["quad"], float)
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"a line needs a box of 4 numbers or a quad of 8: {str(dict(row))[:80]}") from None
    if given.shape not in ((4,), (8,)) or not np.isfinite(given).all():
        raise ValueError(f"a line needs a box of 4 numbers or a quad of 8: {str(dict(row))[:80]}")
    x, y = given[::2], given[1::2]
    return np.array([x.min(), y.min(), x.max(), y.max()])


def words_on(cell: Any) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(words in reading order, facts (T, FACTS) int32, boxes (T, 4) in shares of the page)."""
    lines, width, height = read_page(cell)
    words, boxes, flags = list[str](), list[list[float]](), list[tuple[int, int, int]]()
    for text, (x1, y1, x2, y2) in in_order(lines):
        found = list(WORD.finditer(text))
        inked = np.cumsum([0.0, *(0.5 if letter in NARROW else 1.5 if letter in BROAD else 1.0 for letter in text)])
        for k, one in enumerate(found):
            a, b = (x1 + (x2 - x1) * inked[at] / inked[-1] for at in one.span())
            words.append(one.group())
            boxes.append([a, y1, b, y2])
            flags.append((int(k == 0), int(k == len(found) - 1), int(k == 0 or found[k - 1].end() < one.start())))
    corners = np.array(boxes)
    low, high = corners[:, :2].min(0), corners[:, 2:].max(0)
    inside = (corners - np.tile(low, 2)) / np.tile(np.maximum(high - low, 1e-9), 2)
    count = Counter(words)
    often = np.array([min(MOST_OFTEN, count[word]) for word in words])
    amounts = np.array([amount(word) for word in words])
    sizes = np.round(FULL * amounts / max(1e-9, float(amounts.max())))
    facts = np.concatenate([np.round(FULL * inside), np.array(flags), often[:, None], sizes[:, None]], 1).astype(
        np.int32
    )
    return words, facts, np.clip(corners / [width, height, width, height], 0, 1).astype(np.float32)


def amount(word: str) -> float:
    """What an amount comes to; 0 of what is none."""
    found = AMOUNT.search(word)
    return float(found.group().replace(",", "")) if found else 0.0


def in_order(lines: Sequence[Line]) -> list[Line]:
    """Row by row from the top, each from the left: lines whose middles are less than half a line apart stand in one
    row."""
    near = 0.5 * float(np.median([box[3] - box[1] for _, box in lines]))
    rows: list[list[Line]] = []
    middle = -np.inf
    for line in sorted(lines, key=lambda one: one[1][1] + one[1][3]):
        centre = (line[1][1] + line[1][3]) / 2
        if not rows or centre - middle > near:
            rows.append([])
            middle = centre
        rows[-1].append(line)
    return [line for row in rows for line in sorted(row, key=lambda one: one[1][0])]


def read_out(words: Sequence[str], spaces: Sequence[int]) -> str:
    """Words as they stood: with a space where one was."""
    return "".join(f"{' ' if space else ''}{word}" for word, space in zip(words, spaces, strict=True)).strip()
