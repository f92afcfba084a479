"""Recurrent networks: LSTM or GRU, read forwards and backwards; steps beyond a row's end are masked, not packed."""

from __future__ import annotations

import torch
from torch import nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.pooling import masked_max, masked_mean
from ..layers.recurrent import Recurrent

SIZE = {"small": (64, 1), "medium": (128, 1), "large": (256, 2)}


class RecurrentNet(nn.Module):
    """sequence (B, T, C) → Features: mean and maximum of the states over real steps."""

    def __init__(self, channels: int, width: int, layers: int, dropout: float, cell: str) -> None:
        super().__init__()
        self.drop_in, self.drop_out = nn.Dropout(dropout / 2), nn.Dropout(dropout)
        self.cells = Recurrent(channels, width, layers, cell=cell, dropout=dropout)
        self.width = 4 * width

    def forward(self, signal: Signal) -> Features:
        states = self.cells(self.drop_in(signal.data), signal.mask)
        pooled = torch.cat([masked_mean(states, signal.mask), masked_max(states, signal.mask)], 1)
        return Features(self.drop_out(pooled)[:, None], Signal(states, "sequence", signal.mask))


class RNN:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.3 if config.model.dropout is None else config.model.dropout
        return RecurrentNet(signal.data.shape[2], *SIZE[size], dropout, config.model.cell)


BACKBONE = RNN()
