"""A column of vectors of one length: embeddings of another model, words of a document, what is around a node of a
graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.files import blake
from ...core.protocols import State
from .._base import Base
from ..series.series import sparkline
from ..series.time_features import AsTheyAre

FEW = 2_000  # with fewer rows to learn from, half of the numbers are hidden at a time
HIDDEN = 0.5


class Vector(Base):
    layouts = ("vector",)
    signal_type = "vector"
    backbones = ("mlp",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        rows = to_rows(values.drop_nulls(), None, {})
        size = float(np.sqrt((rows**2).mean())) if rows.size else 1.0
        return {
            "width": rows.shape[1] if rows.size else 1,
            "scale": size if size > 0 else 1.0,
            "few": len(values) < FEW,
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, width) float32, of mean square 1 over the training rows; missing numbers are 0."""
        return (to_rows(values, state["width"], damaged) / state["scale"]).astype(np.float32)

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        if not state["few"]:
            return fields
        kept = torch.rand(fields[""].shape, generator=generator) >= HIDDEN
        return {**fields, "": fields[""] * kept / (1 - HIDDEN)}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return AsTheyAre()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.shape[1] == state["width"]

    def canonical(self, values: pl.Series) -> pl.Series:
        if isinstance(values.dtype, pl.Array):
            return pl.Series([blake(row.tobytes()) for row in values.to_numpy()])
        return pl.Series([str(cell) for cell in values.to_list()])

    def to_html(self, value: Any, state: State) -> str:
        return sparkline(np.asarray(value, float)[:, None]) if value is not None else "–"


def to_rows(values: pl.Series, width: int | None, damaged: dict[int, str]) -> np.ndarray:
    """(N, width) float64; a vector of another length is damaged."""
    if isinstance(values.dtype, pl.Array) and (width is None or values.dtype.shape[0] == width):
        return np.nan_to_num(values.to_numpy().astype(np.float64), posinf=0.0, neginf=0.0)
    cells = values.to_list()
    wide = width if width is not None else max((len(cell) for cell in cells if cell is not None), default=1)
    out = np.zeros((len(cells), wide))
    for row, cell in enumerate(cells):
        if cell is not None and len(cell) != wide:
            damaged[row] = f"holds {len(cell)} numbers where {wide} are usual"
        elif cell is not None:
            out[row] = np.nan_to_num(np.array([0.0 if v is None else v for v in cell], float), posinf=0.0, neginf=0.0)
    return out


MODALITY = Vector()
