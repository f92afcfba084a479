"""Chance as a column: each row's number is the seed of its noise, so the same row always gives the same picture;
training draws anew at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from ..series.time_features import AsTheyAre

SIZE = 64  # numbers a row


class Noise(Base):
    layouts = ("vector",)
    signal_type = "vector"
    backbones = ("mlp",)
    is_noise = True
    may_be_constant = True  # the same chance for all rows would still differ from step to step

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"size": SIZE}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, size) float32, standard normal."""
        seeds = values.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
        rows = [np.random.default_rng([7, abs(int(seed))]).standard_normal(state["size"], np.float32) for seed in seeds]
        return np.stack(rows) if rows else np.zeros((0, state["size"]), np.float32)

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        return {**fields, "": torch.randn(fields[""].shape, generator=generator)}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return AsTheyAre()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.shape[1] == state["size"]


MODALITY = Noise()
