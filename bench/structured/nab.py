"""The score of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015): an early alarm inside a window of trouble counts, a
false one costs a little.

Each window counts once, by its earliest alarm; it is worth 1 at the window's beginning and nearly 0 at its end, a
missed one costs 1. An alarm outside costs up to 0.11, less just behind a window. The first 15 % of a series are never
judged. One threshold for all series is the one with the best sum, as the benchmark has it; 0 is what saying nothing
gets, 100 what a perfect detector gets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FOUND, FALSE, MISSED = 1.0, 0.11, 1.0  # weights of the profile "standard"
PROBATION, LONG = 0.15, 5_000  # of a series, of at most so many rows
FAR = 3.0  # window widths behind a window: from here on an alarm is plainly false

Windows = Sequence[tuple[int, int]]  # first and last row of each


def nab(scores: Sequence[np.ndarray], windows: Sequence[Windows]) -> dict[str, float]:
    """Scores (T,) and windows of each series → {"nab": 0 … 100, "threshold": from which score on an alarm is raised
    (infinite: never)}.

    NaN where there is no window at all.
    """
    said, gains, owners, total = [], [], [], 0
    for score, own in zip(scores, windows, strict=True):
        own = [window for window in own if window[0] >= probation(len(score))]  # as the benchmark's labeler does
        gain, owner = worth(len(score), own)
        judged = np.arange(len(score)) >= probation(len(score))
        said.append(np.asarray(score, np.float64)[judged])
        gains.append(gain[judged])
        owners.append(np.where(owner >= 0, owner + total, -1)[judged])
        total += len(own)
    if not total:
        return {"nab": float("nan"), "threshold": float("inf")}
    best, threshold = sweep(np.concatenate(said), np.concatenate(gains), np.concatenate(owners), total)
    return {"nab": float(100 * (best + MISSED * total) / ((FOUND + MISSED) * total)), "threshold": threshold}


def sweep(score: np.ndarray, gain: np.ndarray, owner: np.ndarray, windows: int) -> tuple[float, float]:
    """(the best sum over all thresholds, that threshold); rows of equal score are taken together."""
    parts = np.full(windows, -MISSED)
    outside, whole = 0.0, -MISSED * windows
    best, threshold = whole, float("inf")
    order = np.argsort(-score, kind="stable")
    for place, row in enumerate(order.tolist()):
        if (own := int(owner[row])) < 0:
            outside += gain[row]
        elif gain[row] > parts[own]:
            whole += gain[row] - parts[own]
            parts[own] = gain[row]
        last = place + 1 == len(order) or score[order[place + 1]] != score[row]
        if last and whole + outside > best:
            best, threshold = whole + outside, float(score[row])
    return best, threshold


def worth(rows: int, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """((T,) what an alarm at each row counts, (T,) the window it lies in or -1)."""
    gain, owner = np.full(rows, -FALSE), np.full(rows, -1)
    for number, (first, last) in enumerate(sorted(windows)):
        width = last - first + 1
        behind = np.arange(last + 1, rows)
        gain[behind] = FALSE * sigmoid((behind - last) / max(1, width - 1))
        inside = np.arange(first, last + 1)
        gain[inside] = FOUND * sigmoid(-(last - inside + 1) / width) / sigmoid(np.array(-1.0))
        owner[inside] = number
    return gain, owner


def sigmoid(place: np.ndarray) -> np.ndarray:
    """1 … -1 over the place in window widths: -1 at the beginning of a window, 0 at its end, from FAR on -1."""
    return np.where(place > FAR, -1.0, 2 / (1 + np.exp(np.clip(5 * place, -50, 50))) - 1)


def probation(rows: int) -> int:
    """How many rows at the beginning are not judged."""
    return int(min(np.floor(PROBATION * rows), PROBATION * LONG))
