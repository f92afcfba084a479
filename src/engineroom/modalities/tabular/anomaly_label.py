"""A column that says which rows are out of the ordinary, and of what kind those are that only test. A target only."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base

NORMAL, ANOMALY = "normal", "anomaly"


class Oddity(Base):
    is_categorical = True

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """Nothing is learnt from values: the task says as `facts` which kinds of anomaly there are."""
        return {"values": [NORMAL, ANOMALY]}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) uint8: 0 ordinary, 1 odd, from 2 on odd and of a kind that has a name."""
        known = pl.Series(state["values"], dtype=pl.String)
        codes = pl.Series(np.arange(len(known), dtype=np.uint8))
        return (
            values.cast(pl.String)
            .fill_null(NORMAL)
            .replace_strict(known, codes, default=1, return_dtype=pl.UInt8)
            .to_numpy()
        )


MODALITY = Oddity()
