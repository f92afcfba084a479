"""Documents as people look at them: the fields drawn on the page, each in its colour, and beside it what they say."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.batch import RowResults
from ...core.panels import Panel
from ...core.schema import Schema
from ...metrics.token_classification import f1
from ...modalities.vision._image_decoding import decode
from ..vision.thumbnails import colour, data_uri

SIDE = 640  # pixels, the longest side of a page that is shown
BLANK = 400  # units, the height of a page without a scan
PIXELS = 64_000_000
EDGE = 0.03  # of the page, around what is written
MARGIN = 0.004  # of the page, around a word


def picture(frame: pl.DataFrame, row: int, schema: Schema, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """(H, W, 3) uint8 of the scan from corner `low` to `high` (in shares of the page); None where there is none that
    can be read."""
    from PIL import Image as Pillow

    column = next((c for c in schema if c.modality == "image" and c.name in frame.columns), None)
    if column is None or frame[column.name][row] is None:
        return None
    try:
        pixels = decode(frame[column.name][row], pixels=PIXELS, near=(2 * SIDE, 2 * SIDE))
    except (OSError, ValueError, SyntaxError, MemoryError):
        return None
    page = Pillow.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).convert("RGB")
    sides = np.array(page.size)
    page = page.crop(
        tuple(np.round(np.r_[low * sides, np.maximum(high * sides, low * sides + 1)]).astype(int).tolist())
    )
    page.thumbnail((SIDE, SIDE))
    return np.asarray(page)


def file_names(frame: pl.DataFrame, schema: Schema) -> list[str]:
    """The scans' names, "" where there are none."""
    column = next((c for c in schema if c.modality == "image" and c.name in frame.columns), None)
    if column is None or frame[column.name].dtype != pl.String:
        return [""] * frame.height
    return [Path(name).name if name else "" for name in frame[column.name].to_list()]


def drawing(
    frame: pl.DataFrame,
    row: int,
    schema: Schema,
    page: str,
    names: Sequence[str],
    said: Sequence[str],
    places: Sequence[Any],
    true: Sequence[str] | None,
) -> str:
    """The page with a box around every value that was found; below it the values, wrong ones with what is true."""
    cell = frame[page][row]
    boxes = np.array(cell["boxes"], float).reshape(-1, 4)
    # the written part, not the table it lies on
    low, high = (np.clip(boxes[:, :2].min(0) - EDGE, 0, 1), np.clip(boxes[:, 2:].max(0) + EDGE, 0, 1))
    scan = picture(frame, row, schema, low, high)
    boxes = (boxes - np.tile(low, 2)) / np.tile(high - low, 2)
    H, W = scan.shape[:2] if scan is not None else (BLANK, 300)
    under = (
        f'<image width="{W}" height="{H}" href="{data_uri(scan)}"/>'
        if scan is not None
        else written(cell["words"], boxes, H, W)
    )
    marks = [
        outline(boxes[a:b], H, W, colour(k), bool(true is not None and not agree(said[k], true[k])))
        for k, spots in enumerate(places)
        for a, b in spots
    ]
    svg = (
        f'<svg viewBox="0 0 {W} {H}" role="img" aria-label="the page and the fields found on it" '
        f'style="width:100%;max-height:34em">{under}{"".join(marks)}</svg>'
    )
    rows = "".join(
        value_row(name, colour(k), said[k], None if true is None else true[k]) for k, name in enumerate(names)
    )
    return (
        f'<div style="width:100%">{svg}<div style="font-size:.85em;line-height:1.45;text-align:left">{rows}</div></div>'
    )


def agree(a: str, b: str) -> bool:
    return " ".join(a.upper().split()) == " ".join(b.upper().split())


def written(words: Sequence[str], boxes: np.ndarray, H: int, W: int) -> str:
    """A page without its scan: the words where they stand."""
    parts = [f'<rect width="{W}" height="{H}" fill="#fff"/>']
    for word, (x1, y1, x2, y2) in zip(words, boxes, strict=True):
        parts.append(
            f'<text x="{x1 * W:.1f}" y="{y2 * H:.1f}" font-size="{max(3.0, (y2 - y1) * H):.1f}" '
            f'textLength="{(x2 - x1) * W:.1f}" lengthAdjust="spacingAndGlyphs" fill="#333">{html.escape(word)}</text>'
        )
    return "".join(parts)


def outline(boxes: np.ndarray, H: int, W: int, tone: str, wrong: bool) -> str:
    """A box a line of words, filled with a breath of its colour; dashed where the value is wrong."""
    parts = []
    edges = np.flatnonzero(np.r_[True, np.abs(np.diff(boxes[:, 1])) > 1e-6, True])
    for a, b in pairwise(edges):
        x1, y1 = boxes[a:b, :2].min(0) - MARGIN
        x2, y2 = boxes[a:b, 2:].max(0) + MARGIN
        dash = ' stroke-dasharray="5 3"' if wrong else ""
        parts.append(
            f'<rect x="{x1 * W:.1f}" y="{y1 * H:.1f}" width="{(x2 - x1) * W:.1f}" height="{(y2 - y1) * H:.1f}" rx="2" '
            f'fill="{tone}" fill-opacity="0.22" '
            f'stroke="{tone}" stroke-width="1.6"{dash}/>'
        )
    return "".join(parts)


def value_row(name: str, tone: str, said: str, true: str | None) -> str:
    """One field in a line: its colour, its value, and the true one where that is another."""
    wrong = true is not None and not agree(said, true)
    mark = (
        "<span "
        f'style="display:inline-block;width:.75em;height:.75em;border-radius:2px;background:{tone};margin-right:.35em"></span>'
    )
    text = html.escape(said) if said else "<i>nothing</i>"
    tail = (
        f'<br><span style="color:var(--soft);margin-left:1.1em">is: {html.escape(true or "not there")}</span>'
        if wrong
        else ""
    )
    sign = ' <b style="color:var(--bad)">✗</b>' if wrong else ""
    return f'<div style="margin:.15em 0">{mark}<b>{html.escape(name)}</b> {text}{sign}{tail}</div>'


def exhibits(records: RowResults, baseline: RowResults, names: Sequence[str]) -> list[Panel]:
    """F1 field by field of both; what becomes of the values."""
    series, kinds = [], []
    for who, one in (("deep", records), ("classical", baseline)):
        right, found, real = (one[name] for name in ("right", "found", "real"))
        series.append(
            {
                "name": who,
                "values": [
                    round(f1(*map(float, each))[2], 4)
                    for each in zip(right.sum(0), found.sum(0), real.sum(0), strict=True)
                ],
            }
        )
        wrong = (found > 0) & (real > 0) & (right == 0)
        counts = [right.sum(), wrong.sum(), ((found == 0) & (real > 0)).sum(), ((found > 0) & (real == 0)).sum()]
        kinds.append({"name": who, "values": [int(count) for count in counts]})
    rows = []
    for k, name in enumerate(names):
        values = [
            f1(*(float(one[what][:, k].sum()) for what in ("right", "found", "real"))) for one in (records, baseline)
        ]
        rows.append([name, int(records["real"][:, k].sum()), *(round(v, 3) for v in values[0]), round(values[1][2], 3)])
    columns = ["field", "true values", "precision", "recall", "F1", "F1, classical"]
    return [
        Panel(
            "bars",
            "Scores by field",
            {"labels": list(names), "series": series, "y": "F1"},
            "A value is right if it is the same, word for word.",
        ),
        Panel(
            "table",
            "Fields: precision, recall and F1",
            {"columns": columns, "rows": rows, "best": None},
            "Capitals and blanks do not count.",
        ),
        Panel(
            "bars",
            "Errors by value",
            {"labels": ["right", "wrong", "missed", "invented"], "series": kinds, "y": "values"},
            "Invented: the page has no such field.",
        ),
    ]
