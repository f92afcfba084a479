"""Where are the things, and what are they? On generated pictures of shapes."""

from __future__ import annotations

from ._base import Recipe


def shapes():
    """240 noisy pictures of discs, squares and bars, and a box around each: lists of class and corners, in shares of
    the picture."""
    import json

    import numpy as np
    import polars as pl

    rng, (row, column) = np.random.default_rng(0), np.mgrid[:96, :96]
    pictures, cells = [], []
    for _ in range(240):
        light, boxes = rng.uniform(60, 180, 3)[:, None, None] + rng.uniform(-0.6, 0.6, 3)[:, None, None] * row, []
        for x in rng.choice([16, 48, 80], rng.integers(1, 4), replace=False) + rng.uniform(-4, 4):
            kind, y, size = str(rng.choice(["disc", "square", "bar"])), rng.uniform(16, 80), rng.uniform(7, 13)
            half = (size, size * (0.35 if kind == "bar" else 1))
            round_, straight = (
                np.hypot(row - y, column - x) < size,
                (abs(column - x) < half[0]) & (abs(row - y) < half[1]),
            )
            light = np.where(round_ if kind == "disc" else straight, rng.uniform(20, 235, 3)[:, None, None], light)
            corners = zip(("x1", "y1", "x2", "y2"), (x - half[0], y - half[1], x + half[0], y + half[1]), strict=True)
            boxes.append({"class": kind, **{key: round(float(v) / 96, 4) for key, v in corners}})
        pictures.append((light + rng.normal(0, 14, light.shape)).clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
        cells.append(json.dumps(boxes))
    return pl.DataFrame({"image": pl.Series(np.stack(pictures)), "boxes": cells})


RECIPE = Recipe(
    title="Find things in pictures and frame them",
    story="A network says where the middle of each thing is and how far its sides are; beside it, windows slide over "
    "the picture.",
    data="a folder with Pascal VOC XML, COCO JSON or YOLO text files beside the pictures, or a table of pictures and "
    "JSON lists of boxes",
    answers="-o found.json: COCO's JSON; -o out.csv: a JSON list of boxes a picture, and how many of each class",
    target="boxes",
    demo=shapes,
    settings={"task": "object_detection"},
    expect="mAP at an overlap of 0.5: 0.65 in one minute; sliding windows 0.23",
)
