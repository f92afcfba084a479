"""When a forecast is made: circles for the hour, the weekday, the day of the month and the season; no trend, for there
is none to learn from.

A task makes such a column (seconds since 1970); a date of the user's own is one of kind datetime.
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

DAY = 86_400
PERIODS = (DAY, 7 * DAY, 365.25 / 12 * DAY, 365.25 * DAY)  # seconds


class TimeBudget(Base):
    layouts = ("vector",)
    signal_type = "path"
    backbones = ("mlp",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"circles": 2 * len(PERIODS)}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, 8) float32: sine and cosine of each turn."""
        seconds = values.cast(pl.Float64).fill_null(0.0).to_numpy()
        turns = 2 * np.pi * (seconds[:, None] / np.array(PERIODS) % 1)
        return np.concatenate([np.sin(turns), np.cos(turns)], 1).astype(np.float32)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return AsTheyAre()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] == state["circles"]


class AsTheyAre(nn.Module):
    """(B, D) → vector Signal."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(torch.nan_to_num(x), "vector")


MODALITY = TimeBudget()
