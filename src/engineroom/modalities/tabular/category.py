"""A column of categories: each training value gets an embedding; unseen and missing values share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.schema import Column
from .._base import Base
from ..masking._masked_values import MOST_CLASSES

MOST = 20_000  # more values than this cannot be learnt from one column; the rarest share the "unknown" code


class Category(Base):
    is_scalar = True
    is_categorical = True
    layouts = ("sequence", "vector")
    signal_type = "set"
    backbones = ("mlp", "transformer")

    def detect(self, values: pl.Series) -> float:
        if values.dtype in (pl.Boolean, pl.Categorical, pl.Enum):
            return 1.0
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls()
        distinct = known.n_unique()
        return 0.7 if distinct <= max(20, 0.2 * len(known)) else 0.35

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        counts = to_strings(values).drop_nulls().value_counts(sort=True)
        if counts.height > MOST:
            counts = counts.filter(pl.col("count") > 1).head(MOST)
        pairs = sorted(counts.rows(), key=lambda pair: natural(pair[0]))
        return {"values": [value for value, _ in pairs], "counts": [count for _, count in pairs]}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) int32: 0 = missing or never seen in training, k + 1 = the k-th training value."""
        known = pl.Series(state["values"], dtype=pl.String)
        codes = pl.Series(np.arange(1, len(known) + 1, dtype=np.int32))
        if not len(known):
            return np.zeros(len(values), np.int32)
        return to_strings(values).replace_strict(known, codes, default=0, return_dtype=pl.Int32).fill_null(0).to_numpy()

    def labels(self, values: pl.Series, state: State) -> list[str | None]:
        return to_strings(values).to_list()

    def rename_labels(self, values: pl.Series, state: State, names: Mapping[str, str]) -> pl.Series:
        return to_strings(values).replace(list(names), list(names.values()))

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        """Columns with one value have nothing to tell, those with very many are names."""
        maskable = [(place, one) for place, one in enumerate(columns) if 2 <= len(one.state["values"]) <= MOST_CLASSES]
        if not maskable:
            return None
        counts = [np.array(one.state["counts"], float) for _, one in maskable]
        facts = {
            "columns": [one.name for _, one in maskable],
            "places": [place for place, _ in maskable],
            "shape": [sum(len(one) for one in counts)],
        }
        return {"kind": "classes", **facts, "shares": [(one / one.sum()).round(7).tolist() for one in counts]}

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """(B, C) codes of each column's most common value."""
        common = [1 + int(np.argmax(state["counts"])) if state["counts"] else 0 for state in states]
        return torch.tensor(common, dtype=x.dtype).expand_as(x)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Embeddings([len(state["values"]) + 1 for state in states], width)


class Embeddings(nn.Module):
    """(B, C) codes → sequence Signal (B, C, D), one table for all columns with an offset each."""

    offsets: Tensor

    def __init__(self, sizes: Sequence[int], width: int) -> None:
        super().__init__()
        self.register_buffer("offsets", torch.tensor([0, *np.cumsum(sizes[:-1])], dtype=torch.long))
        self.table = nn.Embedding(int(sum(sizes)), width)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        self.bias = nn.Parameter(torch.zeros(len(sizes), width))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(self.table(x.long() + self.offsets) + self.bias, "sequence")


def to_strings(values: pl.Series) -> pl.Series:
    """One spelling per value, whatever type the file gave it: 1, 1.0 and "1" agree, true and "True" too."""
    if values.dtype.is_float():
        whole = values.is_finite() & (values == values.round(0)) & (values.abs() < 2**53)
        text = values.cast(pl.String)
        whole_text = values.fill_nan(None).cast(pl.Int64, strict=False).cast(pl.String)
        return pl.select(
            pl.when(whole).then(whole_text).otherwise(pl.when(values.is_nan()).then(None).otherwise(text))
        ).to_series()
    if values.dtype == pl.String:
        text = values.str.strip_chars()
        return pl.select(
            pl.when(text.is_in(["True", "False"])).then(text.str.to_lowercase()).otherwise(text)
        ).to_series()
    return values.cast(pl.String)


def natural(value: str) -> tuple[int, float, str]:
    """Sort key: numbers by size before words by spelling."""
    try:
        return (0, float(value), value)
    except ValueError:
        return (1, 0.0, value)


MODALITY = Category()
