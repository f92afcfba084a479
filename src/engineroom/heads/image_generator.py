"""Features → a picture: from a few large places to many small ones, doubled again and again (DCGAN, Radford et al.
2016).

What the picture is to be steers every stage, not only the first (feature-wise scales and shifts, Dumoulin et al. 2017).
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features

WIDEST, FINEST = 128, 32  # channels of the first stage and of the last
SMALL, STYLE = 4, 128  # side of the first map; numbers that steer the stages


class Stage(nn.Module):
    """(B, C, h, w), style (B, S) → (B, D, 2h, 2w)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs, affine=False)
        self.steer = nn.Linear(STYLE, 2 * outputs)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.norm(self.conv(F.interpolate(x, scale_factor=2, mode="nearest")))
        scale, shift = self.steer(style)[..., None, None].chunk(2, 1)
        return F.leaky_relu(x * (1 + scale) + shift, 0.2)


class Paint(nn.Module):
    """Features, all groups of columns beside one another → (B, K = 1, channels, side, side) from -1 to 1."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: tuple[int, int]) -> None:
        super().__init__()
        channels, side = outputs
        doublings = (side // SMALL).bit_length() - 1
        widths = [max(FINEST, WIDEST >> k) for k in range(doublings + 1)]
        inputs = sum(part.shape[-1] for part in example.parts)
        # chance and kind count alike
        self.norms = nn.ModuleList(nn.BatchNorm1d(part.shape[-1], affine=False) for part in example.parts)
        self.style = nn.Linear(inputs, STYLE)
        self.first = nn.Linear(STYLE, widths[0] * SMALL * SMALL)
        self.stages = nn.ModuleList(Stage(a, b) for a, b in itertools.pairwise(widths))
        self.last = nn.Conv2d(widths[-1], channels, 3, padding=1)
        for (
            module
        ) in self.modules():  # what differs between rows must outweigh what is the same for all from the first step on
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.orthogonal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # grey at first: where black and white are reached at once nothing more is learnt
        nn.init.orthogonal_(self.last.weight, 0.3)

    def forward(self, features: Features) -> Tensor:
        style = F.leaky_relu(
            self.style(
                torch.cat([norm(part.mean(1)) for norm, part in zip(self.norms, features.parts, strict=True)], 1)
            ),
            0.2,
        )
        x = self.first(style).view(len(style), -1, SMALL, SMALL)
        for stage in self.stages:
            x = stage(x, style)
        return torch.tanh(self.last(x).float())[:, None]


HEAD = Paint
