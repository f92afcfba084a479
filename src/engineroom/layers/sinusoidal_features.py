"""A number in waves: sines and cosines from slow to quick, so that small differences of it count (Vaswani et al.
2017)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Waves(nn.Module):
    """(B, 1) of 0 … 1 → (B, 2 · count)."""

    speeds: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("speeds", math.pi * 2.0 ** torch.linspace(-1, 6, count), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        angle = x.float() * self.speeds
        return torch.cat([angle.sin(), angle.cos()], 1)
