"""Tables: gradient-boosted trees (Friedman 2001; histograms as in LightGBM, Ke et al. 2017), scikit-learn's defaults; on few rows, what does best there."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core import registry
from ..core.columns import Schema
from ._small import SMALL, best_of, spread
from ._store import Fitted, Rival, several, split_labels, with_care

SCALAR = ("number", "category", "datetime", "multilabel")
MOST_LEVELS = 254


class Trees(Rival):
    most = 300_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if all(c.modality in SCALAR for c in schema.inputs) else 0.0

    @with_care
    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        y, constant = split_labels(y, kind)
        fitted = Fitted("trees", "gradient-boosted trees", kind, classes, schema, {"constant": constant}, {})
        x, categorical = scalar_features(frame, schema)
        if len(y) <= SMALL and kind != "labels":
            fitted.words, fitted.facts["spread"], estimator = best_of(x, y, categorical=categorical, kind=kind, seed=seed)
            fitted.parts["estimator"] = estimator.fit(self.read(x, fitted), y)
            return fitted
        make = HistGradientBoostingRegressor if kind == "number" else HistGradientBoostingClassifier
        settings: dict = {"categorical_features": categorical} if any(categorical) else {}
        if kind == "classes" and classes > 30:
            settings["max_iter"] = 40  # one tree a class and round
        fitted.parts["estimator"] = several(make(random_state=seed, early_stopping=False, **settings), kind).fit(x, y)
        return fitted

    def features(self, frame: pl.DataFrame, fitted: Fitted) -> np.ndarray:
        return self.read(scalar_features(frame, fitted.schema)[0], fitted)

    def read(self, x: np.ndarray, fitted: Fitted) -> np.ndarray:
        """(N, F) as the estimator reads it: spread out where it is a linear one."""
        how = fitted.facts.get("spread")
        return spread(x, how) if how else x


def scalar_features(frame: pl.DataFrame, schema: Schema) -> tuple[np.ndarray, list[bool]]:
    """(N, F) float64 with NaN for missing, and which features are categories."""
    parts: list[np.ndarray] = [np.zeros((frame.height, 0))]
    categorical: list[bool] = []
    for column in schema.inputs:
        if column.modality not in SCALAR:
            continue
        encoded = np.asarray(registry.get("modalities", column.modality).encode(frame[column.name], column.state, {}), np.float64)
        if column.modality == "number":
            from ..modalities.number import to_floats

            encoded = np.where(np.isfinite(raw := to_floats(frame[column.name])), raw, np.nan)
        is_category = column.modality == "category" and len(column.state["values"]) <= MOST_LEVELS
        if is_category:
            encoded = np.where(encoded == 0, np.nan, encoded - 1)
        encoded = encoded.reshape(frame.height, -1)
        parts.append(encoded)
        categorical += [is_category] * encoded.shape[1]
    return np.concatenate(parts, 1), categorical


BASELINE = Trees()
