"""A column that only names its row. It is carried along and shown, never learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base, words_a_cell


class Identifier(Base):
    layouts = ()

    def detect(self, values: pl.Series) -> float:
        known = values.drop_nulls()
        if len(known) < 20 or values.dtype not in (pl.String, pl.Int32, pl.Int64, pl.UInt32, pl.UInt64):
            return 0.0
        unique = known.n_unique() / len(known)
        if values.dtype == pl.String:
            words = words_a_cell(known)
            return 0.9 if unique > 0.98 and words < 1.2 else 0.0
        name = values.name.lower()
        named = (
            name == "id"
            or name.endswith(("_id", " id"))
            or values.name.endswith("Id")
            or name in ("index", "row", "rownum", "uuid")
        )
        if unique <= 0.98:
            return 0.0
        steps = known.sort().diff().drop_nulls()
        counting = unique == 1.0 and len(steps) > 0 and (steps == 1).mean() > 0.95  # type: ignore[operator]
        return 0.95 if unique > 0.98 and (named or counting) else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        return np.zeros(len(values), np.uint8)

    def stem(self, states, width, layout):
        raise NotImplementedError("an identifier is never an input")


MODALITY = Identifier()
