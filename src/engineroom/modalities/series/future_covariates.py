"""What is known beforehand of the steps ahead (a price, a holiday, a weather forecast): H × F numbers, standardised, as
one vector.

A task makes such a column (`Array(Float32, H · F)`, the steps one after another).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from .time_features import AsTheyAre
from .window import windows


class Ahead(Base):
    layouts = ("vector",)
    signal_type = "path"
    backbones = ("mlp",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        x = windows(values, int(values.dtype.size), {})  # type: ignore[attr-defined]
        return {
            "mean": [float(m) for m in x.mean(0)],
            "std": [float(s) for s in np.where(x.std(0) > 1e-6, x.std(0), 1.0)],
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, H · F) float32."""
        x = windows(values, len(state["mean"]), damaged)
        return np.clip((x - np.array(state["mean"])) / np.array(state["std"]), -10, 10).astype(np.float32)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return AsTheyAre()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] == len(state["mean"])

    def canonical(self, values: pl.Series) -> pl.Series:
        from .window import MODALITY

        return MODALITY.canonical(values)


MODALITY = Ahead()
