"""Series, the trivial forecast: it stays as it is. Its quantiles are the errors that this made in training, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core.columns import Schema
from ..heads.path import LEVELS
from ..metrics.residual import residual_quantiles
from ._store import Fitted, Rival


class LastValue(Rival):
    kinds = ("path",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val: Any, seed: int) -> Fitted:
        fitted = Fitted("last_value", "repeats the last value", kind, classes, schema, {}, {})
        spread, truth = val if len(val[1]) else (frame, y)
        errors = truth[:, :classes] - last(spread)[:, None]
        fitted.facts["spread"] = residual_quantiles(errors, LEVELS).tolist()
        return fitted

    def answer(self, frame: pl.DataFrame, fitted: Fitted) -> dict[str, np.ndarray]:
        value = np.repeat(last(frame)[:, None], fitted.classes, 1)
        spread = np.array(fitted.facts["spread"], np.float32)
        if spread.shape != (fitted.classes, len(LEVELS)):
            raise ValueError("its spread is of another horizon")
        return {"mean": value, "quantiles": value[..., None] + spread}


def last(frame: pl.DataFrame) -> np.ndarray:
    """(N,) the last value of each history."""
    return frame["history"].to_numpy().reshape(frame.height, -1)[:, -1].astype(np.float32) if frame.height else np.zeros(0, np.float32)


BASELINE = LastValue()
