"""Likeness without learning what it is: features, decorrelated by PCA. On pixels these are eigenfaces (Turk & Pentland
1991)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core import registry
from ..core.schema import Schema
from ..metrics.metric_learning import places, scores
from ._estimator import Baseline, FittedBaseline, with_care
from .multimodal import BASELINE as MIXED
from .vision._hog import picture_features

DIMENSIONS = 64
SIDE = 32  # places a picture is averaged to, along each side
WORDS = {
    "pixels": "eigenfaces: principal components of the pixels",
    "edges": "principal components of edges and colours (HOG)",
    "columns": "principal components of every column's features",
}


class Neighbours(Baseline):
    output_types = ("identity",)
    max_rows = 5_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import PCA
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        found = []
        for name in ("pixels", "edges") if [c.modality for c in schema.inputs] == ["image"] else ("columns",):
            fitted = FittedBaseline(
                "pca_neighbours", WORDS[name], kind, classes, schema, {"features": name, "seed": seed}, {}
            )
            if name == "columns":
                MIXED.shorten(frame, fitted)
            x = self.features(frame, fitted)
            size = max(1, min(DIMENSIONS, x.shape[1], len(x) - 1))
            scale = [] if name == "pixels" else [StandardScaler()]
            fitted.parts["estimator"] = make_pipeline(
                *scale, PCA(size, whiten=True, svd_solver="randomized", random_state=seed)
            ).fit(x)
            said = self.predict(val[0], fitted)["embedding"]
            found.append((scores(said, val[1], np.arange(len(said)), places(said, val[1]))["eer"], fitted))
        return min(found, key=lambda pair: pair[0])[1]

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        if fitted.facts["features"] == "columns":
            return np.nan_to_num(MIXED.features(frame, fitted))
        column = fitted.schema.inputs[0]
        pictures = registry.get("modalities", "image").encode(frame[column.name], column.state, {})
        if fitted.facts["features"] == "edges":
            return picture_features(pictures)
        rows, columns = [np.array_split(np.arange(side), min(SIDE, side)) for side in pictures.shape[2:]]
        grey = pictures.mean(1, dtype=np.float32)
        return (
            np.stack([grey[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean((1, 2)) for r in rows for c in columns], 1) / 255
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        x = fitted.parts["estimator"].transform(self.features(frame, fitted))
        return {"embedding": (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)).astype(np.float32)}


BASELINE = Neighbours()
