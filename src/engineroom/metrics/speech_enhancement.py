"""How much of a sound is the sound? Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019), in dB."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def si_sdr(said: np.ndarray, true: np.ndarray) -> float:
    """Two (T,) → dB; silence says nothing and counts as −60."""
    said, true = (x.astype(np.float64) - x.mean(dtype=np.float64) for x in (said, true))
    power, own = float(true @ true), float(said @ said)
    if power < 1e-9 or own < 1e-9:
        return -60.0
    kept = (float(said @ true) / power) * true
    return float(
        np.clip(10 * np.log10(max(1e-12, float(kept @ kept)) / max(1e-12, float(((said - kept) ** 2).sum()))), -60, 60)
    )


def si_sdr_loss(said: Tensor, true: Tensor) -> Tensor:
    """(B, T) each → (B,) dB to be lowered."""
    said, true = said - said.mean(1, keepdim=True), true - true.mean(1, keepdim=True)
    kept = (said * true).sum(1, keepdim=True) / (true.square().sum(1, keepdim=True) + 1e-6) * true
    return -10 * torch.log10((kept.square().sum(1) + 1e-6) / ((said - kept).square().sum(1) + 1e-6))


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """`si_sdr` reached and `gain` over the recording as it came, in dB; `left_over`: distortion for one part of
    sound."""
    said, came = records["si_sdr"], records["truth"]
    return {
        "gain": float(np.mean(said - came)),
        "si_sdr": float(np.mean(said)),
        "left_over": float(np.mean(10 ** (-said / 20))),
    }


def by_level(records: dict[str, np.ndarray], edges: np.ndarray) -> list[float]:
    """Mean gain of the rows that came with a ratio between two edges; NaN where there is none."""
    place = np.digitize(records["truth"], edges[1:-1])
    gain = records["si_sdr"] - records["truth"]
    return [float(gain[place == k].mean()) if (place == k).any() else float("nan") for k in range(len(edges) - 1)]
