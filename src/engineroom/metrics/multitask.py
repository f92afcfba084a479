"""Scores of many yes-or-no questions with gaps: each question is scored on the rows where it was asked, then they are
averaged."""

from __future__ import annotations

import numpy as np

from .classification import average, average_precision, roc_auc


def each(truth: np.ndarray, probability: np.ndarray) -> list[tuple[float, float]]:
    """(N, Q) 1, 0 or -1 and (N, Q) → (ROC AUC, average precision) of every question; NaN where only one answer
    occurs."""
    out = []
    for t, p in zip(truth.T, probability.T, strict=True):
        asked = t >= 0
        both = 0 < (t[asked] == 1).sum() < asked.sum()
        out.append(
            (roc_auc(t[asked] == 1, p[asked]), average_precision(t[asked] == 1, p[asked]))
            if both
            else (float("nan"),) * 2
        )
    return out


def scores(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    asked = truth >= 0
    p, t = np.clip(probability[asked], 1e-15, 1 - 1e-15), truth[asked]
    areas = np.array(each(truth, probability)) if truth.shape[1] else np.full((1, 2), np.nan)
    known = areas[np.isfinite(areas[:, 0])]
    return {
        "roc_auc": average(known[:, 0]),
        "average_precision": average(known[:, 1]),
        "accuracy": average((p >= 0.5) == (t == 1)),
        "log_loss": average(-np.where(t == 1, np.log(p), np.log(1 - p))),
    }
