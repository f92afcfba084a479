"""The examiner: grades any predictor's answers by the same code, with bootstrap intervals over rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..core.batch import Predictions, RowResults
from ..metrics.bootstrap import paired_interval, percentile_intervals, resample_scores


@dataclass(frozen=True)
class EvaluationResult:
    """What one predictor achieved on one set of rows."""

    name: str
    words: str
    records: RowResults
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    drawn: dict[str, np.ndarray]  # the scores on resampled rows, the same rows for every predictor
    seconds: float = 0.0  # to train
    rate: float = 0.0  # rows answered a second
    megabytes: float = 0.0
    calibration: dict[str, float] = field(default_factory=dict)


def examine(
    name: str, words: str, answers: Predictions, truth: np.ndarray, task, *, seed: int = 0, **facts
) -> EvaluationResult:
    """Grade `answers` against `truth`; scores and their 95 % intervals."""
    records = task.score_rows(answers, truth)
    scores = task.compute_metrics(records)
    drawn = resample_scores(task.compute_metrics, records, seed=seed)
    return EvaluationResult(name, words, records, scores, percentile_intervals(scores, drawn), drawn, **facts)


def paired(a: EvaluationResult, b: EvaluationResult, metric: str) -> tuple[float, float, float, float]:
    """(a − b, low, high, p) of one score over the same resampled rows."""
    return paired_interval(a.scores[metric] - b.scores[metric], a.drawn[metric], b.drawn[metric])
