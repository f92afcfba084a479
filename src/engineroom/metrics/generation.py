"""How good are made things beside real ones? Plain functions over features (N, F) of both."""

from __future__ import annotations

import numpy as np

from ..core.batch import RowResults

NEIGHBOURS = 5
MOST = 1_000  # of each kind compared pair by pair
COPIED = 0.01  # share of real test pictures that are nearer to a training picture


def frechet(real: np.ndarray, made: np.ndarray) -> float:
    """Fréchet distance of two normal distributions with the features' means and covariances (Heusel et al. 2017, there
    with Inception's features)."""
    if min(len(real), len(made)) < 2:
        return float("nan")
    gap = real.mean(0) - made.mean(0)
    a, b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, made))
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    return float(max(0.0, gap @ gap + np.trace(a) + np.trace(b) - 2 * cross))


def reach(points: np.ndarray) -> np.ndarray:
    """(N,) squared distance of each point to its k-th neighbour."""
    gaps = distances(points, points)
    k = min(NEIGHBOURS, len(points) - 1)
    return np.partition(gaps, k, axis=1)[:, k]


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, M) squared."""
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)


def precision_recall(real: np.ndarray, made: np.ndarray) -> tuple[float, float]:
    """(share of made ones that lie where real ones are, share of real ones that lie where made ones are) (Kynkäänniemi
    et al. 2019)."""
    if min(len(real), len(made)) < 2:
        return float("nan"), float("nan")
    gaps = distances(made, real)
    return float((gaps <= reach(real)[None]).any(1).mean()), float((gaps <= reach(made)[:, None]).any(0).mean())


def scores(records: RowResults) -> dict[str, float]:
    """ "truth" (N, F + 2) and "made" (N, F + 2): features, the kind it is taken for (NaN = unknown), how far the
    nearest training picture is.

    `as_asked`: the share of made pictures that are taken for the same kind as the real one whose row asked for them."""
    real, made = records["truth"], records["made"]
    precision, recall = precision_recall(real[:MOST, :-2], made[:MOST, :-2])
    near = np.quantile(real[:, -1], COPIED) if len(real) else 0.0
    known = np.isfinite(real[:, -2]) & np.isfinite(made[:, -2])
    asked = {"as_asked": float((real[known, -2] == made[known, -2]).mean())} if known.any() else {}
    return {
        "frechet": frechet(real[:, :-2], made[:, :-2]),
        **asked,
        "precision": precision,
        "recall": recall,
        "copied": float((made[:, -1] < near).mean()),
    }
