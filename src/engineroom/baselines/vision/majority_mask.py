"""Dummy map: the most common class of the training pixels, everywhere."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline


class Everywhere(Baseline):
    kinds = ("masks",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        counts = np.bincount(y.ravel(), minlength=256)[:classes]
        facts = {"counts": counts.tolist(), "size": list(y.shape[1:])}
        return FittedBaseline("majority_mask", "always the most common class, everywhere", kind, classes, schema, facts, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        counts = np.array(fitted.facts["counts"])
        shape = (frame.height, *fitted.facts["size"])
        answers: Predictions = {"mask": np.full(shape, counts.argmax(), np.uint8)}
        return answers | ({"probability": np.full(shape, counts[1] / max(1, counts.sum()), np.float32)} if fitted.classes == 2 else {})


BASELINE = Everywhere()
