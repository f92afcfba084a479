"""Dummy answer to "what belongs to this": everything alike. Ties count against it."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.schema import Schema
from ..core.seeds import numpy_generator
from ._estimator import Baseline, FittedBaseline


class AllMatch(Baseline):
    kinds = ("matches",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("constant_similarity", "by chance", kind, classes, schema, {"seed": seed}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        drawn = numpy_generator(fitted.facts["seed"], "chance").normal(size=(2, frame.height, 8)).astype(np.float32)
        return {"embedding": drawn[0], "found": drawn[1]}


BASELINE = AllMatch()
