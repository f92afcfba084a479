"""Dummy answer to "what was hidden here?": how each column is spread, its mean and its shares, whatever the rest of the row says."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from ...core.schema import Schema
from ...data.masking import told
from .._estimator import Baseline, FittedBaseline
from .._masked_rows import answered


class Spread(Baseline):
    kinds = ("hidden",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("marginals", "each column's mean or shares", kind, 0, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        parts = told(fitted.schema.target.state["parts"])
        return answered(frame, fitted.schema, parts, lambda question: torch.cat([one.middle(len(question)) for one in parts.values()], 1))


BASELINE = Spread()
