"""Scores of label sets, under scikit-learn's names."""

from __future__ import annotations

import numpy as np

from .classification import average, average_precision


def scores(truth: np.ndarray, said: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """(N, L) 0/1, (N, L) 0/1, (N, L) probabilities; NaN without rows."""
    both, total = (truth & said).sum(0), truth.sum(0) + said.sum(0)
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return {
        "f1_micro": float(2 * both.sum() / max(1, total.sum())) if len(truth) else float("nan"),
        "f1_macro": average(2 * both / np.maximum(total, 1)) if len(truth) else float("nan"),
        "accuracy": average((truth == said).all(1)),
        "hamming_loss": average((truth != said).ravel()),
        "average_precision": average([average_precision(truth[:, i] > 0, p[:, i]) for i in range(truth.shape[1])]),
        "log_loss": average(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).ravel()),
    }
