"""The trivial detector: nothing, anywhere."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.batch import Answers
from ...core.schema import Schema
from .._estimator import Fitted, Rival


class Nothing(Rival):
    kinds = ("boxes",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        return Fitted("no_boxes", "never a box", kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: Fitted) -> Answers:
        out = np.empty(frame.height, object)
        out[:] = [np.zeros((0, 6)) for _ in range(frame.height)]
        return {"boxes": out}


BASELINE = Nothing()
