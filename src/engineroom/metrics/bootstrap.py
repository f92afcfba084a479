"""How far a score would move on other test rows: 95 % percentile intervals over resampled rows (Efron 1979)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from ..core.batch import RowResults
from ..core.seeds import numpy_generator

Score = Callable[[RowResults], dict[str, float]]
LEAST = 50


def intervals(
    score: Score, records: RowResults, *, n: int = 300, seed: int = 0, budget_seconds: float = 4.0
) -> dict[str, tuple[float, float]]:
    """{score: (low, high)}. When time runs out, what was drawn must do (at least 50 draws).

    Rows drawn twice move some scores to one side (distances of distributions): where even the score itself lies outside, the interval is moved
    to have the score in its middle.
    """
    whole = score(records)
    draws: dict[str, list[float]] = {name: [] for name in whole}
    for rows in resamples(len(records["truth"]), n, seed, budget_seconds):
        for name, value in score(take(records, rows)).items():
            draws[name].append(value)
    return {name: around(whole[name], np.array(values)) for name, values in draws.items()}


def around(value: float, drawn: np.ndarray) -> tuple[float, float]:
    """The bounds of the draws, moved to the value where they miss it."""
    low, high = bounds(drawn)
    moved = value - float(np.nanmedian(drawn)) if len(drawn) and (value < low or value > high) else 0.0
    return low + moved, high + moved


def paired_difference(
    score: Score,
    a: RowResults,
    b: RowResults,
    metric: str,
    *,
    score_b: Score | None = None,
    n: int = 300,
    seed: int = 0,
    budget_seconds: float = 4.0,
) -> tuple[float, float, float, float]:
    """(a − b, low, high, p) of one score on the same resampled rows; p: how often the sign turns, two-sided. `score_b` where b's records
    are read by another's score."""
    other = score_b or score
    difference = score(a)[metric] - other(b)[metric]
    drawn = np.array(
        [score(take(a, rows))[metric] - other(take(b, rows))[metric] for rows in resamples(len(a["truth"]), n, seed, budget_seconds)]
    )
    drawn = drawn[np.isfinite(drawn)]
    low, high = bounds(drawn)
    turned = min((drawn <= 0).mean(), (drawn >= 0).mean()) if len(drawn) else 0.5
    return difference, low, high, float(min(1.0, 2 * max(turned, 1 / max(1, len(drawn)))))


def resamples(rows: int, n: int, seed: int, budget_seconds: float) -> Iterator[np.ndarray]:
    """(rows,) row numbers drawn with replacement, sorted: reading them in order is faster, and no score asks for the order."""
    generator = numpy_generator(seed, "bootstrap")
    begun = time.perf_counter()
    for draw in range(n if rows else 0):
        if draw >= LEAST and time.perf_counter() - begun > budget_seconds:
            return
        yield np.repeat(np.arange(rows), np.bincount(generator.integers(0, rows, rows), minlength=rows))


def take(records: RowResults, rows: np.ndarray) -> RowResults:
    return {name: values[rows] for name, values in records.items()}


def bounds(values: np.ndarray) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
