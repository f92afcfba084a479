"""Text: TF-IDF of words, word pairs and character pieces, then a linear model (Joachims 1998)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...modalities.text.text import clean
from .._estimator import Baseline, FittedBaseline, pick, several, sharpness, split_labels, with_care

# letters of scripts without blanks between words (Thai to Burmese, Khmer, kana, Han) stand alone: with their pairs they
# do for words
UNBROKEN = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
SETTINGS: dict[str, dict] = {
    "words": {
        "ngram_range": (1, 2),
        "token_pattern": rf"(?u){UNBROKEN}|(?:(?!{UNBROKEN})\w)+|[^\w\s]",
        "min_df": 1,
        "max_features": 60_000,
    },
    "pieces": {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2, "max_features": 40_000},
}
MANY_CLASSES, MANY_TEXTS = 20, 30_000  # beyond, one setting is tried
TOO_MANY = 3_000_000  # texts × classes; beyond, support vectors: six times quicker and a point less accurate


class Text(Baseline):
    max_rows = 200_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if schema.inputs and all(c.modality == "text" for c in schema.inputs) else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.svm import LinearSVC

        y, constant = split_labels(y, kind)
        found = {name: vocabulary(name, joined(frame, schema)) for name in SETTINGS}
        facts: dict[str, Any] = {"constant": constant} | {name: known for name, (known, _) in found.items()}
        fitted = FittedBaseline("tfidf_linear", "", kind, classes, schema, facts, {})
        x = side_by_side([x for _, x in found.values()])
        if kind == "number":
            tries = [(f"ridge (alpha={a})", Ridge(alpha=a)) for a in (1.0, 4.0)]
        elif kind == "classes" and len(y) * classes > TOO_MANY:
            tries = [("linear support vectors (C=1)", LinearSVC(C=1.0))]
        elif kind == "labels" or classes > MANY_CLASSES or len(y) > MANY_TEXTS:
            tries = [("logistic regression (C=10)", several(LogisticRegression(C=10, max_iter=60), kind))]
        else:
            tries = [(f"logistic regression (C={c})", LogisticRegression(C=c, max_iter=100)) for c in (1, 10, 100)]
        asked = self.features(val[0], fitted)
        name, estimator = pick(tries, x, y, (asked, val[1]), kind)
        fitted.parts["estimator"] = estimator
        if isinstance(estimator, LinearSVC):
            facts["sharpness"] = sharpness(estimator, asked, val[1])
        fitted.words = f"TF-IDF of words and character pieces → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline):
        from scipy.sparse import csr_matrix

        texts = joined(frame, fitted.schema)
        if not texts:  # scikit-learn refuses to transform nothing
            return csr_matrix((0, sum(len(fitted.facts[name]["terms"]) for name in SETTINGS)))
        return side_by_side([tfidf(name, fitted.facts[name]).transform(texts) for name in SETTINGS])


def side_by_side(parts: list):
    from scipy.sparse import hstack

    return hstack(parts).tocsr()


def joined(frame: pl.DataFrame, schema: Schema) -> list[str]:
    """All text columns of a row as one."""
    columns = [clean(frame[c.name], c.state.get("characters", 20_000)) for c in schema.inputs if c.modality == "text"]
    return [" \n ".join(parts) for parts in zip(*columns, strict=True)]


def vocabulary(name: str, texts: list[str]) -> tuple[dict, Any]:
    """({"terms", "idf"}, the texts' features): plain lists, which read and write far faster than the fitted object."""
    blank = tfidf(name, None, min_df=SETTINGS[name]["min_df"] if len(texts) > 50 else 1)
    try:
        x = blank.fit_transform(texts)
    except ValueError:  # not one word in all the texts
        facts = vocabulary(name, ["empty"])[0]
        return facts, tfidf(name, facts).transform(texts)
    return {"terms": list(blank.get_feature_names_out()), "idf": [round(float(v), 5) for v in blank.idf_]}, x


def tfidf(name: str, known: dict | None, **more):
    """A TF-IDF vectorizer of that name, blank or with its vocabulary and weights."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = {**SETTINGS[name], **more}
    if known is None:
        return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **settings)
    del settings["min_df"], settings["max_features"]
    made = TfidfVectorizer(
        sublinear_tf=True, dtype=np.float32, vocabulary={term: i for i, term in enumerate(known["terms"])}, **settings
    )
    made.idf_ = np.array(known["idf"], np.float32)
    return made


BASELINE = Text()
