"""Videos as blocks of space and time: convolutions over 3 × 3 × 3 neighbours (Tran et al. 2015), each beside a short
cut."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config

SIZE = {"small": 16, "medium": 32, "large": 64}  # first width
STAGES = 3


class Block(nn.Module):
    """(B, C, T, H, W) → (B, D, T/2, H/2, W/2): widen, halve, refine."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.widen = nn.Conv3d(inputs, outputs, 3, padding=1, bias=False)
        self.first = nn.BatchNorm3d(outputs)
        self.refine = nn.Conv3d(outputs, outputs, 3, padding=1, bias=False)
        self.second = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool3d(self.widen(x), 2, ceil_mode=True)
        x = F.relu(self.first(x))
        return F.relu(x + self.second(self.refine(x)))


class Net3D(nn.Module):
    """clip (B, T, C, H, W) → Features (B, 1, D)."""

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        widths = [channels, *(width * 2**stage for stage in range(STAGES))]
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in pairwise(widths)))
        self.drop = nn.Dropout(dropout)
        self.width = 2 * widths[-1]

    def forward(self, signal: Signal) -> Features:
        x = self.blocks(signal.data.transpose(1, 2))
        pooled = torch.cat([x.mean((2, 3, 4)), x.amax((2, 3, 4))], 1)
        return Features(self.drop(pooled)[:, None])


class CNN3D:
    takes = ("clip",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.2 if config.model.dropout is None else config.model.dropout
        return Net3D(signal.data.shape[2], SIZE[size], dropout)


BACKBONE = CNN3D()
