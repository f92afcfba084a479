"""Dummy vocoder: every band as loud as its frames say, its phase drawn by chance."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline
from .griffin_lim import made


class RandomPhases(Baseline):
    kinds = ("waves",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("random_phase", "phases drawn by chance", kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        return {"wave": made(frame, fitted.schema, 0)}


BASELINE = RandomPhases()
