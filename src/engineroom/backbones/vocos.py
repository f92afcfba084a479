"""Frames of sound and a first guess of their spectrum → what is to be done to it: blocks of one-dimensional
convolutions over time (ConvNeXt, Liu et al. 2022; for sound: Vocos, Siuzdak 2023). At a hundred steps a second a
processor's core is many times faster than real time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..modalities.audio.mel_frames import MELS

SIZE = {"small": (96, 3), "medium": (128, 4), "large": (384, 8)}  # width, blocks
WIDER = 3  # inside a block
SPAN = 7  # frames that a convolution sees
MIDDLE, SPREAD = -6.0, 4.0  # of the frames' logarithms
FELT = 0.5  # the power to which magnitudes are raised


class Block(nn.Module):
    """(B, D, N) → the same shape. Begins by adding little (Touvron et al. 2021)."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.over = nn.Conv1d(width, width, SPAN, padding=SPAN // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, WIDER * width), nn.Linear(WIDER * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1.0 / blocks))

    def forward(self, x: Tensor) -> Tensor:
        y = self.narrow(F.gelu(self.wide(self.norm(self.over(x).transpose(1, 2)))))
        return x + (self.scale * y).transpose(1, 2)


class Vocos(nn.Module):
    """sequence (B, N, MELS + 2 · bins) → Features: pooled (B, 1, D), and a map (B, N, D + 2 · bins): what was found out
    of every frame, beside the guess."""

    def __init__(self, inputs: int, width: int, blocks: int) -> None:
        super().__init__()
        self.bins = (inputs - MELS) // 2
        self.narrow = nn.Conv1d(inputs, width, SPAN, padding=SPAN // 2)
        self.first, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, blocks) for _ in range(blocks)))
        self.width = width

    def forward(self, signal: Signal) -> Features:
        mel, guess = signal.data.split([MELS, 2 * self.bins], 2)
        x = self.narrow(torch.cat([(mel - MIDDLE) / SPREAD, self.felt(guess)], 2).transpose(1, 2))
        x = self.blocks(self.first(x.transpose(1, 2)).transpose(1, 2)).transpose(1, 2)
        x = self.last(x)
        return Features(x.mean(1)[:, None], Signal(torch.cat([x.float(), guess], 2), "sequence", signal.mask))

    def felt(self, guess: Tensor) -> Tensor:
        """(B, N, 2 · bins) → the same, as loud as it is felt."""
        real, imaginary = guess.float().chunk(2, 2)
        return guess * ((real.square() + imaginary.square() + 1e-8) ** ((FELT - 1) / 2)).repeat(1, 1, 2)


class Backbone:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return Vocos(signal.data.shape[2], *SIZE[size])


BACKBONE = Backbone()
