"""Tables: gradient-boosted trees (Friedman 2001; histograms as in LightGBM, Ke et al. 2017), scikit-learn's defaults;
on few rows, what does best there."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline, several, split_labels, with_care
from .._scalar_features import SCALAR, learn_scalars, read_scalars
from .._small_data import SMALL, best_of, fillable, spread


class Trees(Baseline):
    max_rows = 300_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if all(c.modality in SCALAR for c in schema.inputs) else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        y, constant = split_labels(y, kind)
        fitted = FittedBaseline(
            "gradient_boosting", "gradient-boosted trees", kind, classes, schema, {"constant": constant}, {}
        )
        x, categorical = learn_scalars(frame, y, fitted, seed)
        if len(y) <= SMALL and kind != "labels":
            fitted.words, fitted.facts["spread"], estimator = best_of(
                x, y, categorical=categorical, kind=kind, seed=seed
            )
            fitted.parts["estimator"] = estimator.fit(fillable(self.read(x, fitted)), y)
            return fitted
        make = HistGradientBoostingRegressor if kind == "number" else HistGradientBoostingClassifier
        settings: dict = {"categorical_features": categorical} if any(categorical) else {}
        if kind == "classes" and classes > 30:
            settings["max_iter"] = 40  # one tree a class and round
        fitted.parts["estimator"] = several(make(random_state=seed, early_stopping=False, **settings), kind).fit(
            fillable(x), y
        )
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return self.read(read_scalars(frame, fitted), fitted)

    def read(self, x: np.ndarray, fitted: FittedBaseline) -> np.ndarray:
        """(N, F) as the estimator reads it: spread out where it is a linear one."""
        how = fitted.facts.get("spread")
        return spread(x, how) if how else x


BASELINE = Trees()
