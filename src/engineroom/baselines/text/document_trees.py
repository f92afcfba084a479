"""Fields of documents: many random trees (Geurts et al. 2006) over what people look at: where a word stands, its digits
and signs, the telling words around it.

As hand-made features were before layouts were learnt (Palm et al. 2017 name them). Telling words are those that go with
the labels most, by χ².
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import polars as pl

from ...core.batch import Predictions
from ...core.schema import Schema
from ...modalities.text._document_layout import AMOUNT, FULL
from ...modalities.text.document_page import cells, spelt
from .._estimator import Baseline, FittedBaseline, with_care

TELLING = 60  # words
LEAST = 3  # pages on which a telling word stands
DATE = re.compile(r"\d{1,4}[-/.]\w{1,9}[-/.]\d{2,4}")
TREES = 150


class PageTrees(Baseline):
    output_types = ("fields",)
    max_rows = 2_000  # pages

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import ExtraTreesClassifier

        rows = pages(frame, schema)
        tags = np.concatenate([row["tags"] for row in y])
        fitted = FittedBaseline(
            "document_trees",
            "random trees on place, digits and telling words",
            kind,
            classes,
            schema,
            {"telling": telling(rows, tags)},
            {},
        )
        learnt = tags >= 0
        estimator = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed)
        fitted.parts["estimator"] = estimator.fit(self.features(frame, fitted)[learnt], tags[learnt])
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(words of all pages, F)."""
        known: list[str] = fitted.facts["telling"]
        parts = [described(words, facts, known) for words, facts in pages(frame, fitted.schema)]
        return np.concatenate(parts) if parts else np.zeros((0, 3 * (len(known) + 1)))

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        lengths = [len(words) for words, _ in pages(frame, fitted.schema)]
        out = np.empty(len(lengths), object)
        estimator = fitted.parts["estimator"]
        p = np.zeros((sum(lengths), fitted.classes), np.float32)
        if len(p):
            p[:, np.asarray(estimator.classes_, int)] = estimator.predict_proba(self.features(frame, fitted))
        for i, part in enumerate(np.split(p, np.cumsum(lengths)[:-1]) if lengths else []):
            out[i] = part
        return {"probability": out}


def pages(frame: pl.DataFrame, schema: Schema) -> list[tuple[list[str], np.ndarray]]:
    return cells(frame[next(c.name for c in schema.inputs if c.modality == "document_page")])


def telling(rows: list[tuple[list[str], np.ndarray]], tags: np.ndarray) -> list[str]:
    """Words that, anywhere in the row of a word, go with its label."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.feature_selection import chi2

    around = [" ".join(spelt(word) for word in near) for words, facts in rows for near in neighbours(words, facts)[0]]
    count = Counter(word for words, _ in rows for word in {spelt(one) for one in words})
    vocabulary = sorted(word for word, pages in count.items() if pages >= LEAST)
    if not vocabulary:
        return []
    counts = CountVectorizer(
        vocabulary=vocabulary, tokenizer=str.split, token_pattern=None, lowercase=False, binary=True
    ).transform(around)
    worth = np.nan_to_num(chi2(counts, tags)[0])
    return [vocabulary[k] for k in np.argsort(-worth, kind="stable")[:TELLING]]


def neighbours(words: list[str], facts: np.ndarray) -> tuple[list[list[str]], list[list[str]], np.ndarray]:
    """For each word: the words of its row so far, those of the row before, and the number of its row."""
    middle = (facts[:, 1] + facts[:, 3]) / 2
    height = max(1.0, float(np.median(facts[:, 3] - facts[:, 1])))
    number = np.cumsum(np.r_[0, np.abs(np.diff(middle)) > 0.5 * height]) if len(words) else np.zeros(0, int)
    rows: dict[int, list[int]] = {}
    for i, row in enumerate(number.tolist()):
        rows.setdefault(row, []).append(i)
    left = [[words[k] for k in rows[row] if k <= i] for i, row in enumerate(number.tolist())]
    above = [[words[k] for k in rows.get(row - 1, [])] for row in number.tolist()]
    return left, above, number


def described(words: list[str], facts: np.ndarray, known: list[str]) -> np.ndarray:
    """(T, F): telling words of itself, of its row so far and of the row above; then numbers of itself and of both its
    neighbours."""
    left, above, number = neighbours(words, facts)
    place = {word: k for k, word in enumerate(known)}
    bags = np.zeros((len(words), 3, len(known)), np.float32)
    for i, word in enumerate(words):
        for part, near in enumerate(([word], left[i], above[i])):
            for one in near:
                if (k := place.get(spelt(one))) is not None:
                    bags[i, part, k] = 1
    own = np.array([looks(word) for word in words], np.float32).reshape(len(words), -1)
    ends = np.stack([number, number.max(initial=0) - number], 1)
    blank = np.zeros((1, own.shape[1]), np.float32)
    shifted = [np.concatenate([blank, own])[:-1], np.concatenate([own, blank])[1:]]
    return np.concatenate([bags.reshape(len(words), -1), facts / FULL, ends, own, *shifted], 1)


def looks(word: str) -> list[float]:
    digits, letters = sum(c.isdigit() for c in word), sum(c.isalpha() for c in word)
    return [
        len(word),
        digits,
        letters,
        sum(c.isupper() for c in word),
        bool(AMOUNT.search(word)),
        bool(DATE.search(word)),
        word.endswith(":"),
        word.endswith(","),
        "(" in word,
    ]


BASELINE = PageTrees()
