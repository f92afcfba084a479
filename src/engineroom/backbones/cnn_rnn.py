"""Videos frame by frame: a convolutional network looks at every frame and at what changed since the last, a recurrent
one follows them in time (Donahue et al. 2015)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.pooling import masked_max, masked_mean
from ..layers.recurrent import Recurrent
from .cnn import GridNet

SIZE = {"small": (24, 1, 64), "medium": (40, 1, 128), "large": (64, 2, 256)}  # first width, blocks a stage, states


class FrameNet(nn.Module):
    """clip (B, T, C, H, W) → Features and the states over time as a map."""

    def __init__(self, channels: int, side: int, width: int, blocks: int, states: int, dropout: float) -> None:
        super().__init__()
        self.look = GridNet(2 * channels, side, width, blocks, dropout)
        self.cells = Recurrent(self.look.width, states, 1, dropout=dropout)
        self.drop = nn.Dropout(dropout)
        self.width = 4 * states

    def forward(self, signal: Signal) -> Features:
        x = with_change(signal.data)
        B, T = x.shape[:2]
        seen = self.look(Signal(x.flatten(0, 1), "grid")).pooled[:, 0].view(B, T, -1)
        states = self.cells(seen, None)
        pooled = torch.cat([masked_mean(states, None), masked_max(states, None)], 1)
        return Features(self.drop(pooled)[:, None], Signal(states, "sequence"))


def with_change(x: Tensor) -> Tensor:
    """(B, T, C, H, W) → (B, T, 2C, H, W): each frame beside its difference to the one before; the first has none."""
    change = torch.zeros_like(x)
    change[:, 1:] = x[:, 1:] - x[:, :-1]
    return torch.cat([x, change], 2)


class Frames:
    takes = ("clip",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        _, _, channels, height, width = signal.data.shape
        dropout = 0.2 if config.model.dropout is None else config.model.dropout
        return FrameNet(channels, min(height, width), *SIZE[size], dropout)


BACKBONE = Frames()
