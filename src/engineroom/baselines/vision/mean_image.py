"""Dummy generator: always the mean of the training pictures."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.sampling import evenly
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline

LOOKED = 2_000


class MeanPicture(Baseline):
    kinds = ("picture",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        kept = frame[evenly(frame.height, LOOKED)]
        mean = registry.get("modalities", schema.target.modality).encode(kept[schema.target.name], schema.target.state, {}).mean(0).round().astype(int)
        return FittedBaseline("mean_image", "always the mean picture", kind, 0, schema, {"mean": mean.ravel().tolist()}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        state = fitted.schema.target.state
        one = np.array(fitted.facts["mean"], np.uint8).reshape(1, state["channels"], state["height"], state["width"])
        return one.repeat(frame.height, 0)


BASELINE = MeanPicture()
