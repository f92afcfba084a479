"""Are these real rows? A perceptron that sees several at once, so that a maker without variety gives itself away (PacGAN, Lin et al. 2018)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TOGETHER = 8  # rows that are judged together
WIDTH, DROPPED = 256, 0.25


class RowCritic(nn.Module):
    """Rows (B, W) and, where there are conditions, (B, D) → (B // TOGETHER,) how real; rows beyond the last whole pack are not looked at."""

    def __init__(self, width: int, condition: int = 0) -> None:
        super().__init__()
        self.level = nn.BatchNorm1d(condition, affine=False) if condition else None  # what differs between kinds must count from the first step on
        self.layers = nn.ModuleList([nn.Linear(TOGETHER * (width + condition), WIDTH), nn.Linear(WIDTH, WIDTH)])
        self.score = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        if self.level is not None and condition is not None:
            x = torch.cat([x, self.level(condition)], 1)
        x = x.repeat(TOGETHER, 1) if len(x) < TOGETHER else x
        packs = len(x) // TOGETHER
        generator = None if self.training else torch.Generator().manual_seed(0)
        anywhere = torch.randperm(len(x), generator=generator)[: packs * TOGETHER]  # rows of a batch come in the table's order, which real rows alone have
        x = x[anywhere.to(x.device)].reshape(packs, -1)
        for layer in self.layers:
            x = F.dropout(F.leaky_relu(layer(x), 0.2), DROPPED, self.training)
        return self.score(x)[:, 0].float()
