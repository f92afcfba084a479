"""Scores of forecasts, one number a window first: means over windows are all that is left to do, so that intervals are
quick."""

from __future__ import annotations

import numpy as np

INSIDE = (0.1, 0.9)  # the band


def graded(
    mean: np.ndarray, quantiles: np.ndarray, truth: np.ndarray, level: np.ndarray, naive: np.ndarray, levels: np.ndarray
) -> dict[str, np.ndarray]:
    """mean (N, H), quantiles (N, H, Q), truth (N, H) with NaN for gaps, level and naive (N,) → one number a window.

    mse of the mean, mae of the median; mase (Hyndman & Koehler 2006), smape in percent (Makridakis 1993); pinball:
    twice the mean quantile loss, size: the mean absolute value, both summed later for wql; inside: share of steps in
    the band of 80 %;
    away: squared distance from the mean of the training rows, which is 0: what the climatology misses by.
    """
    middle = quantiles[..., int(np.argmin(np.abs(levels - 0.5)))]
    gap = truth[..., None] - quantiles
    pinball = 2 * np.maximum(levels * gap, (levels - 1) * gap).mean(-1)
    error = np.abs(truth - middle)
    real, said = truth + level[:, None], middle + level[:, None]
    low, high = (quantiles[..., int(np.argmin(np.abs(levels - q)))] for q in INSIDE)
    inside = np.where(np.isfinite(truth), (truth >= low) & (truth <= high), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        smape = np.where(np.isfinite(truth), np.nan_to_num(200 * error / (np.abs(real) + np.abs(said))), np.nan)
        return {
            "squared": average((truth - mean) ** 2),
            "absolute": average(error),
            "scaled": average(error) / naive,
            "percent": average(smape),
            "pinball": average(pinball),
            "size": average(np.abs(real)),
            "inside": average(inside),
            "away": average(truth**2),
        }


def average(x: np.ndarray) -> np.ndarray:
    """(N, H) → (N,) the mean over steps that are known."""
    known = np.isfinite(x)
    return (np.where(known, x, 0.0).sum(1) / np.maximum(known.sum(1), 1)).astype(np.float64)


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """mse, mae (in deviations of the training rows), mase, wql (weighted quantile loss: CRPS over size), coverage of
    the band, skill (1 − mse over that of always saying the mean of the training rows, Murphy 1988: 0 = no better than
    the climatology, 1 = perfect), smape (%)."""
    scaled = records["scaled"]
    known = np.isfinite(scaled)
    return {
        "mse": float(records["squared"].mean()),
        "mae": float(records["absolute"].mean()),
        "mase": float(scaled[known].mean()) if known.any() else float("nan"),
        "wql": float(records["pinball"].sum() / max(1e-12, records["size"].sum())),
        "coverage": float(records["inside"].mean()),
        "skill": 1 - float(records["squared"].mean()) / max(1e-12, float(records["away"].mean())),
        "smape": float(records["percent"].mean()),
    }
