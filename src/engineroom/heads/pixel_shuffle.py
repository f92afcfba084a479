"""What is to be added to a picture, at its own size or enlarged: a square of answers for every place, spread out
(ESPCN, Shi et al. 2016)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features

COLOURS = 3


class EnlargeHead(nn.Module):
    """Map (B, D, H, W) → (B, K = 1, 3, outputs · H, outputs · W): `outputs` is the scale. Begins by adding next to
    nothing."""

    maps: tuple[str, ...] = ("grid",)
    uses_context = True

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        self.scale = outputs
        self.conv = nn.Conv2d(example.map.data.shape[1], COLOURS * outputs**2, 3, padding=1)
        nn.init.normal_(self.conv.weight, std=1e-3)
        self.conv.bias.data.zero_()  # type: ignore[union-attr]

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        return F.pixel_shuffle(self.conv(features.map.data), self.scale).float()[:, None]


HEAD = EnlargeHead
