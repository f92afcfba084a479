"""The trivial transcriber: always the commonest unit of the training transcripts, once."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.batch import Answers
from ...core.schema import Schema
from .._estimator import Fitted, Rival


class UsualWords(Rival):
    kinds = ("transcripts",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        counts = np.bincount(np.concatenate([*y, np.zeros(1, int)]).astype(int), minlength=classes)[1:classes]
        return Fitted("majority_token", "always the commonest", kind, classes, schema, {"code": int(counts.argmax()) + 1}, {})

    def answer(self, frame: pl.DataFrame, fitted: Fitted) -> Answers:
        out = np.empty(frame.height, object)
        for row in range(frame.height):
            out[row] = np.array([fitted.facts["code"]], np.int32)
        return {"codes": out}


BASELINE = UsualWords()
