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
    """{score: (low, high)}. When time runs out, what was drawn must do (at least 50 draws)."""
    return percentile_intervals(
        score(records), resample_scores(score, records, n=n, seed=seed, budget_seconds=budget_seconds)
    )


def resample_scores(
    score: Score, records: RowResults, *, n: int = 300, seed: int = 0, budget_seconds: float = 4.0
) -> dict[str, np.ndarray]:
    """{score: (draws,)} on rows drawn with replacement. The same seed and number of rows draw the same rows, so that
    two models' draws are pairs."""
    drawn = [score(take(records, rows)) for rows in resamples(len(records["truth"]), n, seed, budget_seconds)]
    names = drawn[0] if drawn else score(records)
    return {name: np.array([one[name] for one in drawn]) for name in names}


def percentile_intervals(scores: dict[str, float], drawn: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """{score: (low, high)}.

    Rows drawn twice move some scores to one side (distances of distributions): where even the score itself lies
    outside, the interval is moved to have the score in its middle.
    """
    return {name: around(value, drawn[name]) for name, value in scores.items()}


def around(value: float, drawn: np.ndarray) -> tuple[float, float]:
    """The bounds of the draws, moved to the value where they miss it."""
    low, high = bounds(drawn)
    moved = value - float(np.nanmedian(drawn)) if len(drawn) and (value < low or value > high) else 0.0
    return low + moved, high + moved


def paired_interval(difference: float, a: np.ndarray, b: np.ndarray) -> tuple[float, float, float, float]:
    """(difference, low, high, p) of one score's paired draws a, b (draws,): the 95 % interval of a − b; p: how often
    the sign turns, two-sided."""
    count = min(len(a), len(b))  # the slower one may have drawn fewer
    drawn = a[:count] - b[:count]
    drawn = drawn[np.isfinite(drawn)]
    low, high = bounds(drawn)
    turned = min((drawn <= 0).mean(), (drawn >= 0).mean()) if len(drawn) else 0.5
    return difference, low, high, float(min(1.0, 2 * max(turned, 1 / max(1, len(drawn)))))


def paired_difference(
    score: Score, a: RowResults, b: RowResults, metric: str, *, n: int = 300, seed: int = 0, budget_seconds: float = 4.0
) -> tuple[float, float, float, float]:
    """(a − b, low, high, p) of one score on the same resampled rows."""
    ours, theirs = (
        resample_scores(score, r, n=n, seed=seed, budget_seconds=budget_seconds / 2)[metric] for r in (a, b)
    )
    return paired_interval(score(a)[metric] - score(b)[metric], ours, theirs)


def mean_interval(
    values: np.ndarray, generator: np.random.Generator, draws: int = 1_000
) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of the mean of values (N, …) over its rows: the 95 % percentile interval."""
    means = values[generator.integers(0, len(values), (draws, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high


def resamples(rows: int, n: int, seed: int, budget_seconds: float) -> Iterator[np.ndarray]:
    """(rows,) row numbers drawn with replacement, sorted: reading them in order is faster, and no score asks for the
    order."""
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
