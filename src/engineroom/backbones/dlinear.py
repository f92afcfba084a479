"""Linear maps of a series: its trend and what remains are handed to the head side by side (DLinear, Zeng et al.
2023)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config

SMOOTH = 25  # steps of the moving average, as in the paper
SPANS = 16  # of the history whose level and roughness the head may look at


class LinearNet(nn.Module):
    """sequence (B, T, C) → Features: the map holds (B, T, 2C) trend and remainder; pooled are level and roughness of
    its spans."""

    def __init__(self, steps: int, channels: int) -> None:
        super().__init__()
        self.span = min(SMOOTH, steps - 1 + steps % 2)
        self.spans = min(SPANS, steps)
        self.width = 2 * self.spans * channels

    def forward(self, signal: Signal) -> Features:
        x = signal.data.transpose(1, 2)
        trend = smooth(x, self.span)
        rest = x - trend
        levels = F.adaptive_avg_pool1d(x, self.spans)
        rough = F.adaptive_avg_pool1d(rest.square(), self.spans).clamp_min(1e-8).sqrt()
        pooled = torch.cat([levels, rough], 1).flatten(1)
        return Features(pooled[:, None], Signal(torch.cat([trend, rest], 1).transpose(1, 2), "sequence", signal.mask))


def smooth(x: Tensor, span: int) -> Tensor:
    """(B, C, T) → the moving average of `span` (odd) steps, the ends held."""
    half = span // 2
    return F.avg_pool1d(F.pad(x, (half, half), "replicate"), span, 1) if span > 1 else x


class Linear:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return LinearNet(*signal.data.shape[1:])


BACKBONE = Linear()
