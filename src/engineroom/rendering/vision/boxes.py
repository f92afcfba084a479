"""Boxes to look at and to keep: over their picture, as COCO's JSON, and what a report says of their classes."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.batch import Predictions, RowResults
from ...core.files import write_atomic
from ...core.panels import Panel
from ...core.schema import Schema
from ...metrics import detection as metrics
from ...modalities.vision._boxes import read_boxes
from ...modalities.vision._masks import mask_size
from ...modalities.vision.image import cells
from .thumbnails import abreast, cell, colour, data_uri, picture_column, shown_picture

PIXELS = 1 << 30  # what was answered was small enough to be read


def given(answers: Predictions) -> list[np.ndarray]:
    """The boxes whose score reaches the threshold."""
    return [boxes[boxes[:, 4] >= t] for boxes, t in zip(answers["boxes"], answers["threshold"], strict=True)]


def sizes(frame: pl.DataFrame) -> list[tuple[int, int]]:
    """(height, width) in pixels of every row's picture; the one column of pictures is found by its cells."""
    from ...core import registry

    image = registry.get("modalities", "image")
    name = max(frame.columns, key=lambda one: image.detect(frame[one]))
    return [mask_size(one, pixels=PIXELS) for one in cells(frame[name])]


def save_coco(answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path, names: Sequence[str]) -> None:
    """images, categories and annotations with a score; bbox is x, y, width, height in pixels of the picture. All
    answers, weak ones too.

    Pictures and categories keep the numbers and names of the COCO file that was read, so that pycocotools' loadRes fits
    it."""
    column = picture_column(schema)
    known = (
        [facts_of(cell) for cell in frame[schema.target.name]]
        if schema.target.name in frame.columns
        else [{}] * frame.height
    )
    values = frame[column.name]
    files = (
        below_common(values.to_list()) if values.dtype == pl.String else [f"{row:05d}" for row in range(frame.height)]
    )
    ids = [facts.get("id") for facts in known]
    ids = (
        ids
        if all(one is not None for one in ids) and len(set(map(str, ids))) == len(ids)
        else list(range(1, frame.height + 1))
    )
    numbers = category_numbers(names, schema.target.state.get("categories", {}))
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for key, facts, file, one, boxes in zip(ids, known, files, cells(values), answers["boxes"], strict=True):
        height, width = mask_size(one, pixels=PIXELS)
        images.append({"id": key, "file_name": facts.get("file_name", file), "width": width, "height": height})
        for x1, y1, x2, y2, score, k in boxes.tolist():
            box = [
                round(x1 * width, 2),
                round(y1 * height, 2),
                round((x2 - x1) * width, 2),
                round((y2 - y1) * height, 2),
            ]
            entry = {"id": len(annotations) + 1, "image_id": key, "category_id": numbers[int(k)], "bbox": box}
            annotations.append({**entry, "area": round(box[2] * box[3], 2), "iscrowd": 0, "score": round(score, 5)})
    categories = [{"id": number, "name": name} for number, name in zip(numbers, names, strict=True)]
    write_atomic(
        path, json.dumps({"images": images, "categories": categories, "annotations": annotations}, ensure_ascii=False)
    )


def facts_of(cell: Any) -> dict[str, Any]:
    """What a cell of boxes says of its picture: the number and the name that its source has for it."""
    try:
        facts = json.loads(cell) if isinstance(cell, str) else cell
    except json.JSONDecodeError:
        return {}
    return {key: facts[key] for key in ("id", "file_name") if key in facts} if isinstance(facts, dict) else {}


def below_common(paths: Sequence[str]) -> list[str]:
    """Paths below the folder that all have in common."""
    shared = Path(os.path.commonpath([Path(one).parent for one in paths])) if paths else Path()
    return [Path(one).relative_to(shared).as_posix() for one in paths]


def category_numbers(names: Sequence[str], known: Mapping[str, int]) -> list[int]:
    """The numbers of the classes as the source counts them; a class it does not know gets the next free one."""
    if not known:
        return list(range(1, len(names) + 1))
    free = iter(range(max(known.values()) + 1, max(known.values()) + 1 + len(names)))
    return [known[name] if name in known else next(free) for name in names]


def drawn(frame: pl.DataFrame, row: int, schema: Schema, boxes: np.ndarray, names: Sequence[str]) -> str:
    """The picture with the answer's boxes and their scores; true boxes are dashed."""
    picture = shown_picture(frame, row, schema)
    H, W = picture.shape[:2]
    shapes = []
    target = schema.target
    there: set[int] = set()
    if target.name in frame.columns and frame[target.name][row] is not None:
        try:
            true, corners, _ = read_boxes(cell(frame, row, target.name))
        except ValueError:
            true, corners = [], np.zeros((0, 4))
        for name, box in zip(true, corners, strict=True):
            tone = colour(names.index(name)) if name in names else "#ffffff"
            shapes.append(
                outline(box, H, W, "#ffffff", dashed=False, width=2.6)
                + outline(box, H, W, tone, dashed=True, width=1.6)
            )
            there |= {names.index(name)} if name in names else set()
    for *box, score, k in boxes.tolist():
        there.add(int(k))
        shapes.append(
            outline(np.array(box), H, W, colour(int(k)), dashed=False, width=2.0)
            + label(box, H, W, f"{score:.0%}", colour(int(k)))
        )
    words = html.escape(f"{len(boxes)} boxes found")
    body = (
        f'<svg viewBox="0 0 {W} {H}" role="img" aria-label="{words}" style="width:100%;height:auto">'
        f'<image width="{W}" height="{H}" href="{data_uri(picture)}"/>{"".join(shapes)}</svg>'
    )
    return abreast([("answer (full lines) and truth (dashed)", body)], [(names[k], colour(k)) for k in sorted(there)])


def outline(box: np.ndarray, H: int, W: int, tone: str, *, dashed: bool, width: float) -> str:
    x1, y1, x2, y2 = (float(v) for v in box * [W, H, W, H])
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<rect x="{x1:.1f}" y="{y1:.1f}" width="{x2 - x1:.1f}" height="{y2 - y1:.1f}" fill="none" stroke="{tone}" '
        f'stroke-width="{width}"{dash}/>'
    )


def label(box: list[float], H: int, W: int, words: str, tone: str) -> str:
    """A score in the upper left corner of a box."""
    x, y = box[0] * W, box[1] * H
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{6.2 * len(words):.0f}" height="11" fill="{tone}"/>'
        f'<text x="{x + 1.5:.1f}" y="{y + 8.8:.1f}" font-size="9" font-family="sans-serif" fill="#000">{words}</text>'
    )


def exhibits(records: RowResults, baseline: RowResults, names: list[str]) -> list[Panel]:
    """Average precision per class of both, precision against recall, and what the chosen threshold means for each
    class."""
    totals = records["truth"].sum(0)
    names = [*names, *["(not in training)"] * (len(totals) - len(names))]
    ours, theirs = (metrics.average_precision(list(one["matched"]), one["truth"].sum(0)) for one in (records, baseline))
    series = [
        {"name": name, "values": [round(float(v), 4) for v in np.nan_to_num(found[:, 0])]}
        for name, found in (("deep", ours), ("classical", theirs))
    ]
    lines = []
    for k in np.argsort(-totals, kind="stable")[:6]:
        for name, one in (("deep", records), ("classical", baseline)):
            every = np.concatenate([*one["matched"], np.zeros((0, 12))])
            precision = metrics.curves(every[every[:, 1] == k], int(totals[k]))[0][0]
            line = {
                "name": f"{names[k]}, {name}",
                "x": metrics.RECALLS[::2].tolist(),
                "y": precision[::2].round(4).tolist(),
            }
            lines.append(line | ({"dashed": True} if name == "classical" else {}))
    return [
        Panel(
            "bars",
            "Average precision by class",
            {"labels": names, "series": series, "y": "AP at IoU 0.5"},
            "An answer is right if it overlaps a true box of its class by half.",
        ),
        Panel(
            "lines",
            "Precision–recall curve",
            {"x": "recall", "y": "precision", "series": lines},
            "At IoU 0.5, for every threshold of the score.",
        ),
        Panel(
            "table",
            "Scores by class",
            class_table(records, names, ours, theirs),
            "Precision and recall are those of the boxes that are given, from the threshold on.",
        ),
    ]


def class_table(records: RowResults, names: list[str], ours: np.ndarray, theirs: np.ndarray) -> dict:
    kept = [one[one[:, 0] >= t] for one, t in zip(records["matched"], records["threshold"], strict=True)]
    every, totals = np.concatenate([*kept, np.zeros((0, 12))]), records["truth"].sum(0)
    rows = []
    for k, name in enumerate(names):
        own = every[every[:, 1] == k]
        values = [None if np.isnan(v) else round(float(v), 3) for v in (ours[k, 0], ours[k].mean(), theirs[k, 0])]
        rows.append(
            [
                name,
                int(totals[k]),
                *values,
                round(own[:, 2].sum() / max(1, len(own)), 3),
                round(own[:, 2].sum() / max(1, totals[k]), 3),
            ]
        )
    return {
        "columns": ["class", "true boxes", "AP 50", "AP 50–95", "AP 50 classical", "precision", "recall"],
        "rows": rows,
        "best": None,
    }
