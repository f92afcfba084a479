"""A row of numbers under noise → what is row in it and what is noise (v, as in heads/diffusion_unet.py): a perceptron
with ways around its blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features

WIDTH, BLOCKS = 384, 3


class DenoiseRow(nn.Module):
    """Features, all groups of columns beside one another → (B, 1, outputs)."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        self.into = nn.Linear(sum(part.shape[-1] for part in example.parts), WIDTH)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
            for _ in range(BLOCKS)
        )
        self.norm, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, outputs)
        nn.init.zeros_(self.out.weight)

    def forward(self, features: Features) -> Tensor:
        x = F.silu(self.into(torch.cat([part.float().mean(1) for part in features.parts], 1)))
        for block in self.blocks:
            x = x + block(x)
        return self.out(self.norm(x)).float()[:, None]


HEAD = DenoiseRow
