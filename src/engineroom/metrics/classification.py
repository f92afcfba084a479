"""Scores of class probabilities, under scikit-learn's names."""

from __future__ import annotations

import numpy as np

BINS = 15
LEAST = float(np.finfo(np.float64).eps)  # probabilities below count as this, as in scikit-learn's log_loss
MANY = 50  # classes; beyond, one curve a class costs more than it tells


def scores(truth: np.ndarray, probability: np.ndarray, positive: int = 1) -> dict[str, float]:
    """All scores of (N,) class numbers and (N, C) probabilities, each over the same rows; NaN where the rows cannot
    tell.

    A truth from C on is a class that the predictor does not know, one of -1 none at all: such rows are wrong in every
    score, as scikit-learn counts them when the probabilities are given columns of zeros for these classes. `positive`
    is the class of `f1`, `roc_auc` and
    `average_precision` where there are two.
    """
    C, said = probability.shape[1], probability.argmax(1)
    truth = np.where(truth < 0, max(C, int(truth.max(initial=-1)) + 1), truth)
    new = max(C, int(truth.max(initial=-1)) + 1) - C
    probability = np.pad(probability, ((0, 0), (0, new))) if new else probability
    recalls, f1s = class_rates(truth, said, C + new)
    out = {"accuracy": average(said == truth), "f1_macro": average(f1s), "balanced_accuracy": average(recalls)}
    if C == 2:
        y, p = truth == positive, probability[:, positive]
        out |= {
            "f1": binary_f1(truth, said, positive),
            "roc_auc": roc_auc(y, p),
            "average_precision": average_precision(y, p),
        }
    else:
        out["roc_auc"] = (
            average([roc_auc(truth == k, probability[:, k]) for k in range(C + new)])
            if C + new <= MANY
            else float("nan")
        )
    own = probability[np.arange(len(truth)), truth]
    half = 2 if C == 2 else 1
    return out | {
        "log_loss": average(-np.log(np.clip(own, LEAST, 1))),
        "brier": brier(truth, probability) / half,
        "ece": ece(truth, probability),
    }


def average(values: np.ndarray | list[float]) -> float:
    """Mean of those that are numbers; NaN if there are none."""
    x = np.asarray(values, np.float64)
    x = x[~np.isnan(x)]
    return float(x.mean()) if len(x) else float("nan")


def class_rates(truth: np.ndarray, said: np.ndarray, C: int) -> tuple[np.ndarray, np.ndarray]:
    """(recall, F1) of each class; classes that neither occur nor are said are left out of F1."""
    support, claimed = np.bincount(truth, minlength=C), np.bincount(said, minlength=C)
    hits = np.bincount(truth[truth == said], minlength=C)
    recall = np.where(support > 0, hits / np.maximum(support, 1), np.nan)
    present = support + claimed > 0
    return recall, (2 * hits / np.maximum(support + claimed, 1))[present]


def binary_f1(truth: np.ndarray, said: np.ndarray, positive: int = 1) -> float:
    """F1 of one class."""
    hits = float(((truth == positive) & (said == positive)).sum())
    return (
        2 * hits / max(1.0, float((truth == positive).sum() + (said == positive).sum())) if len(truth) else float("nan")
    )


def roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    """Area under the ROC curve: how often a positive is ranked above a negative, ties counting half; NaN where one
    class is absent."""
    hits, misses = by_threshold(y, p)
    pairs = hits.sum() * misses.sum()
    return float((hits * (np.cumsum(misses) - misses / 2)).sum() / pairs) if pairs else float("nan")


def average_precision(y: np.ndarray, p: np.ndarray) -> float:
    """Area under precision–recall as scikit-learn sums it; NaN without positives."""
    if not y.any():
        return float("nan")
    hits, misses = (counts[::-1] for counts in by_threshold(y, p))
    found = np.cumsum(hits)
    return float((hits * found / (found + np.cumsum(misses))).sum() / found[-1])


def by_threshold(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(positives, negatives) at every distinct value of p, lowest first, as float64."""
    if not len(p):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(p)  # the order among equals does not matter, and need not be kept: six times faster
    starts = np.flatnonzero(np.r_[True, np.diff(p[order]) != 0])
    hits = np.add.reduceat(y[order].astype(np.float64), starts)
    return hits, np.diff(np.r_[starts, len(p)]) - hits


def brier(truth: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared distance to the true one-hot vector."""
    own = probability[np.arange(len(truth)), truth]
    return average((probability**2).sum(1) - 2 * own + 1)


def ece(truth: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error over equal bins of the stated confidence (Guo et al. 2017)."""
    sure, right = probability.max(1), (probability.argmax(1) == truth).astype(float)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, right - sure, minlength=BINS)
    return float(np.abs(gap).sum() / len(truth)) if len(truth) else float("nan")
