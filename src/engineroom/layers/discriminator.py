"""Is this one of the real ones? A convolutional critic that is told what the picture is meant to be (projection, Miyato
& Koyama 2018)."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NARROW, WIDE = 32, 128  # channels of the first layer, and at most
LAST = 4  # side of the last map


class Critic(nn.Module):
    """(B, C, S, S) from -1 to 1 and, where there are conditions, (B, D) → (B,) how real."""

    def __init__(self, channels: int, side: int, condition: int = 0) -> None:
        super().__init__()
        widths = [min(WIDE, NARROW << k) for k in range((side // LAST).bit_length())]
        layers = [nn.Conv2d(channels + 1, widths[0], 3, padding=1)]
        layers += [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)]
        self.layers = nn.ModuleList(layers)
        self.gather = nn.Linear(widths[-1] * LAST * LAST, WIDE)
        self.score = nn.Linear(WIDE, 1)
        # what differs between kinds must count from the first step on
        self.level = nn.BatchNorm1d(condition, affine=False) if condition else None
        self.meant = nn.Linear(condition, WIDE, bias=False) if condition else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        # A batch without variety gives itself away (Karras et al. 2018). The root has no gradient at 0, where all
        # pictures are black.
        spread = (x.var(0, correction=0) + 1e-4).sqrt().mean().expand(len(x), 1, *x.shape[2:])
        x = torch.cat([x, spread], 1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        seen = F.leaky_relu(self.gather(x.flatten(1)), 0.2)
        out = self.score(seen)[:, 0]
        if self.meant is not None and self.level is not None and condition is not None:
            out = out + (self.meant(self.level(condition)) * seen).sum(1) / WIDE**0.5
        return out.float()
