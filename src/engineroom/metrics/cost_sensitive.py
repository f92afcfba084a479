"""Scores of a decision between acting and letting pass."""

from __future__ import annotations

import numpy as np

from .classification import average, average_precision, roc_auc


def scores(
    positive: np.ndarray, risk: np.ndarray, alarm: np.ndarray, cost: np.ndarray, review: float
) -> dict[str, float]:
    """All scores of (N,) truths, risks 0..1, alarms and costs; `review` is the share of the rows that can be looked
    at."""
    caught, looked = found_on_top(positive, risk, review)
    found, there = float((positive & alarm).sum()), float(positive.sum())
    own = np.where(positive, risk, 1 - risk)
    nothing = float("nan")
    return {
        "cost": average(cost),
        "average_precision": average_precision(positive, risk),
        "roc_auc": roc_auc(positive, risk),
        "precision": found / float(alarm.sum()) if alarm.any() else nothing,
        "recall": found / there if there else nothing,
        "precision_at_review": caught / looked if looked else nothing,
        "recall_at_review": caught / there if there else nothing,
        "log_loss": average(-np.log(np.clip(own, 1e-15, 1))),
        "brier": average((positive - risk) ** 2),
    }


def found_on_top(positive: np.ndarray, risk: np.ndarray, share: float) -> tuple[float, int]:
    """(positives among the riskiest share, rows in it: at least one). Where the border cuts through equal risks, they
    count by their mean."""
    count = max(1, round(share * len(risk)))
    if not len(risk):
        return 0.0, 0
    border = np.partition(risk, len(risk) - count)[len(risk) - count]
    above, level = risk > border, risk == border
    return float(positive[above].sum() + (count - above.sum()) * positive[level].mean()), count
