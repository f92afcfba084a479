"""Word by word: each word as its likeliest counterpart, learnt from pairs of texts by expectation maximisation (IBM
model 1, Brown et al. 1993)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from .._estimator import Baseline, FittedBaseline
from ._tokenise import joined, read_texts, words

ROUNDS = 8
MOST_PAIRS = 6_000_000  # of words that stand in one pair of texts; more are left out, from the end
LONGEST = 100  # words of a text that are looked at
NULL = 0  # stands beside every text: what comes from no word in it


class Lexicon(Baseline):
    output_types = ("wording",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        source, target = (read_texts(frame, column) for column in (schema.inputs[0], schema.target))
        read, written = [words(text)[:LONGEST] for text in source], [words(text)[:LONGEST] for text in target]
        kept = (
            int(
                np.searchsorted(
                    np.cumsum([(1 + len(a)) * len(b) for a, b in zip(read, written, strict=True)]),
                    MOST_PAIRS,
                    side="right",
                )
            )
            or 1
        )
        lexicon = learn(read[:kept], written[:kept])
        note = "" if kept >= len(read) else f", on {kept:,} of {len(read):,} rows"
        said = f"word by word, {len(lexicon):,} words (IBM model 1){note}"
        return FittedBaseline("ibm_model1", said, kind, classes, schema, {"lexicon": lexicon}, {})

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        source, lexicon = (read_texts(frame, fitted.schema.inputs[0]), fitted.facts["lexicon"])
        said = [
            joined([lexicon.get(word) or lexicon.get(word.lower()) or word for word in words(text)]) for text in source
        ]
        return {"text": objects(said), "source": objects(source)}


def learn(read: Sequence[Sequence[str]], written: Sequence[Sequence[str]]) -> dict[str, str]:
    """{word: its likeliest counterpart}."""
    known, others = numbered(read, 1), numbered(written, 0)
    a = [np.array([NULL, *(known[word] for word in text)], np.int64) for text in read]
    b = [np.array([others[word] for word in text], np.int64) for text in written]
    size = max(1, len(others))
    keys = np.concatenate(
        [np.add.outer(y, x * size).ravel() for x, y in zip(a, b, strict=True)] or [np.zeros(0, np.int64)]
    )
    widths = np.concatenate([np.full(len(y), len(x)) for x, y in zip(a, b, strict=True)] or [np.zeros(0, np.int64)])
    if not len(keys):
        return {}
    pairs, place = np.unique(keys, return_inverse=True)  # every word written beside every word read
    owner = pairs // size
    starts = np.cumsum(widths) - widths
    p = np.full(len(pairs), 1 / size)
    for _ in range(ROUNDS):
        share = p[place]
        share /= np.repeat(np.add.reduceat(share, starts), widths)
        counts = np.bincount(place, share, len(pairs))
        p = counts / np.bincount(owner, counts)[owner]
    best = np.lexsort((-p, owner))
    first = best[np.unique(owner[best], return_index=True)[1]]
    names, meant = list(known), list(others)
    return {names[int(owner[k]) - 1]: meant[int(pairs[k] % size)] for k in first if owner[k] != NULL}


def numbered(texts: Sequence[Sequence[str]], first: int) -> dict[str, int]:
    """A number a word, in the order of their first coming."""
    found: dict[str, int] = {}
    for text in texts:
        for word in text:
            found.setdefault(word, first + len(found))
    return found


BASELINE = Lexicon()
