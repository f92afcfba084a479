"""Chance in the form of a row of numbers, with one more that says how much of it is chance: what a diffusion model of
tables reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...layers.sinusoidal_features import Waves
from .image_noise import Static

WIDEST = 20_000  # numbers a row
WAVES = 16  # sines and cosines of the amount


class Grain(Static):
    layouts = ("vector",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"width": 1}  # the task's facts know better

    def shape(self, state: State) -> tuple[int, ...]:
        return (state["width"],)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Row()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return 0 < state["width"] <= WIDEST and tensor.shape[1:] == (state["width"] + 1,)


class Row(nn.Module):
    """(B, W + 1) → vector Signal (B, W + 2 · WAVES): the amount in waves, so that small differences of it count."""

    def __init__(self) -> None:
        super().__init__()
        self.waves = Waves(WAVES)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(torch.cat([x[:, :-1].float(), self.waves(x[:, -1:])], 1), "vector")


MODALITY = Grain()
