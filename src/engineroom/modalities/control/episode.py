"""A target that nobody knows beforehand: how an episode goes. A cell is its seed; learnt is only on which scale rewards
are."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from ...environments._random_baseline import play_randomly
from .._base import Base


class Episode(Base):
    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        if "world" not in facts:
            return self.fit(values, limits=limits)
        _, sums = play_randomly(facts["world"], values.to_numpy())
        scale = float(sums.std()) if len(sums) else 0.0
        return {"scale": scale if scale > 1e-6 else 1.0, **facts}

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"scale": 1.0}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) int64."""
        return values.cast(pl.Int64, strict=False).fill_null(-1).to_numpy()


MODALITY = Episode()
