"""Convolutional networks (LeCun et al. 1989; Krizhevsky et al. 2012): residual on grids, inception on series, n-gram
filters on text."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.conv import ConvNorm, ConvStep, InceptionBlock, ResidualBlock
from ..layers.pooling import masked_max, masked_mean, root_mean

GRID = {"small": (32, 1), "medium": (64, 1), "large": (96, 2)}  # first width, blocks a stage
SERIES = {"small": (16, 3), "medium": (32, 6), "large": (48, 9)}  # branch width, blocks
WORDS = {"small": 64, "medium": 160, "large": 256}  # filters of each length


class GridNet(nn.Module):
    """grid (B, C, H, W) → Features (B, 1, D) and the last map.

    Each stage widens, halves the picture by the strongest of four neighbours, then refines it by residual blocks: most
    of the arithmetic happens on small maps.
    """

    def __init__(self, channels: int, side: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__()
        stages = 3 if side >= 20 else 2
        stages += (side > 48) + (side > 80)
        layers: list[nn.Module] = [ConvNorm(channels, width // 2)]
        now = width // 2
        for stage in range(stages):
            wide = min(width * 2 ** max(0, stage - (stages - 3)), 4 * width)
            layers += [ConvNorm(now, wide, pool=True), *(ResidualBlock(wide) for _ in range(blocks))]
            now = wide
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.drop = nn.Dropout(dropout)
        self.width = 2 * now

    def forward(self, signal: Signal) -> Features:
        grid = self.layers(signal.data.contiguous(memory_format=torch.channels_last))
        pooled = torch.cat([grid.mean((2, 3)), grid.amax((2, 3))], 1)
        return Features(self.drop(pooled)[:, None], Signal(grid, "grid"))


class SeriesNet(nn.Module):
    """sequence (B, T, C) → Features: InceptionTime's blocks with a short cut over every three."""

    def __init__(self, channels: int, length: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__()
        longest = max(3, min(39, length // 2) | 1)
        sizes = tuple(max(3, (longest // part) | 1) for part in (1, 2, 4))
        out = 4 * width
        self.blocks = nn.ModuleList(InceptionBlock(channels if i == 0 else out, width, sizes) for i in range(blocks))
        self.shorts = nn.ModuleList(ConvStep(channels if i == 0 else out, out, 1) for i in range(blocks // 3))
        self.drop = nn.Dropout(dropout)
        self.width = out

    def forward(self, signal: Signal) -> Features:
        x, mask = signal.data.transpose(1, 2), signal.mask
        short = x
        for i, block in enumerate(self.blocks):
            x = block(x, mask)
            if i % 3 == 2:
                x = short = F.relu(x + self.shorts[i // 3](short, mask))
        steps = x.transpose(1, 2)
        return Features(self.drop(masked_mean(steps, mask))[:, None], Signal(steps, "sequence", mask))


class WordNet(nn.Module):
    """Token vectors (B, T, D) → Features: filters over 2 to 4 neighbours, the strongest answer of each (Kim 2014),
    beside the plain average."""

    def __init__(self, channels: int, filters: int, dropout: float) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(channels, filters, size, padding=size - 1) for size in (2, 3, 4))
        self.drop = nn.Dropout(dropout)
        self.width = 3 * filters + channels

    def forward(self, signal: Signal) -> Features:
        x, mask = signal.data.transpose(1, 2), signal.mask
        T = x.shape[2]
        maps = [F.relu(conv(x))[:, :, :T].transpose(1, 2) for conv in self.convs]
        pooled = [masked_max(m, mask) for m in maps] + [root_mean(signal.data, mask)]
        return Features(self.drop(torch.cat(pooled, 1))[:, None], Signal(torch.cat(maps, 2), "sequence", mask))


class CNN:
    takes = ("grid", "sequence")

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = config.model.dropout
        if signal.layout == "grid":
            _, channels, height, width = signal.data.shape
            return GridNet(channels, min(height, width), *GRID[size], 0.2 if dropout is None else dropout)
        length, channels = signal.data.shape[1:]
        if kind == "words":
            return WordNet(channels, WORDS[size], 0.5 if dropout is None else dropout)
        return SeriesNet(channels, length, *SERIES[size], 0.1 if dropout is None else dropout)


BACKBONE = CNN()
