"""Dummy generator of table rows: every column sampled independently from the training rows, so no dependence between columns."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...modalities.tabular.row import remembered, spans
from .._estimator import Baseline, FittedBaseline


class Shuffled(Baseline):
    kinds = ("rows",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("independent_columns", "every column by itself", kind, 0, schema, {"seed": seed}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        state = fitted.schema.target.state
        rng, known = np.random.default_rng(fitted.facts["seed"]), remembered(state)
        return np.concatenate([known[rng.integers(0, len(known), frame.height)][:, span] for span in spans(state["columns"])], 1)


BASELINE = Shuffled()
