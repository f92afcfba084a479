"""Convolutional blocks: residual for pictures (He et al. 2016), inception (Ismail Fawaz et al. 2020) and plain steps
(Wang et al. 2017) for series."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .norm import SequenceNorm


class ConvNorm(nn.Module):
    """Convolution, (2×2 maximum,) batch normalisation, activation: (B, C, H, W) → (B, D, H, W), halved with `pool`.

    The maximum comes before the normalisation, which then works on a quarter of the numbers.
    """

    def __init__(self, inputs: int, outputs: int, size: int = 3, *, pool: bool = False, activate: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.pool, self.activate = pool, activate

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.norm(F.max_pool2d(x, 2, ceil_mode=True) if self.pool else x)
        return F.relu(x, inplace=True) if self.activate else x


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a short cut: (B, C, H, W) → the same shape. Starts as the identity (Goyal et al.
    2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvNorm(width, width)
        self.second = ConvNorm(width, width, activate=False)
        nn.init.zeros_(self.second.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x)) + x, inplace=True)


class InceptionBlock(nn.Module):
    """Parallel convolutions of several lengths over time: (B, C, T) → (B, 4·width, T); padded steps stay 0."""

    def __init__(self, inputs: int, width: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        narrow = min(width, inputs)
        self.squeeze = nn.Conv1d(inputs, narrow, 1, bias=False) if inputs > 1 else nn.Identity()
        self.branches = nn.ModuleList(
            nn.Conv1d(narrow if inputs > 1 else inputs, width, size, padding=size // 2, bias=False) for size in sizes
        )
        self.pooled = nn.Conv1d(inputs, width, 1, bias=False)
        self.norm = SequenceNorm(width * (len(sizes) + 1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        narrow = self.squeeze(x)
        parts = [branch(narrow) for branch in self.branches]
        if mask is not None:  # a padded 0 must not pass for the largest neighbour
            x = x.masked_fill(~mask[:, None], torch.finfo(x.dtype).min)
        strongest = F.max_pool1d(x, 3, 1, 1)
        parts.append(self.pooled(strongest if mask is None else strongest * mask[:, None]))
        return F.relu(self.norm(torch.cat(parts, 1), mask))


class ConvStep(nn.Module):
    """1-D convolution, masked normalisation, activation: (B, C, T) → (B, D, T)."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, size, padding=size // 2, bias=False)
        self.norm = SequenceNorm(outputs)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return F.relu(self.norm(self.conv(x), mask))
