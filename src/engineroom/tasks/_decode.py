"""FORWARD for tagging: from probabilities to one label a token: the likeliest sequence in which no span goes on that has not begun (Viterbi 1967)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def decode(probabilities: np.ndarray, names: Sequence[str], *, strict: bool) -> np.ndarray:
    """(N,) object array of (T, L) probabilities → (N,) object array of (T,) label numbers."""
    out = np.empty(len(probabilities), object)
    before = allowed(names) if strict else None
    for row, p in enumerate(probabilities):
        said = p.argmax(1).astype(np.int64) if len(p) else np.zeros(0, np.int64)
        if before is not None and len(said) and not (before[np.r_[len(names), said[:-1]], said]).all():
            said = best_path(np.log(np.clip(p, 1e-12, 1)), before)
        out[row] = said
    return out


def allowed(names: Sequence[str]) -> np.ndarray:
    """(L + 1, L) may the second follow the first? The last row is the beginning."""
    out = np.ones((len(names) + 1, len(names)), bool)
    for k, name in enumerate(names):
        if name.startswith("I-"):
            out[:, k] = [other[:2] in ("B-", "I-") and other[2:] == name[2:] for other in names] + [False]
    return out


def best_path(score: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(T, L) log probabilities → (T,) the path of the highest sum among those that are allowed."""
    bar = np.where(before, 0.0, -1e9)
    best = score[0] + bar[-1]
    back = np.zeros(score.shape, np.int64)
    for t in range(1, len(score)):
        paths = best[:, None] + bar[:-1]
        back[t] = paths.argmax(0)
        best = paths.max(0) + score[t]
    path = np.zeros(len(score), np.int64)
    path[-1] = best.argmax()
    for t in range(len(score) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path
