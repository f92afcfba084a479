"""Are equal things near and different ones far? Verification over all pairs, search among all other rows."""

from __future__ import annotations

import numpy as np

from ..core.sampling import evenly

MOST = 1_500  # rows whose pairs are looked at; evenly taken
RANKS = (1, 5)
FALSE_ACCEPTS = 0.01


def pairs(embedding: np.ndarray, truth: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) vectors of length 1 → similarities (P,) of all pairs of different rows, and whether each pair is of one
    identity."""
    kept = evenly(len(truth), MOST)
    e, t, r = embedding[kept], truth[kept], row[kept]
    above = np.triu(np.ones((len(e), len(e)), bool), 1) & (r[:, None] != r[None])  # a row drawn twice is no pair
    return (e @ e.T)[above], (t[:, None] == t[None])[above]


def rates(similarity: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(thresholds descending, share of different pairs accepted, share of same pairs accepted): the ROC curve, ties as
    one step."""
    order = np.argsort(-similarity, kind="stable")
    s, y = similarity[order], same[order]
    last = np.append(np.flatnonzero(np.diff(s)), len(s) - 1)  # the end of each run of equal similarities
    accepted = np.cumsum(y)[last]
    return s[last], (last + 1 - accepted) / max(1, (~y).sum()), accepted / max(1, y.sum())


def equal_error(similarity: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """(equal error rate, its threshold): where as large a share of strangers is let in as of friends is turned away."""
    threshold, strangers, friends = rates(similarity, same)
    gap = strangers - (1 - friends)
    place = int(np.argmax(gap >= 0))
    if place == 0:
        return float((strangers[0] + 1 - friends[0]) / 2), float(threshold[0])
    share = -gap[place - 1] / (gap[place] - gap[place - 1])  # between two steps the line is straight
    return float(strangers[place - 1] + share * (strangers[place] - strangers[place - 1])), float(threshold[place])


def threshold_for(similarity: np.ndarray, same: np.ndarray, strangers_let_in: float) -> float:
    """The similarity from which at most this share of pairs of strangers is accepted."""
    apart = np.sort(similarity[~same])
    return float(apart[min(len(apart) - 1, int(np.ceil((1 - strangers_let_in) * len(apart))))]) if len(apart) else 1.0


def places(embedding: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N,) how many strangers are nearer than the nearest mate, counted from 0; -1 where a row has no mate (Musgrave et
    al. 2020)."""
    return around(embedding, truth)[0]


def around(embedding: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each row among all others: (its place as `places` has it, the nearest row, how much nearer the nearest stranger
    is than the nearest mate; 0 without a mate), (N,) each."""
    place, nearest, behind = np.full(len(truth), -1, np.int64), np.zeros(len(truth), np.int64), np.zeros(len(truth))
    row = np.arange(len(truth))
    for start in range(0, len(truth), 512):
        part = slice(start, start + 512)
        similarity = embedding[part] @ embedding.T
        other = np.not_equal.outer(row[part], row)
        mates = np.equal.outer(truth[part], truth) & other
        best = np.where(mates, similarity, -np.inf).max(1, keepdims=True)
        nearer = np.sum(np.greater_equal(similarity, best) & other & ~mates, 1)  # ties count against it
        known = np.any(mates, 1)
        place[part] = np.where(known, nearer, -1)
        nearest[part] = np.where(other, similarity, -2.0).argmax(1)
        stranger = np.where(other & ~mates, similarity, -1.0).max(1)
        behind[part] = np.where(known, stranger - np.where(mates, similarity, -1.0).max(1), 0.0)
    return place, nearest, behind


def scores(embedding: np.ndarray, truth: np.ndarray, row: np.ndarray, place: np.ndarray) -> dict[str, float]:
    """`row` numbers the rows, `place` is what `places` said of them among all: resampling rows leaves the others to be
    found as they are."""
    similarity, same = pairs(embedding, truth, row)
    if not same.any() or same.all():
        return dict.fromkeys(
            ("eer", "roc_auc", *(f"recall_at_{k}" for k in RANKS), "auc_gap", "accepted_at_1_percent"), float("nan")
        )
    _, strangers, friends = rates(similarity, same)
    x, y = np.concatenate([[0.0], strangers]), np.concatenate([[0.0], friends])
    out = {"eer": equal_error(similarity, same)[0], "roc_auc": float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())}
    asked = place[place >= 0]
    out |= {f"recall_at_{k}": float((asked < k).mean()) if len(asked) else float("nan") for k in RANKS}
    out["auc_gap"] = 1 - out["roc_auc"]
    return out | {"accepted_at_1_percent": float(y[x <= FALSE_ACCEPTS].max(initial=0.0))}
