"""Scores of ranked lists: where in the list does what came next stand, one thing or several?"""

from __future__ import annotations

import numpy as np

from ..core.batch import RowResults


def rank_of(lists: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, L) item numbers, best first, and (N,) → (N,) place from 0 on; L where it is not in the list."""
    hit = lists == truth[:, None]
    return np.where(hit.any(1), hit.argmax(1), lists.shape[1]) if lists.shape[1] else np.zeros(len(truth), np.int64)


def ndcg(rank: np.ndarray, at: int) -> np.ndarray:
    """(N,) places → (N,) gain, discounted by the logarithm (Järvelin & Kekäläinen 2002): with one relevant thing the
    ideal is 1."""
    return np.where(rank < at, 1 / np.log2(np.maximum(rank, 0) + 2), 0.0)


def graded(lists: np.ndarray, truth: np.ndarray, *, at: int) -> RowResults:
    """Lists (N, L) of item numbers, best first; truth (N,) numbers, or arrays of all that is relevant → for each row
    the item asked for (of several the one found first), its place, NDCG@at and the shares of the relevant items within
    `at` and within the whole list."""
    if truth.dtype.kind != "O":
        rank = rank_of(lists, np.where(truth < 0, -9, truth))
        return {
            "truth": truth,
            "rank": rank,
            "ndcg": ndcg(rank, at),
            "recall": (rank < at) + 0.0,
            "recall_50": (rank < lists.shape[1]) + 0.0,
        }
    places = [np.flatnonzero(np.isin(row, wanted[wanted >= 0])) for row, wanted in zip(lists, truth, strict=True)]
    sizes = np.array([max(1, len(wanted)) for wanted in truth])
    ideal = np.cumsum(1 / np.log2(np.arange(at) + 2))
    first = np.array([int(place[0]) if len(place) else lists.shape[1] for place in places])
    best_item = [
        int(row[k]) if k < len(row) else int(wanted[0]) if len(wanted) else -1
        for row, k, wanted in zip(lists, first, truth, strict=True)
    ]
    return {
        "truth": np.array(best_item, np.int64),
        "rank": first,
        "ndcg": np.array([ndcg(place, at).sum() for place in places]) / ideal[np.minimum(sizes, at) - 1],
        "recall": np.array([(place < at).sum() for place in places]) / sizes,
        "recall_50": np.array([len(place) for place in places]) / sizes,
    }


def scores(records: RowResults, *, at: int, items: int) -> dict[str, float]:
    """NDCG@at first; recall@at (hit rate), recall of the whole list, mean reciprocal rank, share of the items that
    anybody is shown. NaN without rows."""
    rank, lists = records["rank"], records["said"]
    if not len(rank):
        return {name: float("nan") for name in ("ndcg", "recall", "recall_50", "mrr", "coverage", "error")}
    value = float(records["ndcg"].mean())
    return {
        "ndcg": value,
        "recall": float(records["recall"].mean()),
        "recall_50": float(records["recall_50"].mean()),
        "mrr": float(np.where(rank < lists.shape[1], 1 / (rank + 1), 0.0).mean()),
        "coverage": int((np.unique(lists[:, :at]) >= 0).sum()) / max(1, items),  # -1: no item is left to show
        "error": 1 - value,
    }


def best(score: np.ndarray, seen: list[np.ndarray], most: int, *, begin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(N, items) and what each row has met → the `most` best others: (N, most) numbers and scores, best first; -1 and
    -inf where none is left. Items before `begin` are no answers."""
    score = np.array(score, np.float32)
    score[:, :begin] = -np.inf
    for row, own in enumerate(seen):
        score[row, own] = -np.inf
    most_here = min(most, score.shape[1])
    near = (
        np.argpartition(-score, most_here - 1, axis=1)[:, :most_here]
        if score.shape[1]
        else np.zeros((len(score), 0), int)
    )
    values = np.take_along_axis(score, near, 1)
    order = np.lexsort((near, -values), axis=1)
    near, values = np.take_along_axis(near, order, 1), np.take_along_axis(values, order, 1)
    near = np.where(np.isfinite(values), near, -1)
    short = most - most_here
    return np.pad(near, ((0, 0), (0, short)), constant_values=-1), np.pad(
        values, ((0, 0), (0, short)), constant_values=-np.inf
    )
