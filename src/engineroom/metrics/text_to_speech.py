"""How far is speech that was made from speech that was recorded? Mel-cepstral distortion in dB after the clocks were
brought together (Kubichek 1993)."""

from __future__ import annotations

import numpy as np

CEPSTRA = 13
SCALE = 10 / np.log(10) * np.sqrt(2)


def cepstra(mel: np.ndarray) -> np.ndarray:
    """(T, mels) natural logarithm of power → (T, CEPSTRA) of amplitude, loudness left out."""
    from scipy.fft import dct

    found: np.ndarray = dct(mel / 2, axis=1, norm="ortho")[:, 1 : CEPSTRA + 1] / np.sqrt(mel.shape[1] / 2)
    return found


def distortion(said: np.ndarray, true: np.ndarray) -> float:
    """Mean over the best warping path between (S, mels) and (T, mels), in dB."""
    if not len(said) or not len(true):
        return float("nan")
    a, b = cepstra(said), cepstra(true)
    cost = np.sqrt(np.maximum(0, (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T))
    total, steps = warped(cost)
    return float(SCALE * total / steps)


def warped(cost: np.ndarray) -> tuple[float, int]:
    """(sum, steps) of the cheapest way from corner to corner of (S, T), one diagonal after the other."""
    S, T = cost.shape
    best = np.full((S + 1, T + 1), np.inf)
    count = np.zeros((S + 1, T + 1), int)
    best[0, 0] = 0
    for d in range(2, S + T + 1):
        i = np.arange(max(1, d - T), min(S, d - 1) + 1)
        j = d - i
        ways = np.stack([best[i - 1, j - 1], best[i - 1, j], best[i, j - 1]])
        pick = ways.argmin(0)
        best[i, j] = ways.min(0) + cost[i - 1, j - 1]
        count[i, j] = np.stack([count[i - 1, j - 1], count[i - 1, j], count[i, j - 1]])[pick, np.arange(len(i))] + 1
    return float(best[S, T]), int(count[S, T])


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """`mcd` in dB; `length`: how much too long or short, as a share."""
    return {
        "mcd": float(np.nanmean(records["mcd"])),
        "length": float(np.abs(records["frames"] / records["truth"] - 1).mean()),
    }
