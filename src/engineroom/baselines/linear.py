"""Vectors: a linear model on all their numbers, how tightly it is held chosen on validation rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core import registry
from ..core.schema import Schema
from ._estimator import Baseline, FittedBaseline, linear_tries, pick, split_labels, with_care
from ._scalar_features import SCALAR, scalar_features


class Vector(Baseline):
    max_rows = 50_000

    def fits(self, schema: Schema) -> float:
        kinds = {c.modality for c in schema.inputs}
        return 1.0 if "vector" in kinds and kinds <= {"vector", *SCALAR} else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        y, constant = split_labels(y, kind)
        fitted = FittedBaseline("linear", "", kind, classes, schema, {"constant": constant}, {})
        tries = linear_tries(kind, alphas=(1.0, 30.0, 1000.0), strengths=(0.01, 0.1, 1.0), rounds=300)
        name, fitted.parts["estimator"] = pick(
            tries, self.features(frame, fitted), y, (self.features(val[0], fitted), val[1]), kind
        )
        fitted.words = f"the numbers as they are → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        vectors = [
            registry.get("modalities", "vector").encode(frame[c.name], c.state, {})
            for c in fitted.schema.inputs
            if c.modality == "vector"
        ]
        return np.concatenate([np.nan_to_num(scalar_features(frame, fitted.schema)[0]), *vectors], 1)


BASELINE = Vector()
