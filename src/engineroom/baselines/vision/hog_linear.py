"""Pictures: histograms of gradients and colours, then a linear model or boosted trees, whichever validates better."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.schema import Column, Schema
from .._estimator import Baseline, FittedBaseline, pick, several, split_labels, with_care
from ._hog import picture_features

CHUNK = 1024


class Image(Baseline):
    max_rows = 20_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] == ["image"] else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import ExtraTreesRegressor
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        y, constant = split_labels(y, kind)
        fitted = FittedBaseline("hog_linear", "", kind, classes, schema, {"constant": constant}, {})
        x = self.features(frame, fitted)
        if kind == "number":
            tries = [
                ("ridge", make_pipeline(StandardScaler(), Ridge(alpha=300.0))),
                (
                    "extra trees",
                    ExtraTreesRegressor(100, min_samples_leaf=2, max_features=0.2, n_jobs=2, random_state=seed),
                ),
            ]
        else:
            tries = [
                (
                    f"logistic regression (C={c})",
                    several(make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=60)), kind),
                )
                for c in ((0.0005, 0.01) if kind == "classes" else (0.005,))
            ]
        name, fitted.parts["estimator"] = pick(tries, x, y, (self.features(val[0], fitted), val[1]), kind)
        fitted.words = f"HOG + colour histogram + thumbnail → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return image_features(frame, fitted.schema.inputs[0])


def image_features(frame: pl.DataFrame, column: Column) -> np.ndarray:
    """(N, F) float32; an unreadable picture is black."""
    modality = registry.get("modalities", "image")
    parts = (
        [
            picture_features(modality.encode(frame[column.name].slice(start, CHUNK), column.state, {}))
            for start in range(0, max(1, frame.height), CHUNK)
        ]
        if frame.height
        else []
    )
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


BASELINE = Image()
