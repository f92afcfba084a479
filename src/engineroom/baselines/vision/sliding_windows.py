"""Boxes the classical way: windows of the usual sizes slide over the picture, a linear model looks at the gradients and
colours in each.

Dalal & Triggs 2005, with one round of hard negatives; the usual sizes are the middles of clusters of the training
boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F

from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from ...modalities.vision._boxes import overlaps, suppressed
from .._estimator import Baseline, FittedBaseline, with_care
from ._hog import picture_features
from .pixel_classifier import picture, pictures

SIZES = 3  # of windows a class
STEP = 0.25  # of a window's side, from one window to the next
WINDOWS = 1_500  # a picture at most: larger steps rather than more
PATCH = 16  # pixels a side that the model sees of a window
TRUE, FALSE = 0.5, 0.3  # IoU with a true box: a window of its class from here on, ground up to here
LEARNT = 6_000  # windows of each kind: objects, ground, and ground that looked like objects
HARD = 30  # pictures searched for ground that looks like objects
COVER = 0.3  # IoU from which two answers are one


class Windows(Baseline):
    output_types = ("boxes",)
    max_rows = 200  # pictures learnt from, evenly taken

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) objects: boxes (n, 5) x1 y1 x2 y2 class, in shares of the picture."""
        rng = np.random.default_rng(seed)
        facts: dict[str, Any] = {"windows": usual_sizes(y, seed)}
        count = classes - 4  # the network's other four outputs are sides
        fitted = FittedBaseline(
            "sliding_windows",
            "sliding windows: HOG and colours → logistic regression",
            kind,
            classes,
            schema,
            facts,
            {},
        )
        pixels = pictures(frame, picture(schema))
        grid = sliding(facts["windows"], *pixels.shape[2:])
        share = max(4, LEARNT // max(1, len(y)))
        parts = [chosen(boxes, grid, share, rng) for boxes in y]
        x = np.concatenate([look(one, windows) for one, (windows, _) in zip(pixels, parts, strict=True)])
        labels = np.concatenate([np.where(code < 0, count, code) for _, code in parts])
        fitted.parts["estimator"] = learner().fit(x, labels)
        searched = evenly(len(y), HARD)
        hard = [hardest(pixels[row], y[row], grid, fitted, LEARNT // len(searched)) for row in searched.tolist()]
        x = np.concatenate([x, *hard])
        labels = np.concatenate([labels, np.full(len(x) - len(labels), count)])
        fitted.parts["estimator"] = learner().fit(x, labels)
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        column, out = picture(fitted.schema), np.empty(frame.height, object)
        grid = sliding(fitted.facts["windows"], column.state["height"], column.state["width"])
        for row in range(frame.height):
            out[row] = suppressed(asked(pictures(frame[row : row + 1], column)[0], grid, fitted), most=COVER)
        return {"boxes": out}


def learner() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=60))


def usual_sizes(y: np.ndarray, seed: int) -> list[list[float]]:
    """Widths and heights, in shares of the picture, around which the boxes of each class lie."""
    from sklearn.cluster import KMeans

    every = np.concatenate([*y, np.zeros((0, 5))])
    sizes: list[list[float]] = []
    for k in np.unique(every[:, 4]):
        sides = np.log((every[every[:, 4] == k][:, 2:4] - every[every[:, 4] == k][:, :2]).clip(1e-3))
        number = min(SIZES, len(np.unique(sides, axis=0)))
        sizes += np.exp(KMeans(number, n_init=3, random_state=seed).fit(sides).cluster_centers_).tolist()
    return sizes


def sliding(sizes: list[list[float]], H: int, W: int) -> np.ndarray:
    """(n, 4) windows in shares of a picture of H × W pixels, at most about WINDOWS."""
    coarser = max(1.0, (sum(16 / (w * h) for w, h in sizes) / WINDOWS) ** 0.5)
    windows = []
    for w, h in sizes:
        xs = np.arange(0, max(1e-6, 1 - w) + 1e-9, max(w * STEP * coarser, 1 / W))
        ys = np.arange(0, max(1e-6, 1 - h) + 1e-9, max(h * STEP * coarser, 1 / H))
        x, y = (v.ravel() for v in np.meshgrid(xs, ys))
        windows.append(np.stack([x, y, x + w, y + h], 1))
    return np.concatenate(windows)


def look(pixels: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """(C, H, W) uint8, (n, 4) windows → features of each (n, F) float32."""
    if not len(windows):
        windows, none = np.array([[0, 0, 1, 1.0]]), True
    else:
        none = False
    boxes = torch.from_numpy(windows).float()
    steps = (torch.arange(PATCH) + 0.5) / PATCH
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * steps
    y = boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * steps
    n = len(boxes)
    grid = torch.stack([x[:, None].expand(n, PATCH, PATCH), y[:, :, None].expand(n, PATCH, PATCH)], -1) * 2 - 1
    picture_ = torch.from_numpy(np.ascontiguousarray(pixels)).float()[None]
    seen = F.grid_sample(picture_, grid.reshape(1, n * PATCH, PATCH, 2), align_corners=False, padding_mode="border")
    patches = seen[0].view(len(pixels), n, PATCH, PATCH).transpose(0, 1).round().to(torch.uint8).numpy()
    return picture_features(patches)[: 0 if none else None]


def chosen(boxes: np.ndarray, grid: np.ndarray, share: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(windows to learn from, their classes, −1 = ground): the true boxes, some windows on them, some beside them."""
    if not len(boxes):
        background = grid[rng.choice(len(grid), min(share, len(grid)), replace=False)]
        return background, np.full(len(background), -1)
    ious = overlaps(grid, boxes[:, :4])
    best = ious.max(1)
    on, off = np.flatnonzero(best >= TRUE), np.flatnonzero(best < FALSE)
    on, off = (rng.choice(p, min(share, len(p)), replace=False) for p in (on, off))
    codes = boxes[:, 4].astype(int)
    return np.concatenate([boxes[:, :4], grid[on], grid[off]]), np.concatenate(
        [codes, codes[ious[on].argmax(1)], np.full(len(off), -1)]
    )


def asked(pixels: np.ndarray, grid: np.ndarray, fitted: FittedBaseline) -> np.ndarray:
    """(n, 6) windows with score and class that are likelier an object than most."""
    estimator = fitted.parts["estimator"]
    p = estimator.predict_proba(look(pixels, grid))
    known = np.asarray(estimator.classes_, int)
    objects = known < fitted.classes - 4
    p, known = p[:, objects], known[objects]
    if not len(known):
        return np.zeros((0, 6))
    best = p.argmax(1)
    rows = np.concatenate([grid, p[np.arange(len(p)), best][:, None], known[best][:, None].astype(float)], 1)
    return rows[np.argsort(-rows[:, 4], kind="stable")[:400]]


def hardest(pixels: np.ndarray, boxes: np.ndarray, grid: np.ndarray, fitted: FittedBaseline, share: int) -> np.ndarray:
    """Features of the ground that looked most like objects."""
    rows = asked(pixels, grid, fitted)
    if len(boxes):
        rows = rows[overlaps(rows[:, :4], boxes[:, :4]).max(1) < FALSE]
    rows = rows[rows[:, 4] > 0.3]
    return look(pixels, rows[:share, :4])


BASELINE = Windows()
