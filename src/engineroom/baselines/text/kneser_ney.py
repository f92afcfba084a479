"""What followed these few tokens before? An n-gram model with modified Kneser–Ney smoothing (Chen & Goodman 1999),
counted in numpy, in the very tokens of the deep model. The order is the one that does best in validation. Stored is the
text it was counted from: counting again takes seconds."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from ...core import registry
from ...core.batch import Predictions
from ...core.protocols import Ragged
from ...core.schema import Schema
from ...metrics.language import token_predictions
from ...modalities.text.text_corpus import UNKNOWN, UNKNOWN_NATS
from .._estimator import Baseline, FittedBaseline

MOST_TOKENS = 3_000_000  # counted, from the start
MOST_ORDER = 8
WORTH = 1e-3  # nats a token that one more order must gain


@dataclass(frozen=True)
class Level:
    """Counts of n-grams as sorted keys, and per context (all but the last token): what they are divided by, what is
    left to shorter ones."""

    grams: np.ndarray  # (G,) int64
    counts: np.ndarray  # (G,) discounted, float64
    contexts: np.ndarray  # (C,) int64
    total: np.ndarray  # (C,)
    left: np.ndarray  # (C,) share that shorter contexts give out
    best: np.ndarray  # (C,) the commonest token there


def level(grams: np.ndarray, counts: np.ndarray, vocabulary: int) -> Level:
    """Modified Kneser–Ney: what is met once, twice, or more often loses a discount of its own, by how many are met once
    to four times."""
    met = [int((counts == k).sum()) for k in range(5)]
    discounts = np.array([0.0, 0.5, 0.5, 0.5])  # where too little is met for more
    if all(met[1:]):
        y = met[1] / (met[1] + 2 * met[2])
        discounts[1:] = [min(0.95 * k, max(0.05, k - (k + 1) * y * met[k + 1] / met[k])) for k in (1, 2, 3)]
    lost = discounts[np.minimum(counts, 3)]
    contexts, starts = np.unique(grams // vocabulary, return_index=True)
    total = np.add.reduceat(counts, starts).astype(np.float64)
    first = np.lexsort((-counts, grams // vocabulary))[starts]
    return Level(
        grams, counts - lost, contexts, total, np.add.reduceat(lost, starts) / total, grams[first] % vocabulary
    )


def keys(codes: np.ndarray, lengths: np.ndarray, vocabulary: int, order: int) -> tuple[list[np.ndarray], np.ndarray]:
    """(for n = 0 … order the key of the n tokens that end at each place (M,), how many tokens of its row come before
    each place)."""
    starts = np.cumsum(lengths) - lengths
    before = np.arange(len(codes)) - np.repeat(starts, lengths)
    found = [np.zeros(len(codes), np.int64)]
    for _ in range(order):
        earlier = np.concatenate([[0], found[-1][:-1]])
        found.append(earlier * vocabulary + codes)
    return found, before


@lru_cache(2)
def counted(text: str, lengths: tuple[int, ...], vocabulary: int, order: int) -> tuple[list[Level], list[Level]]:
    """(levels 1 … order by how often, levels 1 … order − 1 by how many different tokens come before): all that models
    up to `order` need."""
    codes = np.frombuffer(base64.b64decode(text), np.uint16).astype(np.int64)
    if sum(lengths) != len(codes) or min(lengths, default=1) < 1 or (len(codes) and int(codes.max()) >= vocabulary):
        raise ValueError("its text does not fit its description")
    found, before = keys(codes, np.array(lengths, np.int64), vocabulary, order)
    often, wide = [], []
    for n in range(1, order + 1):
        grams, counts = np.unique(found[n][before >= n - 1], return_counts=True)
        often.append(level(grams, counts, vocabulary))
        if n > 1:
            wide.append(level(*np.unique(grams % vocabulary ** (n - 1), return_counts=True), vocabulary))
    return often, wide


def next_token_probabilities(
    codes: np.ndarray, lengths: np.ndarray, levels: list[Level], vocabulary: int
) -> tuple[np.ndarray, np.ndarray]:
    """(probability of each token given those before it in its row (M,), the commonest token in the longest context
    known (M,))."""
    found, before = keys(codes, lengths, vocabulary, len(levels))
    p, best = np.full(len(codes), 1 / vocabulary), np.zeros(len(codes), np.int64)
    for n, one in enumerate(levels, 1):
        rows = np.flatnonzero(before >= n - 1)
        context = found[n][rows] // vocabulary
        place = np.searchsorted(one.contexts, context).clip(max=len(one.contexts) - 1)
        known = one.contexts[place] == context
        rows, place = rows[known], place[known]
        where = np.searchsorted(one.grams, found[n][rows]).clip(max=len(one.grams) - 1)
        count = np.where(one.grams[where] == found[n][rows], one.counts[where], 0.0)
        p[rows] = count / one.total[place] + one.left[place] * p[rows]
        best[rows] = one.best[place]
    return p, best


class NGram(Baseline):
    output_types = ("continuation",)

    def __init__(self, name: str, most: int, words: str) -> None:
        self.name, self.order, self.words = name, most, words

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        codes = tokens(frame, schema)
        kept = max(1, int(np.searchsorted(np.cumsum(codes.lengths), MOST_TOKENS, side="right")))
        lengths = codes.lengths[:kept]
        text = base64.b64encode(codes.flat[: lengths.sum()].astype(np.uint16).tobytes()).decode()
        facts = {
            "text": text,
            "lengths": lengths.tolist(),
            "order": min(self.order, int(62 / np.log2(max(2, classes))), int(lengths.max())),
        }
        fitted = FittedBaseline(self.name, "", kind, classes, schema, facts, {})
        if facts["order"] > 1:
            losses = [self.loss(val[0], fitted, order) for order in range(1, facts["order"] + 1)]
            facts["order"] = 1 + next(k for k, loss in enumerate(losses) if loss <= min(losses) + WORTH)
        note = (
            "" if kept == len(codes.lengths) else f", on the first {int(lengths.sum()):,} of {len(codes.flat):,} tokens"
        )
        fitted.words = self.words.format(facts["order"]) + note
        return fitted

    def levels(self, fitted: FittedBaseline, order: int) -> list[Level]:
        facts = fitted.facts
        often, wide = counted(facts["text"], tuple(facts["lengths"]), fitted.classes, int(facts["order"]))
        return [*wide[: order - 1], often[order - 1]]

    def loss(self, frame: pl.DataFrame, fitted: FittedBaseline, order: int) -> float:
        """Nats a token."""
        codes = tokens(frame, fitted.schema)
        p, _ = next_token_probabilities(
            codes.flat.astype(np.int64), codes.lengths, self.levels(fitted, order), fitted.classes
        )
        return float(-np.log(p).mean())

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        codes = tokens(frame, fitted.schema)
        ends = np.cumsum(codes.lengths)
        longer = np.insert(codes.flat.astype(np.int64), ends, 0)  # a place after each row's end, for what comes next
        lengths = codes.lengths + 1
        p, best = next_token_probabilities(
            longer, lengths, self.levels(fitted, int(fitted.facts["order"])), fitted.classes
        )
        state = fitted.schema.target.state
        nats = -np.log(p) + (UNKNOWN_NATS * (longer == UNKNOWN) if state["open"] else 0.0)
        rows = list(zip(np.cumsum(lengths) - lengths, np.cumsum(lengths), strict=True))
        hits = best == longer
        return token_predictions(
            [nats[a + 1 : b - 1] for a, b in rows],
            [hits[a + 1 : b - 1] for a, b in rows],
            [longer[a : b - 1] for a, b in rows],
            state["widths"],
            best[np.cumsum(lengths) - 1],
        )


def tokens(frame: pl.DataFrame, schema: Schema) -> Ragged:
    """The rows as the deep model reads them."""
    column = schema.inputs[0]
    return registry.get("modalities", column.modality).encode(frame[column.name], column.state, {})


BASELINE = NGram("kneser_ney", MOST_ORDER, "{}-gram, modified Kneser–Ney")
