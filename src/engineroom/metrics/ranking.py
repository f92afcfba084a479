"""Scores of ranked lists: where in the list does the one thing stand that came next?"""

from __future__ import annotations

import numpy as np

from ..core.signals import Records


def rank_of(lists: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, L) item numbers, best first, and (N,) → (N,) place from 0 on; L where it is not in the list."""
    hit = lists == truth[:, None]
    return np.where(hit.any(1), hit.argmax(1), lists.shape[1]) if lists.shape[1] else np.zeros(len(truth), np.int64)


def ndcg(rank: np.ndarray, at: int) -> np.ndarray:
    """(N,) places → (N,) gain, discounted by the logarithm (Järvelin & Kekäläinen 2002): with one relevant thing the ideal is 1."""
    return np.where(rank < at, 1 / np.log2(np.maximum(rank, 0) + 2), 0.0)


def graded(lists: np.ndarray, relevant: list[np.ndarray], at: int) -> Records:
    """Of every ranked list: `rank` of the first relevant thing, `gain` (NDCG@at), `found` and `found_50` (share of the relevant things among
    the first `at`, and in the whole list). A number below 0 is a thing that no list can hold: it is relevant and missed."""
    rows = len(lists)
    rank, gain, found, found_50 = np.full(rows, lists.shape[1]), np.zeros(rows), np.zeros(rows), np.zeros(rows)
    for row, (said, own) in enumerate(zip(lists, relevant, strict=True)):
        hit = np.isin(said, own[own >= 0])
        rank[row] = hit.argmax() if hit.any() else lists.shape[1]
        ideal = (1 / np.log2(np.arange(2, 2 + min(at, max(1, len(own)))))).sum()
        gain[row] = (hit[:at] / np.log2(np.arange(2, 2 + len(hit[:at])))).sum() / ideal
        found[row], found_50[row] = hit[:at].sum() / max(1, len(own)), hit.sum() / max(1, len(own))
    return {"rank": rank, "gain": gain, "found": found, "found_50": found_50}


def scores(records: Records, *, at: int, items: int) -> dict[str, float]:
    """NDCG@at first; recall@at (hit rate), recall of the whole list, mean reciprocal rank, share of the items that anybody is shown. NaN without rows."""
    rank, lists = records["rank"], records["said"]
    if not len(rank):
        return {name: float("nan") for name in ("ndcg", "recall", "recall_50", "mrr", "coverage", "error")}
    value = float(records.get("gain", ndcg(rank, at)).mean())
    shown = lists[:, :at]
    return {
        "ndcg": value,
        "recall": float(records.get("found", rank < at).mean()),
        "recall_50": float(records.get("found_50", rank < lists.shape[1]).mean()),
        "mrr": float(np.where(rank < lists.shape[1], 1 / (rank + 1), 0.0).mean()),
        "coverage": len(np.unique(shown[shown >= 0])) / max(1, items),  # below 0: a list that ran out of items
        "error": 1 - value,
    }


def best(score: np.ndarray, seen: list[np.ndarray], most: int, *, begin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(N, items) and what each row has met → the `most` best others: (N, most) numbers and scores, best first; -1 and -inf where none is left.
    Items before `begin` are no answers."""
    score = np.array(score, np.float32)
    score[:, :begin] = -np.inf
    for row, own in enumerate(seen):
        score[row, own] = -np.inf
    most_here = min(most, score.shape[1])
    near = np.argpartition(-score, most_here - 1, axis=1)[:, :most_here] if score.shape[1] else np.zeros((len(score), 0), int)
    values = np.take_along_axis(score, near, 1)
    order = np.lexsort((near, -values), axis=1)
    near, values = np.take_along_axis(near, order, 1), np.take_along_axis(values, order, 1)
    near = np.where(np.isfinite(values), near, -1)
    short = most - most_here
    return np.pad(near, ((0, 0), (0, short)), constant_values=-1), np.pad(values, ((0, 0), (0, short)), constant_values=-np.inf)
