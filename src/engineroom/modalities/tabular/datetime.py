"""A column of dates or times: a straight line for the trend, and circles for the hour, the weekday and the season."""

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
from ...parsing.infer import infer, read_cells
from .._base import Base

FEATURES = 9  # trend, and sine and cosine of hour, weekday, day of the month, day of the year


class Datetime(Base):
    layouts = ("sequence", "vector")
    signal_type = "set"
    backbones = ("mlp", "transformer")
    is_scalar = True

    def detect(self, values: pl.Series) -> float:
        if values.dtype.is_temporal():
            return 1.0
        if values.dtype != pl.String:
            return 0.0
        return 0.95 if infer(values).convention["kind"] in ("datetime", "time") else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        convention = convention_of(values)
        seconds = to_timestamps(values, convention).drop_nulls()
        low, high = (float(seconds.min()), float(seconds.max())) if len(seconds) else (0.0, 1.0)  # type: ignore[arg-type]
        return {"low": low, "high": max(high, low + 1.0), "convention": convention}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, 9) float32; a missing date is NaN throughout."""
        seconds = to_timestamps(values, state.get("convention")).cast(pl.Float64).fill_null(np.nan).to_numpy()
        trend = 2 * (seconds - state["low"]) / (state["high"] - state["low"]) - 1
        moments = pl.from_epoch(pl.Series(np.nan_to_num(seconds)).cast(pl.Int64), time_unit="s")
        turns = [
            seconds / 86400 % 1,
            (seconds / 86400 + 3) / 7 % 1,
            (moments.dt.day().to_numpy() - 1) / 31,
            moments.dt.ordinal_day().to_numpy() / 365.25,
        ]
        circles = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
        out = np.stack([np.clip(trend, -3, 3), *circles], 1).astype(np.float32)
        out[np.isnan(seconds)] = np.nan
        return out

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Calendar(len(states), width)


class Calendar(nn.Module):
    """(B, C, 9) calendar features → sequence Signal (B, C, D)."""

    def __init__(self, columns: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(columns, FEATURES, width) / FEATURES**0.5)
        self.bias = nn.Parameter(torch.zeros(columns, width))
        self.missing = nn.Parameter(torch.zeros(columns, width))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        absent = torch.isnan(x[..., :1])
        token = torch.einsum("bcf,cfd->bcd", torch.nan_to_num(x), self.weight) + self.bias
        return Signal(torch.where(absent, self.missing, token), "sequence")


def to_timestamps(values: pl.Series, convention: Mapping[str, Any] | None = None) -> pl.Series:
    """Seconds since 1970 (Int64), null where there is no date. Text is read by the convention that was found in
    training, else by its own."""
    if values.dtype == pl.String:
        values = read_cells(values, convention or convention_of(values) or {"kind": "datetime", "order": "ymd"})
    if values.dtype == pl.String:
        values = pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us"))
    if values.dtype == pl.Time:
        return values.cast(pl.Int64) // 1_000_000_000
    if values.dtype == pl.Duration:
        return values.dt.total_seconds()
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Boolean):
        return pl.Series(values.name, [None] * len(values), dtype=pl.Int64)
    if values.dtype.is_numeric():
        return values.cast(pl.Float64).fill_nan(None).cast(pl.Int64, strict=False)
    return values.cast(pl.Datetime("us"), strict=False).dt.epoch("s")


def convention_of(values: pl.Series) -> dict[str, Any] | None:
    """How a column of text writes its dates."""
    found = infer(values).convention if values.dtype == pl.String else None
    return found if found is not None and found["kind"] in ("datetime", "time", "duration") else None


MODALITY = Datetime()
