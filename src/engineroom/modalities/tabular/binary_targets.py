"""A target of many yes-or-no questions a row, some of them never asked: gaps stay gaps, they are no "no"."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from .category import to_strings

YES, NO = ("1", "true", "yes", "y", "active", "positive"), ("0", "false", "no", "n", "inactive", "negative")


class Questions(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"values": [field.name for field in values.dtype.fields]}  # type: ignore[attr-defined]

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, questions) int8: 1 yes, 0 no, -1 not asked."""
        out = np.full((len(values), len(state["values"])), -1, np.int8)
        for place, name in enumerate(state["values"]):
            words = to_strings(values.struct.field(name)).str.to_lowercase()
            out[words.is_in(YES).fill_null(False).to_numpy(), place] = 1
            out[words.is_in(NO).fill_null(False).to_numpy(), place] = 0
            for row in np.flatnonzero((words.is_not_null() & (words != "") & ~words.is_in([*YES, *NO])).to_numpy())[:5]:
                damaged[int(row)] = f"{name} is {words[int(row)]!r}, neither yes nor no"
        return out


MODALITY = Questions()
