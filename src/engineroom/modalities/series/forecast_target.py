"""A target of steps ahead: `Array(Float32, H + 2)`. The last two numbers are no steps but the yardsticks of the
channel: its level and the mean error of its seasonal naive forecast, both in deviations of its training rows, as the
steps are. A gap is NaN and is not judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base

YARDSTICKS = 2


class Path(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"steps": int(values.dtype.size) - YARDSTICKS}  # type: ignore[attr-defined]

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, H + 2) float32; a missing path is NaN throughout."""
        width = state["steps"] + YARDSTICKS
        if not isinstance(values.dtype, pl.Array) or values.dtype.size != width:
            damaged |= {row: f"is no path of {state['steps']} steps" for row in range(len(values))}
            return np.full((len(values), width), np.nan, np.float32)
        return np.asarray(values.to_numpy(), np.float32)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.shape[1:] == (state["steps"] + YARDSTICKS,)


MODALITY = Path()
