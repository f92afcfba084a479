"""FORWARD for tagging: from probabilities to one label a token: the likeliest sequence in which no span goes on that
has not begun (Viterbi 1967)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.span_labels import has_ends, may_follow

EAGER = np.linspace(0, 2.5, 11)  # by how much the log odds of O may be lowered


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
    ends = has_ends(names)
    for k, name in enumerate(names):
        out[:, k] = [may_follow(other, name, ends=ends) for other in [*names, "O"]]
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


def eagerness(p: np.ndarray, y: np.ndarray, outside: int) -> float:
    """By how much the log odds of O are lowered: so that most labels of spans are right, weighing missed and invented
    ones alike (F1)."""
    known = y >= 0
    rest = np.log(np.clip(np.delete(p[known], outside, 1), 1e-12, 1))
    best, inside = rest.argmax(1), np.arange(len(rest))
    best_score, own = rest[inside, best], np.log(np.clip(p[known, outside], 1e-12, 1))
    right, real = (best + (best >= outside)) == y[known], (y[known] != outside).sum()
    said = [best_score > own - shift for shift in EAGER]
    return float(EAGER[int(np.argmax([2 * (right & one).sum() / max(1, one.sum() + real) for one in said]))])
