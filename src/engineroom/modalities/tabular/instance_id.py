"""A target that says who or what a row shows, where new ones will come: nothing is learnt of the names, equal names are
equal numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.files import blake
from ...core.protocols import State
from .._base import Base
from .category import to_strings


class Identity(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"distinct": int(to_strings(values).n_unique())}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) int64: 62 bits of each name's hash, -1 where there is none. The same name has the same number in every
        table."""
        names = to_strings(values)
        numbers = {name: int(blake(name.encode())[:16], 16) >> 2 for name in names.unique().drop_nulls()}
        return np.array([numbers.get(name, -1) for name in names], np.int64)


MODALITY = Identity()
