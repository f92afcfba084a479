"""What is said in frames: two convolutions that bring four frames to one, then an LSTM that reads both ways (Deep
Speech 2, Amodei et al. 2016)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.pooling import masked_mean
from ..layers.recurrent import Recurrent

SIZE = {"small": (96, 1), "medium": (128, 2), "large": (256, 3)}  # width, layers


class Listener(nn.Module):
    """sequence (B, T, C) → Features: mean of the states, and a map (B, ⌈T / 4⌉, 2 · width)."""

    def __init__(self, channels: int, width: int, layers: int, dropout: float, cell: str) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(channels, width, 5, 2, 2), nn.Conv1d(width, width, 5, 2, 2)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.drop = nn.Dropout(dropout)
        self.cells = Recurrent(width, width, layers, cell=cell, dropout=dropout)
        self.width = 2 * width

    def forward(self, signal: Signal) -> Features:
        x, mask = signal.data, signal.mask
        for conv, norm in zip((self.first, self.second), self.norms, strict=True):
            x = F.gelu(norm(conv(x.transpose(1, 2)).transpose(1, 2)))
            mask = None if mask is None else mask[:, ::2]
            x = x if mask is None else x * mask[..., None]  # what is not there says nothing to its neighbours
        states: Tensor = self.cells(self.drop(x), mask)
        return Features(masked_mean(states, mask)[:, None], Signal(states, "sequence", mask))


class Listens:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.2 if config.model.dropout is None else config.model.dropout
        return Listener(signal.data.shape[2], *SIZE[size], dropout, config.model.cell)


BACKBONE = Listens()
