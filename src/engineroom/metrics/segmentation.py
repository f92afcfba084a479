"""Scores of class maps, from counts that add up over rows: overlap per class, pixels right, the curve of a two-class
probability."""

from __future__ import annotations

import numpy as np

BINS = 1024  # of log odds from -FAR to FAR: fine enough for three digits of an area under a curve
FAR = 21.0  # of a probability of 1e-9


def confusion(truth: np.ndarray, said: np.ndarray, classes: int) -> np.ndarray:
    """(…) class numbers each, truth ≥ `classes` where nobody knows → (C, C) pixels, true classes in rows."""
    known = truth < classes
    pairs = truth[known].astype(np.int64) * classes + said[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def overlap(counts: np.ndarray) -> np.ndarray:
    """(…, C, C) → (…, C) intersection over union (Jaccard 1901); NaN for a class that is neither there nor said."""
    both, union = parts(counts)
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


def dice(counts: np.ndarray) -> np.ndarray:
    """(…, C, C) → (…, C) twice the intersection over the sum of both (Dice 1945)."""
    both, union = parts(counts)
    return np.where(union > 0, 2 * both / np.maximum(union + both, 1), np.nan)


def parts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(…, C) pixels in both, pixels in either."""
    both = np.diagonal(counts, axis1=-2, axis2=-1)
    return both, counts.sum(-1) + counts.sum(-2) - both


def histogram(probability: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(BINS,) how many of the `chosen` pixels have log odds in each bin."""
    p = np.clip(probability[chosen].astype(np.float64), 1e-9, 1 - 1e-9)
    odds = np.log(p) - np.log1p(-p)
    return np.bincount(((odds + FAR) * (BINS / (2 * FAR))).astype(np.int64).clip(0, BINS - 1), minlength=BINS)


def threshold(place: int | np.ndarray) -> float:
    """The probability at which bin `place` begins."""
    return float(1 / (1 + np.exp(FAR - np.asarray(place) * (2 * FAR / BINS))))


def area(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Area under the ROC curve from (BINS,) counts of true and other pixels; pixels of one bin count half. NaN where
    one kind is missing."""
    total = float(positives.sum()) * float(negatives.sum())
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + 0.5 * negatives)).sum() / total) if total else float("nan")


def counts_from(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """(BINS, 2, 2): the confusion if everything from each bin on were called positive."""
    hit, alarm = (np.cumsum(h[::-1])[::-1] for h in (positives, negatives))
    rest, miss = negatives.sum() - alarm, positives.sum() - hit
    return np.stack([np.stack([rest, alarm], -1), np.stack([miss, hit], -1)], -2)


def scores(counts: np.ndarray, positives: np.ndarray | None, negatives: np.ndarray | None) -> dict[str, float]:
    """(N, C, C) counts a row (and for two classes (N, BINS) histograms) → scores over all pixels of all rows; NaN
    without rows."""
    whole = counts.sum(0)
    ious, total = overlap(whole), max(1, whole.sum())
    mean = float(np.nanmean(ious)) if np.isfinite(ious).any() else float("nan")
    out = {"mean_iou": mean, "pixel_accuracy": float(np.trace(whole) / total)}
    dices = dice(whole)
    out["mean_dice"] = float(np.nanmean(dices)) if np.isfinite(dices).any() else float("nan")
    if positives is not None and negatives is not None:
        out |= {"iou": float(ious[1]), "dice": float(dices[1]), "roc_auc": area(positives.sum(0), negatives.sum(0))}
    return {**out, "jaccard_distance": 1 - mean}
