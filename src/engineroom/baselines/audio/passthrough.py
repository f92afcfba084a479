"""Dummy cleaner: the recording as it came."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline


class AsHeard(Baseline):
    kinds = ("sounds",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("passthrough", "the recording as it came", kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        return {"wave": each_sound(lambda wave, rate: wave, frame, fitted.schema)}


def each_sound(work, frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N,) of what `work` makes of every sound (T,) float32 that is asked about, at its rate."""
    column = next(c for c in schema.inputs if c.modality == "noisy_speech")
    rows = registry.get("modalities", "noisy_speech").encode(frame[column.name], column.state, {}).rows()
    return objects([work(one.astype(np.float32) / 32768, column.state["rate"]) for one in rows])


BASELINE = AsHeard()
