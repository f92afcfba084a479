"""Scores of class probabilities, under scikit-learn's names."""

from __future__ import annotations

import numpy as np

BINS = 15


def scores(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """All scores of (N,) class numbers and (N, C) probabilities. A truth of -1 (a class unseen in training) counts as wrong in
    accuracy and is left out of the rest."""
    said = probability.argmax(1)
    out = {"accuracy": float((said == truth).mean()) if len(truth) else float("nan")}
    known = truth >= 0
    truth, probability, said = truth[known], probability[known], said[known]
    C = probability.shape[1]
    recalls, f1s = class_rates(truth, said, C)
    out |= {"f1_macro": float(np.mean(f1s)), "balanced_accuracy": float(np.nanmean(recalls))}
    if C == 2:
        y, p = truth == 1, probability[:, 1]
        out |= {"f1": binary_f1(truth, said), "roc_auc": roc_auc(y, p), "average_precision": average_precision(y, p)}
    else:
        out["roc_auc"] = float(np.nanmean([roc_auc(truth == k, probability[:, k]) for k in range(C)])) if C <= 50 else float("nan")
    own = probability[np.arange(len(truth)), truth]
    out |= {"log_loss": float(-np.log(np.clip(own, 1e-15, 1)).mean()), "brier": brier(truth, probability), "ece": ece(truth, probability)}
    return out


def class_rates(truth: np.ndarray, said: np.ndarray, C: int) -> tuple[np.ndarray, np.ndarray]:
    """(recall, F1) of each class; classes that neither occur nor are said are left out of F1."""
    support, claimed = np.bincount(truth, minlength=C), np.bincount(said, minlength=C)
    hits = np.bincount(truth[truth == said], minlength=C)
    recall = np.where(support > 0, hits / np.maximum(support, 1), np.nan)
    present = support + claimed > 0
    return recall, (2 * hits / np.maximum(support + claimed, 1))[present]


def binary_f1(truth: np.ndarray, said: np.ndarray) -> float:
    """F1 of the second class (in sorted order)."""
    hits = float(((truth == 1) & (said == 1)).sum())
    return 2 * hits / max(1.0, float((truth == 1).sum() + (said == 1).sum()))


def roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Mann–Whitney), ties shared; NaN where one class is absent."""
    positives = int(y.sum())
    if positives in (0, len(y)):
        return float("nan")
    order = np.argsort(p, kind="stable")
    _values, starts, counts = np.unique(p[order], return_index=True, return_counts=True)
    ranks = np.empty(len(p))
    ranks[order] = np.repeat(starts + (counts + 1) / 2, counts)
    return float((ranks[y].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives)))


def average_precision(y: np.ndarray, p: np.ndarray) -> float:
    """Area under precision–recall as scikit-learn sums it; NaN without positives."""
    if not y.any():
        return float("nan")
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(y[order])
    last = np.r_[np.diff(p[order]) != 0, True]  # ties count as one threshold
    precision, recall = (hits / np.arange(1, len(y) + 1))[last], (hits / hits[-1])[last]
    return float((np.diff(np.r_[0.0, recall]) * precision).sum())


def brier(truth: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared distance to the true one-hot vector; for two classes the customary half of it."""
    own = probability[np.arange(len(truth)), truth]
    total = (probability**2).sum(1) - 2 * own + 1
    return float(total.mean() / (2 if probability.shape[1] == 2 else 1))


def ece(truth: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error over equal bins of the stated confidence (Guo et al. 2017)."""
    sure, right = probability.max(1), (probability.argmax(1) == truth).astype(float)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, right - sure, minlength=BINS)
    return float(np.abs(gap).sum() / max(1, len(truth)))
