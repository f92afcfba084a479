"""A target that is the row itself: nobody says anything of it. What is learnt is to know it again."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base


class Itself(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) int64 the number of the row."""
        return values.cast(pl.Int64).fill_null(0).to_numpy().astype(np.int64)


MODALITY = Itself()
