"""Series, the dummy forecast: the last value, the last season, the mean of the history or of the training rows, whichever is best on validation.

Its quantiles are the errors that this made on validation, step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...heads.quantile_path import LEVELS
from ...metrics.residual_quantiles import residual_quantiles
from .._estimator import Baseline, FittedBaseline

WORDS = {
    "last": "repeats the last value",
    "season": "repeats the last season (seasonal naive)",
    "history": "always the mean of the history",
    "mean": "always the mean of the training rows",
}


class LastValue(Baseline):
    kinds = ("path",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val: Any, seed: int) -> FittedBaseline:
        fitted = FittedBaseline("naive_forecast", "", kind, classes, schema, {"season": int(schema.target.state.get("season", 1))}, {})
        judged, truth = val if len(val[1]) else (frame, y)
        errors = {}
        for method in WORDS if fitted.facts["season"] > 1 else [one for one in WORDS if one != "season"]:
            fitted.facts["method"] = method
            errors[method] = truth[:, :classes] - self.centre(judged, fitted)
        best = min(errors, key=lambda one: float(np.nanmean(errors[one] ** 2)) if np.isfinite(errors[one]).any() else np.inf)
        fitted.facts |= {"method": best, "spread": residual_quantiles(errors[best], LEVELS).tolist()}
        fitted.words = WORDS[best]
        return fitted

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        value = self.centre(frame, fitted)
        spread = np.array(fitted.facts["spread"], np.float32)
        if spread.shape != (fitted.classes, len(LEVELS)):
            raise ValueError("its spread is of another horizon")
        return {"mean": value, "quantiles": value[..., None] + spread}

    def centre(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(N, H) point forecasts in deviations of the channel's training rows, whose mean is 0."""
        x, steps, method = histories(frame), fitted.classes, fitted.facts["method"]
        if method == "season":
            season = min(int(fitted.facts["season"]), x.shape[1])
            return np.tile(x[:, -season:], (1, -(-steps // season)))[:, :steps]
        value = {"last": lambda: x[:, -1], "history": lambda: x.mean(1), "mean": lambda: np.zeros(len(x), np.float32)}[method]()
        return np.repeat(value[:, None], steps, 1).astype(np.float32)


def histories(frame: pl.DataFrame) -> np.ndarray:
    """(N, T) the past of each window."""
    return frame["history"].to_numpy().reshape(frame.height, -1).astype(np.float32) if frame.height else np.zeros((0, 1), np.float32)


BASELINE = LastValue()
