"""Dummy speaker: the mean of all frames, for as long as so many letters usually take."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline


class MeanFrames(Baseline):
    kinds = ("speeches",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        """y (N,) of (T, M) frames."""
        letters = lengths(frame, schema)
        facts = {"pace": float(sum(map(len, y)) / max(1, letters.sum())), "mean": np.mean(np.concatenate(list(y)), 0).round(4).tolist()}
        return FittedBaseline("mean_mel", "the mean sound, for as long as usual", kind, classes, schema, facts, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        counts = lengths(frame, fitted.schema)
        mean = np.array(fitted.facts["mean"], np.float32)
        return {
            "mel": objects([np.tile(mean, (max(1, round(count * fitted.facts["pace"])), 1)) for count in counts]),
            "lasting": objects([np.full(count, fitted.facts["pace"]) for count in counts]),
        }


def lengths(frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N,) letters of every sentence."""
    return np.array([len(text or "") for text in frame[schema.inputs[0].name].cast(pl.String).to_list()], int)


BASELINE = MeanFrames()
