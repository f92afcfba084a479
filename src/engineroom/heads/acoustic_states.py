"""A few states for every step of a sequence, as letters have when they are spoken: what each sounds like, and how long
it lasts."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from .token_classifier import padded


class States(nn.Module):
    """Features with a map (B, U, D) → (B, 1, U, outputs). Without dropout: what is to be said is a sound, and chance
    would blur it."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.norm, self.wide = nn.LayerNorm(width), nn.Linear(width, 2 * width)
        self.linear = nn.Linear(2 * width, outputs)

    def forward(self, features: Features) -> Tensor:
        steps = features.map
        assert steps is not None
        return padded(self.linear(F.gelu(self.wide(self.norm(steps.data)))).float(), steps.mask)[:, None]


HEAD = States
