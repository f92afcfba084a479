"""A summary without a word of its own: the first sentences, or those nearest to the whole text (TF-IDF), whichever does
better on training rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import polars as pl

from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from ...metrics.text_generation import WORD, rouge
from .._estimator import Baseline, FittedBaseline
from ._tokenise import read_texts, sentences

COUNTS = (1, 2, 3, 4, 5)  # sentences
TRIED = 1_000  # training rows by which the way is chosen
MOST_WORDS = 20_000  # whose rarity is remembered
WORDS = {"lead": "the first {}", "central": "the {} nearest to the whole (TF-IDF)"}


class Extract(Baseline):
    output_types = ("wording",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        source, target = (read_texts(frame, column) for column in (schema.inputs[0], schema.target))
        rarity = rarities(source)
        some = range(0, len(source), max(1, len(source) // TRIED))
        texts = [sentences(source[i]) for i in some]
        ways = {way: [picked(text, *way, rarity) for text in texts] for way in product(WORDS, COUNTS)}
        near = {
            way: float(np.mean([rouge(said, target[i])[2] for said, i in zip(made, some, strict=True)]))
            for way, made in ways.items()
        }
        how, count = max(near, key=lambda way: near[way])
        said = WORDS[how].format("sentence" if count == 1 else f"{count} sentences")
        return FittedBaseline(
            "extractive_summary",
            said,
            kind,
            classes,
            schema,
            {"how": how, "count": count, "rarity": rarity if how == "central" else {}},
            {},
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        source, facts = read_texts(frame, fitted.schema.inputs[0]), fitted.facts
        said = [picked(sentences(text), str(facts["how"]), int(facts["count"]), facts["rarity"]) for text in source]
        return {"text": objects(said), "source": objects(source)}


def rarities(texts: Sequence[str]) -> dict[str, float]:
    """Word → how rare it is (smoothed IDF), the commonest MOST_WORDS."""
    met: dict[str, int] = {}
    for text in texts:
        for word in set(WORD.findall(text.lower())):
            met[word] = met.get(word, 0) + 1
    common = sorted(met, key=lambda word: (-met[word], word))[:MOST_WORDS]
    return {word: 1 + float(np.log((1 + len(texts)) / (1 + met[word]))) for word in common}


def picked(text: Sequence[str], how: str, count: int, rarity: dict[str, float]) -> str:
    """`count` sentences in their order."""
    if how == "lead" or len(text) <= count:
        return " ".join(text[:count])
    rare = max(rarity.values(), default=1.0)
    each = [vector(sentence, rarity, rare) for sentence in text]
    whole: dict[str, float] = {}
    for one in each:
        for word, weight in one.items():
            whole[word] = whole.get(word, 0.0) + weight
    near = [
        sum(weight * whole[word] for word, weight in one.items()) / (sum(w * w for w in one.values()) ** 0.5 or 1.0)
        for one in each
    ]
    chosen = sorted(sorted(range(len(text)), key=lambda i: (-near[i], i))[:count])
    return " ".join(text[i] for i in chosen)


def vector(sentence: str, rarity: dict[str, float], rare: float) -> dict[str, float]:
    out: dict[str, float] = {}
    for word in WORD.findall(sentence.lower()):
        out[word] = out.get(word, 0.0) + rarity.get(word, rare)
    return out


BASELINE = Extract()
