"""A column of series: one or many channels, equal or unequal lengths, gaps filled by the straight line between
neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...core.schema import Column
from ...layers.augment import hide_stretch, warp_time
from .._base import Base
from ..masking._masked_regions import PLACES

LONGEST = 2_048  # steps; longer series are averaged down by a whole factor
LEVEL = 0.35  # of the spread of the series' own means: how far augmentation moves a channel


class Series(Base):
    layouts = ("sequence",)
    signal_type = "steps"
    backbones = ("cnn", "fcn", "rnn", "transformer", "mlp")
    ensemble = ("cnn", "fcn", "fcn", "fcn", "fcn")

    def detect(self, values: pl.Series) -> float:
        inner: Any = values.dtype
        while isinstance(inner, (pl.List, pl.Array)):
            inner = inner.inner
        return (
            0.95 if isinstance(values.dtype, (pl.List, pl.Array)) and inner.is_numeric() and inner != pl.UInt8 else 0.0
        )

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        known = [s for s in (to_steps(cell) for cell in values) if len(s)]
        if not known:
            return {"channels": 1, "stride": 1, "length": 0, "typical": 1, "mean": [0.0], "std": [1.0], "level": [0.0]}
        channels = max(s.shape[1] for s in known)
        lengths = {len(s) for s in known}
        stride = int(np.ceil(max(lengths) / LONGEST))
        typical = max(1, int(np.median([len(s) for s in known])) // stride)
        flat = np.concatenate([s for s in known if s.shape[1] == channels])
        mean, std = np.nanmean(flat, 0), np.nanstd(flat, 0)
        std = np.where(np.isfinite(std) & (std > 1e-9), std, 1.0)
        levels = np.std([bridge(s).mean(0) for s in known if s.shape[1] == channels], 0) / std
        return {
            "channels": channels,
            "stride": stride,
            "length": lengths.pop() // stride if len(lengths) == 1 else 0,
            "typical": typical,
            "mean": [float(m) for m in np.nan_to_num(mean)],
            "std": [float(s) for s in std],
            "level": [float(v) for v in levels],
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Ragged rows (T, channels) float32, standardised per channel; at most LONGEST steps."""
        rows = []
        for index, cell in enumerate(values):
            steps = to_steps(cell)
            if len(steps) and steps.shape[1] != state["channels"]:
                damaged[index] = f"has {steps.shape[1]} channels where training had {state['channels']}"
                steps = steps[:0]
            if not len(steps):
                if index not in damaged and cell is not None:
                    damaged[index] = "is a series of length 0"
                steps = np.zeros((1, state["channels"]))
            steps = np.clip((bridge(steps) - state["mean"]) / state["std"], -50, 50)
            rows.append(shrink(steps, state["stride"])[: 4 * LONGEST].astype(np.float32))
        return Ragged(np.concatenate(rows), np.array([len(r) for r in rows], np.int64))

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """As ragged rows are; where all are of one length there is no mask."""
        fields = super().collate(arrays, state)
        if state["length"] and bool(fields["_mask"].all()):
            del fields["_mask"]
        return fields

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """A little noise, a slightly different scale and level per channel, (B, T, C) → the same shape; padded steps
        stay 0.

        Levels move in proportion to how much those of the series differ anyway: where each series was standardised, not
        at all. Series of unequal length share no clock, so theirs may run faster and slower.
        """
        x, mask = fields[""], fields.get("_mask")
        B, _, C = x.shape
        x = x * (1 + 0.1 * torch.randn(B, 1, C, generator=generator))
        x = x + LEVEL * torch.tensor(state["level"]) * torch.randn(B, 1, C, generator=generator)
        x = x + 0.03 * torch.randn(x.shape, generator=generator)
        if not state["length"]:
            x = warp_time(x, mask, generator)
        return {**fields, "": x if mask is None else x * mask[..., None]}

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """As `augment`, faster here and slower there, and a stretch is missing."""
        own = self.augment(fields, states[0], generator)
        return {**own, "": hide_stretch(warp_time(own[""], own.get("_mask"), generator), generator)}

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        state = columns[0].state
        return {
            "kind": "steps",
            "columns": [columns[0].name],
            "shape": [min(PLACES, state["length"] or state["typical"]), state["channels"]],
        }

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Steps()

    def typical_length(self, state: State) -> int:
        return state["typical"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.shape[2] == state["channels"]

    def to_html(self, value: Any, state: State) -> str:
        return sparkline(to_steps(value))


class Steps(nn.Module):
    """(B, T, C) and mask → sequence Signal, unchanged: the backbone projects."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        if mask is None:
            return Signal(x, "sequence")
        return Signal(x * mask[..., None], "sequence", mask)


def to_steps(cell: Any) -> np.ndarray:
    """A cell (list of T numbers, or channel-major list of C lists) → (T, C) float64 with NaN for gaps."""
    if cell is None:
        return np.zeros((0, 1))
    cell = cell.to_list() if isinstance(cell, pl.Series) else list(cell)
    if not cell:
        return np.zeros((0, 1))
    channels = cell if isinstance(cell[0], (list, tuple, np.ndarray)) else [cell]
    longest = max(len(c) for c in channels)
    out = np.full((longest, len(channels)), np.nan)
    for i, channel in enumerate(channels):
        out[: len(channel), i] = np.array([np.nan if v is None else v for v in channel], float)
    return out


def bridge(steps: np.ndarray) -> np.ndarray:
    """Fill NaN and infinite gaps (T, C) linearly; a channel without any value becomes 0."""
    bad = ~np.isfinite(steps)
    if bad.any():
        steps = steps.copy()
        place = np.arange(len(steps))
        for c in np.flatnonzero(bad.any(0)):
            good = ~bad[:, c]
            steps[bad[:, c], c] = np.interp(place[bad[:, c]], place[good], steps[good, c]) if good.any() else 0.0
    return steps


def shrink(steps: np.ndarray, stride: int) -> np.ndarray:
    """Average every `stride` steps: (T, C) → (T // stride, C)."""
    if stride == 1 or len(steps) < stride:
        return steps
    T = len(steps) // stride * stride
    return steps[:T].reshape(-1, stride, steps.shape[1]).mean(1)


def sparkline(steps: np.ndarray, width: int = 240, height: int = 60) -> str:
    """Up to four channels as lines in a small SVG."""
    if not len(steps):
        return "<em>empty series</em>"
    steps = bridge(steps[:: max(1, len(steps) // width)])[:, :4]
    low, high = steps.min(), steps.max()
    y = height - 4 - (steps - low) / max(high - low, 1e-9) * (height - 8)
    x = np.linspace(2, width - 2, len(steps))
    paths = "".join(
        f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y[:, c], strict=True))}" fill="none" '
        f'stroke="currentColor" stroke-width="1.3" opacity="{1 - 0.22 * c:.2f}"/>'
        for c in range(steps.shape[1])
    )
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="series">{paths}</svg>'


MODALITY = Series()
