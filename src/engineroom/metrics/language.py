"""How well is a text predicted? Nats a token, bits a byte (which any tokens can be compared by), perplexity, and how
often the likeliest comes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.arrays import objects
from ..core.batch import Predictions, RowResults


def token_predictions(
    nats: Sequence[np.ndarray],
    hits: Sequence[np.ndarray],
    codes: Sequence[np.ndarray],
    widths: Sequence[int],
    last: np.ndarray,
) -> Predictions:
    """Answers in the one form all predictors share: for every token but a row's first its "nats" and whether it was the
    likeliest ("hits"), the "bytes" these tokens spell, and the token likeliest to come "next" (N,). `codes`: all tokens
    (T,) of each row."""
    width = np.asarray(widths, np.int64)
    spelt = np.array([int(width[row[1:]].sum()) for row in codes], np.int64)
    return {"nats": objects(nats), "hits": objects(hits), "bytes": spelt, "next": np.asarray(last, np.int64)}


def in_nats(records: RowResults, unit: str) -> dict[str, float]:
    """The scores where what counts as bytes is something else (frames, points): nats a `unit` in place of bits."""
    found = scores(records)
    return {f"nats_per_{unit}": found.pop("bits_per_byte") * float(np.log(2))} | found


def graded(answers: Predictions, truth: np.ndarray) -> RowResults:
    """One record a row: sums, and "each" token's nats for pictures."""
    return {
        "truth": truth,
        "nats": np.array([float(row.sum()) for row in answers["nats"]]),
        "tokens": np.array([len(row) for row in answers["nats"]], np.int64),
        "correct": np.array([int(row.sum()) for row in answers["hits"]], np.int64),
        "bytes": answers["bytes"],
        "each": answers["nats"],
    }


def scores(records: RowResults) -> dict[str, float]:
    """Over all tokens, not over rows: rows differ in length."""
    nats, tokens = float(records["nats"].sum()), max(1, int(records["tokens"].sum()))
    return {
        "bits_per_byte": nats / np.log(2) / max(1, int(records["bytes"].sum())),
        "log_loss": nats / tokens,
        "perplexity": float(np.exp(min(700.0, nats / tokens))),
        "accuracy": float(records["correct"].sum()) / tokens,
    }


def by_place(each: Sequence[np.ndarray], edges: np.ndarray) -> list[float]:
    """Mean nats of tokens with edges[k] … edges[k + 1] − 1 tokens before them."""
    place = np.concatenate([np.arange(1, len(row) + 1) for row in each])
    value = np.concatenate(list(each))
    part = np.searchsorted(edges, place, side="right") - 1
    return [float(value[part == k].mean()) if (part == k).any() else float("nan") for k in range(len(edges) - 1)]
