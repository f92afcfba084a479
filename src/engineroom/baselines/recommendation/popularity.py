"""Dummy recommendation: what most people meet, without what one has met already."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...metrics.ranking import best
from ...modalities.recommendation.interaction_history import to_events
from .._estimator import Baseline, FittedBaseline
from .ease import CHUNK, LISTED, first, numbered


class Popular(Baseline):
    kinds = ("next",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("popularity", "what most people meet", kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        state = fitted.schema.target.state
        counts = np.array(state["counts"], np.float32)
        seen = numbered(to_events(frame["history"]), state["items"])
        chunks = [seen[a : a + CHUNK] for a in range(0, len(seen), CHUNK)]
        parts = [best(np.tile(counts, (len(part), 1)), part, LISTED, begin=first(state)) for part in chunks]
        if not parts:
            return {"items": np.zeros((0, LISTED), np.int64), "score": np.zeros((0, LISTED), np.float32)}
        return {"items": np.concatenate([lists for lists, _ in parts]), "score": np.concatenate([scores for _, scores in parts])}


BASELINE = Popular()
