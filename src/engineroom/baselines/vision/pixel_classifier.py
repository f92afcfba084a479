"""Class maps the classical way: what a pixel's surroundings look like at several scales, then boosted trees, pixel by
pixel.

Smoothed colours, edges and the curvature of the light (eigenvalues of the Hessian), as in ilastik (Berg et al. 2019)
and the trainable Weka segmentation (Arganda-Carreras et al. 2017); the place in the picture; the trees are
scikit-learn's.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.batch import Predictions
from ...core.schema import Column, Schema
from .._estimator import Baseline, FittedBaseline, with_care

SAMPLE = 120_000  # pixels learnt from, alike many of every class, weighed back to their true shares
SCALES = (1.0, 2.0, 4.0, 8.0)  # pixels
ROUNDS = {2: 100}  # of boosting; with more classes 60, for each round grows a tree a class
CHUNK = 8  # pictures in memory at a time


class Pixels(Baseline):
    output_types = ("masks",)
    max_rows = 400  # pictures learnt from, evenly taken

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N, H, W) uint8 class numbers, those from `classes` on unknown."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        fitted = FittedBaseline(
            "pixel_classifier",
            "boosted trees over colours, edges and curvature around each pixel",
            kind,
            classes,
            schema,
            {},
            {},
        )
        column = picture(schema)
        picked = sample(y, classes, np.random.default_rng(seed))
        x, said = [], []
        for start in range(0, frame.height, CHUNK):
            chosen = picked[start : start + CHUNK]
            if any(len(one) for one in chosen):
                for one, places, truth in zip(
                    pictures(frame[start : start + CHUNK], column), chosen, y[start : start + CHUNK], strict=True
                ):
                    x.append(surroundings(one).reshape(-1, width(column))[places])
                    said.append(truth.ravel()[places])
        labels = np.concatenate(said)
        true, had = np.bincount(y.ravel(), minlength=256)[:classes], np.bincount(labels, minlength=classes)
        weight = (true / np.maximum(had, 1))[labels]
        estimator = HistGradientBoostingClassifier(
            max_iter=ROUNDS.get(classes, 60), early_stopping=False, random_state=seed
        )
        fitted.parts["estimator"] = estimator.fit(np.concatenate(x), labels, sample_weight=weight / weight.mean())
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        column, estimator = picture(fitted.schema), fitted.parts["estimator"]
        H, W = column.state["height"], column.state["width"]
        masks, chances = (
            np.zeros((frame.height, H, W), np.uint8),
            np.zeros((frame.height if fitted.classes == 2 else 0, H, W), np.float32),
        )
        known = np.asarray(estimator.classes_, np.uint8)
        for start in range(0, frame.height, CHUNK):
            for row, one in enumerate(pictures(frame[start : start + CHUNK], column), start):
                p = estimator.predict_proba(surroundings(one).reshape(H * W, -1))
                masks[row] = known[p.argmax(1)].reshape(H, W)
                if fitted.classes == 2:
                    chances[row] = p[:, list(known).index(1)].reshape(H, W) if 1 in known else 0.0
        return {"mask": masks} | ({"probability": chances} if fitted.classes == 2 else {})


def picture(schema: Schema) -> Column:
    return next(c for c in schema.inputs if registry.get("modalities", c.modality).signal_type == "picture")


def pictures(frame: pl.DataFrame, column: Column) -> np.ndarray:
    """(N, C, H, W) uint8; an unreadable picture is black."""
    return registry.get("modalities", column.modality).encode(frame[column.name], column.state, {})


def width(column: Column) -> int:
    return len(SCALES) * (column.state["channels"] + 3) + 2


def surroundings(pixels: np.ndarray) -> np.ndarray:
    """(C, H, W) uint8 → (H, W, F) float32: per scale the smoothed colours, the edge and two curvatures of the light;
    then the place."""
    from scipy.ndimage import gaussian_filter

    _C, H, W = pixels.shape
    x = pixels.astype(np.float32) / 255
    parts: list[np.ndarray] = []
    for scale in SCALES:
        smooth = np.stack([gaussian_filter(one, scale, truncate=3.0) for one in x])
        parts += list(smooth)
        dy, dx = np.gradient(smooth.mean(0))
        (yy, xy), (_, xx) = np.gradient(dy), np.gradient(dx)
        middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, xy)
        parts += [scale * np.hypot(dx, dy), scale**2 * (middle + apart), scale**2 * (middle - apart)]
    row, line = np.meshgrid(
        np.linspace(0, 1, H, dtype=np.float32), np.linspace(0, 1, W, dtype=np.float32), indexing="ij"
    )
    return np.stack([*parts, row, line], -1).astype(np.float32)


def sample(y: np.ndarray, classes: int, rng: np.random.Generator) -> list[np.ndarray]:
    """For each of (N, H, W) masks the places (flat) to learn from: SAMPLE in all, spread evenly over the classes and
    then over the masks."""
    share = SAMPLE // classes
    counts = np.stack([np.bincount(one.ravel(), minlength=256)[:classes] for one in y])  # (N, C)
    quota = np.ceil(counts * np.minimum(1.0, share / np.maximum(counts.sum(0), 1))).astype(int)
    chosen = []
    for one, wanted in zip(y, quota, strict=True):
        flat = one.ravel()
        found = [rng.choice(np.flatnonzero(flat == k), n, replace=False) for k, n in enumerate(wanted.tolist()) if n]
        chosen.append(np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64))
    return chosen


BASELINE = Pixels()
