"""A column of numbers: standardised, then embedded piecewise linearly over its own quantiles.

Source of the embedding: Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep Learning".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.schema import Column
from ...parsing.infer import infer, read_cells
from .._base import Base

BINS = 32  # places of quantiles, and as many again of the different values: rare large ones get a say
SAMPLE = 200_000  # quantiles of more rows than this are estimated on an even sample
FAR = 10.0  # standardised values beyond this are clipped: one typing error must not drive the network


class Number(Base):
    is_scalar = True
    layouts = ("sequence", "vector")
    signal_type = "set"
    backbones = ("mlp", "transformer")

    def detect(self, values: pl.Series) -> float:
        if values.dtype.is_numeric():
            return 0.8
        return 0.75 if values.dtype == pl.String and infer(values).convention["kind"] == "number" else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        x = to_floats(values)
        x = x[np.isfinite(x)]
        if not len(x):
            return {"mean": 0.0, "std": 1.0, "edges": [0.0, 1.0]}
        x = x[:: max(1, len(x) // SAMPLE)]
        low, high = np.quantile(x, [0.001, 0.999]) if len(x) > 1000 else (x.min(), x.max())
        core = np.clip(x, low, high)
        mean, std = float(core.mean()), float(core.std())
        if not np.isfinite(std) or std < 1e-12 * max(1.0, abs(mean)):
            std = 1.0
        scaled = np.clip((x - mean) / std, -FAR, FAR)
        places = np.linspace(0, 1, min(BINS, max(2, len(x) // 5)) + 1)
        edges = np.unique(np.concatenate([np.quantile(scaled, places), np.quantile(np.unique(scaled), places)]))
        if len(edges) < 2:
            edges = np.array([edges[0] - 0.5, edges[0] + 0.5])
        return {"mean": mean, "std": std, "edges": [round(float(e), 7) for e in edges]}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) float32, standardised by the training rows; missing and infinite values are NaN."""
        x = (to_floats(values) - state["mean"]) / state["std"]
        x[~np.isfinite(x)] = np.nan
        return np.clip(x, -FAR, FAR).astype(np.float32)

    def decode(self, values: pl.Series, state: State) -> np.ndarray:
        """The cells' own numbers (N,), float64; missing and infinite values are NaN."""
        x = to_floats(values)
        x[~np.isfinite(x)] = np.nan
        return x

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        return {"kind": "numbers", "columns": [one.name for one in columns], "shape": [len(columns)]}

    def opposite(self, codes: Tensor, state: State) -> Tensor:
        """Standardised (B, …) → the same numbers with the other sign, in the number's own units."""
        return -codes - 2 * state["mean"] / state["std"]

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return PiecewiseLinear([state["edges"] for state in states], width)

    def to_html(self, value: Any, state: State) -> str:
        return f"{value:.6g}" if isinstance(value, (int, float)) else super().to_html(value, state)


class PiecewiseLinear(nn.Module):
    """(B, C) standardised numbers with NaN for missing → sequence Signal (B, C, D): one token a column."""

    edges: Tensor
    widths: Tensor

    def __init__(self, edges: Sequence[Sequence[float]], width: int) -> None:
        super().__init__()
        bins = max(len(e) for e in edges) - 1
        left = torch.zeros(len(edges), bins)
        widths = torch.full((len(edges), bins), torch.inf)  # unused bins stay at 0 for every value
        for column, e in enumerate(edges):
            points = torch.tensor(e, dtype=torch.float32)
            left[column, : len(e) - 1] = points[:-1]
            widths[column, : len(e) - 1] = (points[1:] - points[:-1]).clamp_min(1e-6)
        self.register_buffer("edges", left)
        self.register_buffer("widths", widths)
        self.linear = nn.Parameter(torch.randn(len(edges), width) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(len(edges), width))
        self.pieces = nn.Parameter(torch.randn(len(edges), bins, width) * 0.05 / bins**0.5)
        self.missing = nn.Parameter(torch.randn(len(edges), width) / width**0.5)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        absent = torch.isnan(x)
        x = torch.where(absent, 0.0, x)
        share = ((x[..., None] - self.edges) / self.widths).clamp(0.0, 1.0)  # (B, C, bins)
        token = x[..., None] * self.linear + self.bias + torch.einsum("bcn,cnd->bcd", share, self.pieces)
        return Signal(torch.where(absent[..., None], self.missing, token), "sequence")


def to_floats(values: pl.Series) -> np.ndarray:
    """(N,) float64; what is no number is NaN. Text is read cell by cell as plain numbers: a table's conventions have
    typed the others."""
    dtype = values.dtype
    if dtype.is_float() or dtype.is_integer():  # without polars' expressions, which cost a wide table a minute
        return values.to_numpy().astype(np.float64, copy=True)
    if dtype == pl.String:
        values = values.str.strip_chars()
    elif values.dtype.is_nested() or values.dtype == pl.Binary:
        return np.full(len(values), np.nan)
    elif values.dtype.is_temporal():
        values = read_cells(values, {"kind": "duration"}) if values.dtype == pl.Duration else to_seconds(values)
    return values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().astype(np.float64, copy=True)


def to_seconds(values: pl.Series) -> pl.Series:
    """Moments as seconds since 1970, times of day as seconds since midnight."""
    if values.dtype == pl.Time:
        return values.cast(pl.Int64) / 1e9
    return values.cast(pl.Datetime("us"), strict=False).cast(pl.Int64) / 1e6


MODALITY = Number()
