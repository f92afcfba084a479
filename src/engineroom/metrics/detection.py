"""Scores of boxes after COCO's rules (Lin et al. 2014, as pycocotools computes them): average precision over 101
recalls and ten overlaps.

A row is matched once, when it is graded: its answers, best first, each take the true box of their class that they
overlap most and that is still free, if by enough. Scores are then sums over rows.
"""

from __future__ import annotations

import numpy as np

from ..modalities.vision._boxes import overlaps

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # answers a row and class that count


def match(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """said (n, 6) x1 y1 x2 y2 score class, truth (m, 5) x1 y1 x2 y2 class → (n', 2 + 10): score, class, hit (0/1) at
    each threshold; best first."""
    said = said[np.argsort(-said[:, 4], kind="stable")]
    said = (
        said[np.sort(np.concatenate([np.flatnonzero(said[:, 5] == k)[:MOST] for k in np.unique(said[:, 5])]))]
        if len(said)
        else said
    )
    hits = np.zeros((len(said), len(THRESHOLDS)))
    for k in np.unique(said[:, 5]):
        own, true = np.flatnonzero(said[:, 5] == k), truth[truth[:, 4] == k]
        if not len(true):
            continue
        ious = overlaps(said[own, :4], true[:, :4])
        free = np.ones((len(THRESHOLDS), len(true)), bool)
        every = np.arange(len(THRESHOLDS))
        for i, row in zip(own, ious, strict=True):
            best = np.where(free, row, -1.0).argmax(1)  # at each threshold, other boxes are still free
            right = free[every, best] & (row[best] >= THRESHOLDS - 1e-10)
            free[every[right], best[right]] = False
            hits[i] = right
    return np.concatenate([said[:, 4:6], hits], 1)


def curves(matched: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers of one class (n, 2 + T), `total` true boxes → precision at RECALLS (T, 101), recall reached (T,), recall
    by answer (T, n)."""
    matched = matched[np.argsort(-matched[:, 0], kind="stable")]
    hits = matched[:, 2:].T
    found = np.cumsum(hits, 1)
    recall, precision = found / max(1, total), found / (np.arange(hits.shape[1]) + 1.0)
    precision = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]  # the best precision at this recall or beyond
    out = np.zeros((len(hits), len(RECALLS)))
    for t in range(len(hits)):
        place = np.searchsorted(recall[t], RECALLS, side="left")
        out[t, place < hits.shape[1]] = precision[t, place[place < hits.shape[1]]]
    return out, found[:, -1] / max(1, total) if hits.shape[1] else np.zeros(len(hits)), recall


def average_precision(matched: list[np.ndarray], totals: np.ndarray) -> np.ndarray:
    """Rows of matched answers, true boxes a class (C,) → (C, 10) average precision a class and threshold; NaN for a
    class with no true box."""
    every = np.concatenate(matched) if matched else np.zeros((0, 2 + len(THRESHOLDS)))
    out = np.full((len(totals), len(THRESHOLDS)), np.nan)
    for k in np.flatnonzero(totals):
        out[k] = curves(every[every[:, 1] == k], int(totals[k]))[0].mean(1)
    return out


def scores(matched: list[np.ndarray], totals: np.ndarray, thresholds: np.ndarray) -> dict[str, float]:
    """Rows of matched answers, true boxes (N, C), from which score on a row's answers are given (N,) → scores over all
    rows."""
    found = average_precision(matched, totals.sum(0))
    known = np.isfinite(found[:, 0])
    map50, whole = (
        (float(found[known, 0].mean()), float(found[known].mean())) if known.any() else (float("nan"), float("nan"))
    )
    given = [one[one[:, 0] >= t] for one, t in zip(matched, thresholds, strict=True)]
    hits, said, true = sum(float(one[:, 2].sum()) for one in given), sum(len(one) for one in given), float(totals.sum())
    return {
        "map_50": map50,
        "map": whole,
        "precision": hits / said if said else float("nan"),
        "recall": hits / true if true else float("nan"),
        "f1": 2 * hits / (said + true) if said + true else float("nan"),
        "map_gap": 1 - whole,
    }
