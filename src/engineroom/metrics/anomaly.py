"""Scores of alarms: how well odd rows rank above ordinary ones, what the alarm finds and how often it cries wolf."""

from __future__ import annotations

import numpy as np

from .classification import average, average_precision, roc_auc


def scores(odd: np.ndarray, score: np.ndarray, alarm: np.ndarray) -> dict[str, float]:
    """(N,) what is odd, its score 0..1, where an alarm was raised → all scores; NaN where the rows cannot tell."""
    found, there, raised = float((odd & alarm).sum()), float(odd.sum()), float(alarm.sum())
    own = np.where(odd, score, 1 - score)
    nothing = float("nan")
    return {
        "roc_auc": roc_auc(odd, score),
        "average_precision": average_precision(odd, score),
        "f1": 2 * found / (there + raised) if there + raised else nothing,
        "precision": found / raised if raised else nothing,
        "recall": found / there if there else nothing,
        "accuracy": average(odd == alarm),
        "alarm_rate": float(alarm[~odd].mean()) if (~odd).any() else nothing,
        "log_loss": average(-np.log(np.clip(own, 1e-15, 1))),
    }


def event_numbers(odd: np.ndarray) -> np.ndarray:
    """(N,) rows in order of time → the number of the event each odd row belongs to (rows side by side are one event),
    -1 for ordinary ones."""
    begins = odd & ~np.r_[False, odd[:-1]]
    return np.where(odd, np.cumsum(begins) - 1, -1)


def events_found(event: np.ndarray, alarm: np.ndarray) -> float:
    """Share of events during which at least one alarm was raised; NaN where there is none."""
    there = np.unique(event[event >= 0])
    return float(len(np.unique(event[(event >= 0) & alarm])) / len(there)) if len(there) else float("nan")
