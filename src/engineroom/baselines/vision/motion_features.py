"""Videos: where the light is and how it moves (edges of the mean frame, of the changes and of their drift), then a
linear model or trees."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.schema import Column, Schema
from .._estimator import Baseline, FittedBaseline, pick, several, split_labels, with_care
from ._hog import hog, thumbnails

CHUNK = 64
PARTS = 3  # of the time


class Video(Baseline):
    max_rows = 5_000

    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] == ["video"] else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        y, constant = split_labels(y, kind)
        fitted = FittedBaseline("motion_features", "", kind, classes, schema, {"constant": constant}, {})
        linear = Ridge(300.0) if kind == "number" else LogisticRegression(C=0.01, max_iter=200)
        trees = ExtraTreesRegressor if kind == "number" else ExtraTreesClassifier
        tries = [
            ("extra trees", several(trees(200, n_jobs=2, random_state=seed), kind)),
            ("a linear model", several(make_pipeline(StandardScaler(), linear), kind)),
        ]
        x, asked = self.features(frame, fitted), self.features(val[0], fitted)
        name, fitted.parts["estimator"] = pick(tries, x, y, (asked, val[1]), kind)
        fitted.words = f"frame differences + HOG → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return video_features(frame, fitted.schema.inputs[0])


def video_features(frame: pl.DataFrame, column: Column) -> np.ndarray:
    """(N, F) float32; an unreadable video is black."""
    modality = registry.get("modalities", "video")
    parts = [
        describe(modality.encode(frame[column.name].slice(start, CHUNK), column.state, {}))
        for start in range(0, frame.height, CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


def describe(clips: np.ndarray) -> np.ndarray:
    """(N, T, C, H, W) uint8 → (N, F): the mean frame, how much changes where and when, and how the middle of the
    changes wanders."""
    grey = clips.astype(np.float32).mean(2)
    change = np.abs(np.diff(grey, axis=1)) if grey.shape[1] > 1 else np.zeros_like(grey)
    out = [hog(grey.mean(1)[:, None]), thumbnails(grey.mean(1)[:, None])]
    for piece in np.array_split(change, min(PARTS, change.shape[1]), axis=1):
        out += [hog(piece.mean(1)[:, None]), thumbnails(piece.mean(1)[:, None])]
    weight = change.sum((2, 3)) + 1e-6
    rows, columns = np.arange(change.shape[2]), np.arange(change.shape[3])
    # (N, T - 1, 2)
    middle = np.stack([(change.sum(3) * rows).sum(2) / weight, (change.sum(2) * columns).sum(2) / weight], 2)
    drift = np.diff(middle, axis=1) if middle.shape[1] > 1 else np.zeros_like(middle)
    out += [
        weight / change[0, 0].size,
        middle.reshape(len(clips), -1),
        drift.mean(1),
        drift.std(1),
        np.abs(drift).mean(1),
    ]
    return np.concatenate(out, 1).astype(np.float32)


BASELINE = Video()
