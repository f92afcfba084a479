"""Is the right thing found? Recall among all things, asked from either side."""

from __future__ import annotations

import numpy as np

RANKS = (1, 5, 10)


def ranks(asked: np.ndarray, found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, D), (N, D) of length 1 and (N,) identities → (N,) rank from 0 of the first right thing; each thing stands
    once among those to find."""
    _, first = np.unique(truth, return_index=True)
    out = np.empty(len(truth), np.int64)
    for start in range(0, len(truth), 512):
        part = slice(start, start + 512)
        similarity = asked[part] @ found[first].T
        right = np.equal.outer(truth[part], truth[first])
        best = np.where(right, similarity, -np.inf).max(1)
        # ties count against
        out[part] = np.sum(similarity > best[:, None], 1) + np.sum((similarity == best[:, None]) & ~right, 1)
    return out


def back(asked: np.ndarray, found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N,) bool: asked from the other side, is a question of its own the best for the row's thing?"""
    return np.concatenate(
        [
            truth[(found[start : start + 512] @ asked.T).argmax(1)] == truth[start : start + 512]
            for start in range(0, len(truth), 512)
        ]
        or [np.zeros(0, bool)]
    )


def scores(place: np.ndarray, back: np.ndarray) -> dict[str, float]:
    """recall_at_k: the thing is among the k best for its question; back_at_1: a right question is the best for its
    thing; mean reciprocal rank.

    Both are per row against everything there was to find: resampling rows leaves the candidates as they are.
    """
    if not len(place):
        return dict.fromkeys(["mrr", *(f"recall_at_{k}" for k in RANKS), "back_at_1"], float("nan"))
    recall = {f"recall_at_{k}": float((place < k).mean()) for k in RANKS}
    return {"mrr": float((1 / (1 + place)).mean()), **recall, "back_at_1": float(back.mean())}
