"""Many yes-or-no questions with gaps: features of the columns, and for each question boosted trees on the rows where it
was asked."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline, with_care
from ..dummy import question_rates
from ..multimodal import BASELINE as MIXED
from ..science.fingerprints import common, everything

FEW = 20  # rows asked, with a yes and a no


class Screens(Baseline):
    output_types = ("questions",)
    max_rows = 20_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import HistGradientBoostingClassifier

        chemical = any(c.modality == "molecule" for c in schema.inputs)
        words = (
            "Morgan fingerprints + descriptors" if chemical else "features of every column"
        ) + " → boosted trees a question"
        fitted = FittedBaseline(
            "multitask_trees",
            words,
            kind,
            classes,
            schema,
            {"seed": seed, "chemical": chemical, "rates": question_rates(y)},
            {},
        )
        if chemical:
            x = everything(frame, schema)
            fitted.facts["kept"] = common(x)
            x = x[:, fitted.facts["kept"]]
        else:
            MIXED.shorten(frame, fitted)
            x = MIXED.features(frame, fitted)
        for place, column in enumerate(y.T):
            asked = column >= 0
            if asked.sum() >= FEW and 0 < (column[asked] == 1).sum() < asked.sum():
                fitted.parts[f"question{place}"] = HistGradientBoostingClassifier(
                    random_state=seed, early_stopping=False
                ).fit(x[asked], column[asked])
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        if fitted.facts["chemical"]:
            return everything(frame, fitted.schema)[:, fitted.facts["kept"]]
        return MIXED.features(frame, fitted)

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(N, questions) probabilities of yes."""
        out = np.tile(np.array(fitted.facts["rates"]), (frame.height, 1))
        if not frame.height:
            return out
        x = self.features(frame, fitted)
        for name, part in fitted.parts.items():
            if name.startswith("question"):
                out[:, int(name.removeprefix("question"))] = part.predict_proba(x)[:, 1]
        return out


BASELINE = Screens()
