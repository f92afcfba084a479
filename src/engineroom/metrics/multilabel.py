"""Scores of label sets, under scikit-learn's names."""

from __future__ import annotations

import numpy as np

from .classification import average_precision


def scores(truth: np.ndarray, said: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """(N, L) 0/1, (N, L) 0/1, (N, L) probabilities."""
    both, total = (truth & said).sum(0), truth.sum(0) + said.sum(0)
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return {
        "f1_micro": float(2 * both.sum() / max(1, total.sum())),
        "f1_macro": float(np.mean(2 * both / np.maximum(total, 1))),
        "accuracy": float((truth == said).all(1).mean()),
        "hamming_loss": float((truth != said).mean()),
        "average_precision": float(np.nanmean([average_precision(truth[:, i] > 0, p[:, i]) for i in range(truth.shape[1])]))
        if truth.any()
        else float("nan"),
        "log_loss": float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean()),
    }
