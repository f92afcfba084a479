"""Actions that are numbers: where each should be, and how far around that is tried. The middle comes from the features,
the spread is learnt once for all."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features
from .categorical_policy import Choose

BEGIN = -0.5  # log of the spread at first, on actions from -1 to 1
LEAST, MOST = -3.0, 0.5


class Steer(Choose):
    """Features (B, K, D) → (B, K, 2 · numbers): the middles, then the logs of the spreads."""

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__(example, outputs)
        self.spread = nn.Parameter(torch.full((outputs,), BEGIN))

    def forward(self, features: Features) -> Tensor:
        middle = super().forward(features)
        return torch.cat([middle, self.spread.clamp(LEAST, MOST).expand_as(middle)], 2)


HEAD = Steer
