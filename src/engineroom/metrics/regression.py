"""Scores of numbers and of their intervals, under scikit-learn's names."""

from __future__ import annotations

import numpy as np

NAMES = ("rmse", "mae", "r2", "median_ae", "spearman", "coverage")


def rank_correlation(truth: np.ndarray, said: np.ndarray) -> float:
    """Spearman's ρ, ties at their mean rank; NaN where all of one side are equal."""
    from scipy.stats import spearmanr

    if len(truth) < 2 or np.ptp(truth) == 0 or np.ptp(said) == 0:
        return float("nan")
    return float(spearmanr(truth, said).statistic)


def scores(truth: np.ndarray, said: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """All (N,) in the target's units; NaN without rows. R² is NaN where all truths are equal."""
    if not len(truth):
        return dict.fromkeys(NAMES, float("nan"))
    error = said - truth
    spread = float(((truth - truth.mean()) ** 2).mean())
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "r2": 1 - float((error**2).mean()) / spread if spread > 0 else float("nan"),
        "median_ae": float(np.median(np.abs(error))),
        "spearman": rank_correlation(truth, said),
        "coverage": float(((truth >= low) & (truth <= high)).mean()),
    }
