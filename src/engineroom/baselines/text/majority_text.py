"""Dummy answer in words: the text that was written most often, whatever was read."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline


class SameText(Baseline):
    kinds = ("wording",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        counts = frame[schema.target.name].cast(pl.String).drop_nulls().value_counts().sort(["count", schema.target.name], descending=[True, False])
        return FittedBaseline("majority_text", "always the text met most often", kind, classes, schema, {"text": str(counts[0, 0]) if len(counts) else ""}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        said = objects([str(fitted.facts["text"])] * frame.height)
        return {"text": said, "source": objects(frame[fitted.schema.inputs[0].name].cast(pl.String).fill_null("").to_list())}


BASELINE = SameText()
