"""Series, the classical forecast: repeat the last season, ridge regression on the history, Theta or exponential
smoothing. The validation chooses.

Theta (Assimakopoulos & Nikolopoulos 2000) and exponential smoothing (Holt 1957, Winters 1960) are fitted to every
single history, by statsmodels; where that would take longer than `MOST_FITS` fits they stand back, and the words say
so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.errors import UserError, install_hint
from ...core.sampling import evenly
from ...core.schema import Schema
from ...heads.quantile_path import LEVELS
from ...metrics.residual_quantiles import residual_quantiles
from .._estimator import Baseline, FittedBaseline, with_care
from ._smoothing import ets, has_statsmodels, last_season, theta

METHODS = ("naive", "ridge", "theta", "ets")
WORDS = {
    "naive": "repeats the last season",
    "ridge": "ridge regression on the history",
    "theta": "Theta method",
    "ets": "exponential smoothing (ETS)",
}
SHORT = {"naive": "the last season", "ridge": "ridge regression", "theta": "Theta", "ets": "ETS"}
LOCAL = {"theta": theta, "ets": ets}  # methods that are fitted to each history
MOST_FITS = {"theta": 4_000, "ets": 300}  # histories; a fit takes about 10 and 150 ms
TRIED = 60  # validation windows on which all methods are compared
ALPHAS = (10.0, 300.0, 10_000.0)  # penalties
FLOOR = 0.01  # least deviation of a history, as for the network


class Forecast(Baseline):
    output_types = ("path",)
    max_rows = 30_000  # rows learnt from, evenly taken

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val: Any, seed: int
    ) -> FittedBaseline:
        state = schema.target.state
        asked = str(state.get("classical", "auto"))
        fitted = FittedBaseline(
            "statistical_forecast",
            "",
            kind,
            classes,
            schema,
            {"season": int(state.get("season", 1)), "method": asked},
            {},
        )
        frame_val, truth = val if len(val[1]) else (frame, y)
        rows = evenly(len(truth), TRIED)
        methods, spared = allowed(asked, int(state.get("asked", len(truth))))
        if "ridge" in methods:
            fitted.parts["estimator"] = ridge(frame, y[:, :classes], frame_val, truth[:, :classes], ahead(schema))
        errors = {}
        for method in methods:
            fitted.facts["method"] = method
            said = self.centre(frame_val[rows], fitted)
            errors[method] = float(np.nanmean((truth[rows, :classes] - said) ** 2))
        best = min(errors, key=lambda name: errors[name])
        fitted.facts["method"] = best
        if best != "ridge":
            fitted.parts.clear()
        wide = rows if best in LOCAL else evenly(len(truth), 4_000)
        missed = truth[wide, :classes] - self.centre(frame_val[wide], fitted)
        fitted.facts["spread"] = residual_quantiles(missed / scale(frame_val[wide]), LEVELS).tolist()
        others = ", ".join(SHORT[name] for name in methods if name != best)
        fitted.words = WORDS[best] + (f" (better on validation than {others}{spared})" if others else "")
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        spread = np.array(fitted.facts["spread"], np.float32)
        if spread.shape != (fitted.classes, len(LEVELS)):
            raise ValueError("its spread is of another horizon")
        centre = self.centre(frame, fitted).astype(np.float32)
        return {"mean": centre, "quantiles": centre[..., None] + spread * scale(frame)[..., None]}

    def centre(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(N, H) point forecasts in deviations of the channel."""
        x, steps, season = histories(frame), fitted.classes, fitted.facts["season"]
        method = fitted.facts["method"]
        if method == "ridge":
            said = (
                np.asarray(fitted.parts["estimator"].predict(normalised(frame, ahead(fitted.schema)))).reshape(
                    len(x), -1
                )
                if len(x)
                else np.zeros((0, steps))
            )
            return said * scale(frame) + x.mean(1, keepdims=True)
        if method in LOCAL:
            return np.array([LOCAL[method](row, season, steps) for row in x]).reshape(len(x), steps)
        return last_season(x, season, steps)


def allowed(asked: str, rows: int) -> tuple[list[str], str]:
    """(methods to try, words about those that were not)."""
    if asked != "auto":
        if asked in LOCAL and not has_statsmodels():
            raise UserError(f"{WORDS[asked]} needs statsmodels.", "It is not installed.", install_hint("series"))
        return [asked], ""
    if not has_statsmodels():
        return ["naive", "ridge"], f"; Theta and ETS were not tried ({install_hint('series')})"
    tried = [name for name in METHODS if rows <= MOST_FITS.get(name, rows)]
    left = [SHORT[name] for name in METHODS if name not in tried]
    return tried, f"; {' and '.join(left)} stood back: a fit for each of {rows:,} windows" if left else ""


def ahead(schema: Schema) -> dict[str, Any]:
    """Mean and deviation of what is known beforehand, as fitted; {} where nothing is."""
    return next((dict(column.state) for column in schema.inputs if column.modality == "future_covariates"), {})


def ridge(
    frame: pl.DataFrame, y: np.ndarray, frame_val: pl.DataFrame, truth: np.ndarray, known: dict[str, list[float]]
) -> Any:
    """One linear map for all series from a normalised history, and what is known beforehand, to the normalised steps
    ahead; the validation chooses the penalty."""
    from sklearn.linear_model import Ridge

    whole = np.isfinite(y).all(1)
    if whole.mean() > 0.5:  # windows with gaps ahead are left out where there are others enough
        frame, y = frame.filter(whole), y[whole]
    x, weights = normalised(frame, known), (scale(frame) ** 2).ravel()
    y = np.nan_to_num((y - histories(frame).mean(1, keepdims=True)) / scale(frame))
    asked, level, deviation = (
        normalised(frame_val, known),
        histories(frame_val).mean(1, keepdims=True),
        scale(frame_val),
    )
    best, least = None, np.inf
    for alpha in ALPHAS:
        estimator = Ridge(alpha, solver="cholesky").fit(x, y, sample_weight=weights / weights.mean())
        said = np.asarray(estimator.predict(asked)).reshape(len(asked), -1) * deviation + level
        error = float(np.nanmean((truth - said) ** 2))
        if error < least or best is None:
            best, least = estimator, error
    return best


def normalised(frame: pl.DataFrame, known: dict[str, list[float]]) -> np.ndarray:
    """(N, T + H · F) each history by its own mean and deviation, then what is known of the steps ahead,
    standardised."""
    x = histories(frame)
    x = (x - x.mean(1, keepdims=True)) / scale(frame)
    if not known:
        return x
    coming = (frame["ahead"].to_numpy().reshape(len(x), -1) - np.array(known["mean"])) / np.array(known["std"])
    return np.concatenate([x, np.clip(np.nan_to_num(coming), -10, 10)], 1)


def histories(frame: pl.DataFrame) -> np.ndarray:
    """(N, T) float64."""
    return frame["history"].to_numpy().reshape(frame.height, -1).astype(np.float64)


def scale(frame: pl.DataFrame) -> np.ndarray:
    """(N, 1) the deviation of each history."""
    return np.maximum(histories(frame).std(1, keepdims=True), FLOOR).astype(np.float32)


BASELINE = Forecast()
