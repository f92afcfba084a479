"""Dummy predictor: class shares, the mean, label rates. What beats it has learnt something."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.schema import Schema
from ._estimator import Baseline, FittedBaseline, split_labels


class Dummy(Baseline):
    def fits(self, schema: Schema) -> float:
        return 0.0

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        from sklearn.dummy import DummyClassifier, DummyRegressor

        y, constant = split_labels(y, kind)
        estimator = DummyRegressor() if kind == "number" else DummyClassifier(strategy="prior")
        words = {"number": "always the mean", "classes": "always the class shares", "labels": "always the label rates"}[kind]
        parts = {"estimator": estimator.fit(np.zeros((len(y), 1)), y)}
        return FittedBaseline("dummy", words, kind, classes, schema, {"constant": constant}, parts)

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return np.zeros((frame.height, 1))


BASELINE = Dummy()
