"""Text: TF-IDF of words, word pairs and character pieces, then a linear model (Joachims 1998)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.columns import Schema
from ..modalities.text import clean
from ._store import Fitted, constants, pick, several

SETTINGS: dict[str, dict] = {
    "words": {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b|[^\w\s]", "min_df": 1, "max_features": 60_000},
    "pieces": {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "max_features": 40_000},
}


class Text:
    def fits(self, schema: Schema) -> float:
        return 1.0 if schema.inputs and all(c.modality == "text" for c in schema.inputs) else 0.0

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        from sklearn.linear_model import LogisticRegression, Ridge

        fitted = Fitted("text", "", kind, classes, schema, {"constant": constants(y, kind)}, {})
        fitted.facts |= vocabularies(joined(frame, schema))
        x = self.features(frame, fitted)
        if kind == "number":
            tries = [(f"ridge (alpha={a})", Ridge(alpha=a)) for a in (1.0, 4.0)]
        elif kind == "labels" or classes > 20 or len(y) > 30_000:
            tries = [("logistic regression (C=10)", several(LogisticRegression(C=10, max_iter=60, solver="lbfgs"), kind))]
        else:
            tries = [(f"logistic regression (C={c})", LogisticRegression(C=c, max_iter=100)) for c in (1, 10)]
        name, fitted.parts["estimator"] = pick(tries, x, y, (self.features(val[0], fitted), val[1]), kind)
        fitted.words = f"TF-IDF of words and character pieces → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: Fitted):
        from scipy.sparse import hstack

        texts = joined(frame, fitted.schema)
        return hstack([tfidf(name, fitted.facts[name]).transform(texts) for name in SETTINGS]).tocsr()


def joined(frame: pl.DataFrame, schema: Schema) -> list[str]:
    """All text columns of a row as one."""
    columns = [clean(frame[c.name], c.state.get("characters", 20_000)) for c in schema.inputs if c.modality == "text"]
    return [" \n ".join(parts) for parts in zip(*columns, strict=True)]


def vocabularies(texts: list[str]) -> dict:
    """{"words": {"terms", "idf"}, "pieces": …}: plain lists, which read and write far faster than the fitted objects."""
    out = {}
    for name, settings in SETTINGS.items():
        fitted = tfidf(name, None, min_df=settings["min_df"] if len(texts) > 50 else 1).fit(texts or ["empty"])
        out[name] = {"terms": list(fitted.get_feature_names_out()), "idf": [round(float(v), 5) for v in fitted.idf_]}
    return out


def tfidf(name: str, known: dict | None, **more):
    """A TF-IDF vectorizer of that name, blank or with its vocabulary and weights."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = {**SETTINGS[name], **more}
    if known is None:
        return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **settings)
    del settings["min_df"], settings["max_features"]
    made = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, vocabulary={term: i for i, term in enumerate(known["terms"])}, **settings)
    made.idf_ = np.array(known["idf"], np.float32)
    return made


BASELINE = Text()
