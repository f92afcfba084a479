"""A column whose cells are sets: several labels at once, as lists or as text joined by | ; or ,"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...parsing.label_sets import guess_labels, split_labels
from .._base import Base

MOST = 2_000


class Multilabel(Base):
    layouts = ("sequence", "vector")
    signal_type = "set"
    backbones = ("mlp", "transformer")

    def detect(self, values: pl.Series) -> float:
        if values.dtype == pl.List(pl.String):
            return 0.9
        if values.dtype != pl.String:
            return 0.0
        return 0.85 if guess_labels(values) else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        separator = separator_of(values)
        counts = Counter(label for labels in to_sets(values, separator) for label in set(labels))
        return {"values": sorted(label for label, _ in counts.most_common(MOST)), "separator": separator}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, labels) uint8 with 1 where the label is present."""
        place = {label: i for i, label in enumerate(state["values"])}
        out = np.zeros((len(values), len(place)), np.uint8)
        for row, labels in enumerate(to_sets(values, state.get("separator"))):
            out[row, [place[label] for label in labels if label in place]] = 1
        return out

    def labels(self, values: pl.Series, state: State) -> list[str | None]:
        return [label for cell in to_sets(values, state.get("separator")) for label in cell]

    def rename_labels(self, values: pl.Series, state: State, names: Mapping[str, str]) -> pl.Series:
        cells = [
            None if cell is None else [names.get(label, label) for label in row]
            for cell, row in zip(values, to_sets(values, state.get("separator")), strict=True)
        ]
        return pl.Series(values.name, cells, dtype=pl.List(pl.String))

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Bag(len(states[0]["values"]), width)

    def to_html(self, value: Any, state: State) -> str:
        return super().to_html(", ".join(value) if isinstance(value, (list, pl.Series)) else value, state)


class Bag(nn.Module):
    """(B, labels) → sequence Signal (B, 1, D)."""

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(labels, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(self.linear(x.to(torch.float32))[:, None], "sequence")


def to_sets(values: pl.Series, separator: str | None = None) -> list[list[str]]:
    """Cells as lists of labels; text is cut at the separator that was found in training, else at the one it is full
    of."""
    if values.dtype == pl.String:
        return split_labels(values, separator or separator_of(values))
    return [[str(label) for label in cell] if cell is not None else [] for cell in values.to_list()]


def separator_of(values: pl.Series) -> str:
    if values.dtype != pl.String:
        return "|"
    found = guess_labels(values, named=True, target=True)
    return found["separator"] if found else max("|;,", key="".join(values.drop_nulls().head(2000).to_list()).count)


MODALITY = Multilabel()
