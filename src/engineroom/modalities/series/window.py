"""A column of windows: the last steps of one channel of a series, normalised by their own mean and deviation.

A task makes such a column (`Array(Float32, T)`); it is never guessed, a series of the user's own is one of kind series.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from .series import sparkline

FLOOR = 0.01  # least deviation of a window, in deviations of its channel: a flat window has no scale of its own


class Window(Base):
    layouts = ("sequence",)
    signal_type = "path"
    backbones = ("dlinear", "transformer", "rnn")

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"steps": int(values.dtype.size)}  # type: ignore[attr-defined]

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, T) float32, in units of the channel; a missing window is damaged."""
        return windows(values, state["steps"], damaged)

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """(B, T) → {"": (B, T, 1) normalised, "_scale": (B, 2) the mean and the deviation that were taken out} (Kim et
        al. 2022, RevIN)."""
        x = torch.from_numpy(np.ascontiguousarray(arrays))
        mean, deviation = x.mean(1), x.std(1, correction=0).clamp_min(FLOOR)
        return {"": ((x - mean[:, None]) / deviation[:, None])[..., None], "_scale": torch.stack([mean, deviation], 1)}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Steps()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 3 and tensor.shape[1:] == (state["steps"], 1)

    def canonical(self, values: pl.Series) -> pl.Series:
        """A number a window, alike for equal windows."""
        x = windows(values, int(values.dtype.size), {}).view(np.uint32).astype(np.uint64)  # type: ignore[attr-defined]
        factors = np.random.default_rng(0).integers(1, 2**63, x.shape[1], dtype=np.uint64) | np.uint64(1)
        return pl.Series((x * factors).sum(1, dtype=np.uint64))

    def to_html(self, value: Any, state: State) -> str:
        return sparkline(np.asarray(value, float)[:, None]) if value is not None else ""


class Steps(nn.Module):
    """(B, T, 1) → sequence Signal, unchanged: the backbone projects."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(x, "sequence")


def windows(values: pl.Series, steps: int, damaged: dict[int, str]) -> np.ndarray:
    """Array cells → (N, steps) float32, 0 where there is none; another width or a gap is damaged."""
    if not isinstance(values.dtype, pl.Array) or values.dtype.size != steps:
        damaged |= {row: f"is no window of {steps} steps" for row in range(len(values))}
        return np.zeros((len(values), steps), np.float32)
    absent = np.flatnonzero(values.is_null().to_numpy())
    damaged |= {int(row): f"has fewer than the {steps} steps that the model looks back on" for row in absent}
    flat = values.explode(keep_nulls=False, empty_as_null=False).to_numpy() if len(absent) else values.to_numpy()
    out = np.zeros((len(values), steps), np.float32)
    out[~values.is_null().to_numpy()] = np.asarray(flat, np.float32).reshape(-1, steps)
    if (odd := np.flatnonzero(~np.isfinite(out).all(1))).size:
        damaged |= {int(row): "holds values that are no numbers" for row in odd}
        out[odd] = 0.0
    return out


MODALITY = Window()
