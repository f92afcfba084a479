"""Tables, what is out of the ordinary: isolation forest (Liu et al. 2008) or the robust z-score. Both see ordinary rows
alone; made-up rows choose."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...metrics.classification import roc_auc
from .._estimator import Baseline, FittedBaseline, with_care
from .._scalar_features import scalar_features

BUCKETS, TOPICS = 1 << 14, 32  # of words; directions that ordinary texts take (Deerwester et al. 1990)
FAR = 50.0  # largest robust z of a column


class Outliers(Baseline):
    output_types = ("classes",)
    max_rows = 50_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val: Any, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.ensemble import IsolationForest
        from sklearn.preprocessing import RobustScaler, StandardScaler

        facts: dict[str, Any] = {}
        fitted = FittedBaseline("outlier_detection", "", kind, classes, schema, facts, {})
        if any(column.modality == "text" for column in schema.inputs):
            counts = hashed(frame.filter(pl.Series(y == 0)), schema)
            fitted.parts["topics"] = TruncatedSVD(min(TOPICS, counts.shape[0] - 1), random_state=seed).fit(counts)
        x = features(frame, fitted)[y == 0]
        fitted.parts["scaler"] = RobustScaler(unit_variance=True).fit(x)
        fitted.parts["spread"] = StandardScaler().fit(x)
        forest = IsolationForest(n_estimators=200, random_state=seed).fit(x)
        asked, truth = (features(val[0], fitted), val[1]) if len(val[1]) else (x, np.zeros(len(x), int))
        tried = {"forest": -forest.score_samples(asked), "zscore": zscore(fitted, asked)}
        ranks = {name: np.nan_to_num(roc_auc(truth > 0, score), nan=0.5) for name, score in tried.items()}
        facts["method"] = "forest" if ranks["forest"] >= ranks["zscore"] else "zscore"
        fitted.parts["estimator"] = forest
        ordinary = tried[facts["method"]][truth == 0]
        facts |= {"middle": float(np.median(ordinary)), "spread": float(max(1e-9, np.std(ordinary)))}
        fitted.words = {"forest": "isolation forest", "zscore": "robust z-score of the columns"}[facts["method"]]
        return fitted

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(N, 2): the score squashed between 0 and 1; only its order means something until the alarm is set."""
        x, facts = features(frame, fitted), fitted.facts
        if not len(x):
            return np.zeros((0, 2))
        score = -fitted.parts["estimator"].score_samples(x) if facts["method"] == "forest" else zscore(fitted, x)
        p = 1 / (1 + np.exp(-np.clip((score - facts["middle"]) / facts["spread"], -20, 20)))
        return np.stack([1 - p, p], 1)


def hashed(frame: pl.DataFrame, schema: Schema) -> Any:
    """(N, BUCKETS) sparse counts of words and their neighbours in all columns of text; rows of length 1."""
    from sklearn.feature_extraction.text import HashingVectorizer

    columns = [c.name for c in schema.inputs if c.modality == "text"]
    texts = [" ".join(str(cell or "") for cell in row) for row in frame.select(columns).iter_rows()]
    return HashingVectorizer(n_features=BUCKETS, ngram_range=(1, 2), alternate_sign=False).transform(texts)


def meaning(frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
    """(N, TOPICS + 1): a text's place among the directions that ordinary texts take, and how much of it lies outside
    all of them."""
    x = fitted.parts["topics"].transform(counts := hashed(frame, fitted.schema))
    length = np.asarray(counts.multiply(counts).sum(1)).ravel()
    return np.c_[x, np.maximum(0, length - (x**2).sum(1))]


def features(frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
    x = filled(frame, fitted.schema, fitted.facts)
    return np.c_[x, meaning(frame, fitted)] if "topics" in fitted.parts and len(x) else x


def filled(frame: pl.DataFrame, schema: Schema, facts: dict[str, Any]) -> np.ndarray:
    """(N, F) scalar features, missing ones as the middle of the first rows that were seen."""
    x = np.clip(scalar_features(frame, schema)[0], -1e12, 1e12)
    if "fill" not in facts:
        known = np.where(np.isfinite(x), x, np.nan)
        facts["fill"] = [
            float(v) for v in np.nan_to_num([np.nanmedian(c) if np.isfinite(c).any() else 0.0 for c in known.T])
        ]
    return np.where(np.isfinite(x), x, np.array(facts["fill"])[None] if x.shape[1] else x)


def zscore(fitted: FittedBaseline, x: np.ndarray) -> np.ndarray:
    """(N,) root mean square over columns of the distance from the median in quartile ranges; a constant column counts
    by its deviation."""
    scaler, spread = fitted.parts["scaler"], fitted.parts["spread"]
    by_quartile = (x - scaler.center_) / scaler.scale_
    by_deviation = (x - spread.mean_) / spread.scale_
    z = np.where(np.abs(by_quartile) < FAR, by_quartile, by_deviation)
    return np.sqrt((np.clip(z, -FAR, FAR) ** 2).mean(1))


BASELINE = Outliers()
