"""A trunk of residual blocks at the size of the picture as it came, without normalisation, which would forget how
bright it was (EDSR, Lim et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.tiled_inference import by_tiles

SIZE = {"small": (24, 3), "medium": (32, 4), "large": (64, 8)}  # channels, blocks


class Block(nn.Module):
    """(B, D, H, W) → the same shape: two 3 × 3 convolutions beside a short cut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x), inplace=True))


class Trunk(nn.Module):
    """grid (B, C, H, W) of any size → Features: pooled (B, 1, D) and a map (B, D, H, W). Large pictures are answered in
    tiles."""

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)), nn.Conv2d(width, width, 3, padding=1))
        self.width, self.halo = width, 2 * blocks + 2
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signal: Signal) -> Features:
        x = signal.data.contiguous(memory_format=torch.channels_last)
        x = self.work(x) if self.training else by_tiles(self.work, x, self.halo)
        return Features(x.mean((2, 3))[:, None], Signal(x, "grid"))

    def work(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return x + self.blocks(x)


class EDSR:
    takes = ("grid",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return Trunk(signal.data.shape[1], *SIZE[size])


BACKBONE = EDSR()
