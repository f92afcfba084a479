"""Convolutions for someone who acts: no norm over the batch, for an actor sees one moment at a time, and the last map
is read place by place (Mnih et al. 2015)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config

# channels of the first map, width of what is read from the last
SIZES = {"small": (16, 128), "medium": (32, 256), "large": (64, 512)}
ROOM = 12  # rows and columns of the last map at most
GAIN = 2**0.5  # of a layer before a bend, so that signals keep their size


class Sight(nn.Module):
    """grid (B, C, H, W) → Features (B, 1, width) and the last map: halved by strides until it is small, then all of it
    read at once."""

    def __init__(self, channels: int, height: int, width: int, first: int, features: int, dropout: float) -> None:
        super().__init__()
        layers, now, sides = list[nn.Conv2d](), channels, (height, width)
        while max(sides) > ROOM:
            layers.append(nn.Conv2d(now, first, 3, stride=2, padding=1))
            now, sides = first, tuple((side + 1) // 2 for side in sides)  # type: ignore[assignment]
        for wide in (first, 2 * first)[len(layers) > 1 :]:
            layers.append(nn.Conv2d(now, wide, 3, padding=1))
            now = wide
        self.layers = nn.ModuleList(layers)
        self.read = nn.Linear(now * sides[0] * sides[1], features)
        self.drop = nn.Dropout(dropout)
        self.width = features
        for layer in (*self.layers, self.read):
            nn.init.orthogonal_(layer.weight, GAIN)
            nn.init.zeros_(layer.bias)

    def forward(self, signal: Signal) -> Features:
        x: Tensor = signal.data
        for layer in self.layers:
            x = F.relu(layer(x))
        return Features(self.drop(F.relu(self.read(x.flatten(1))))[:, None], Signal(x, "grid"))


class Backbone:
    takes = ("grid",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        _, channels, height, width = signal.data.shape
        return Sight(channels, height, width, *SIZES[size], config.model.dropout or 0.0)


BACKBONE = Backbone()
