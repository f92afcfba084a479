"""Is this a real row? A perceptron that is told what the row is meant to be.

Several rows judged at once (PacGAN, Lin et al. 2018) were tried and learn slower: rows keep their variety without it
(bench/RESULTS.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, DEEP = 256, 2


class RowCritic(nn.Module):
    """Rows (B, W) and, where there are conditions, (B, D) → (B,) how real."""

    def __init__(self, width: int, condition: int = 0) -> None:
        super().__init__()
        # what differs between kinds must count from the first step on
        self.level = nn.BatchNorm1d(condition, affine=False) if condition else None
        self.layers = nn.ModuleList(nn.Linear(WIDTH if place else width + condition, WIDTH) for place in range(DEEP))
        self.score = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        if self.level is not None and condition is not None:
            x = torch.cat([x, self.level(condition)], 1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        return self.score(x)[:, 0].float()
