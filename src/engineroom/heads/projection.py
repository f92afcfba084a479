"""Where rows are compared while nobody gives answers: a small perceptron behind the features, which is left behind
afterwards (Chen et al. 2020)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.ensemble import MemberLinear


class Projection(nn.Module):
    """Features (B, K, D) → (B, K, outputs), each of length 1."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        members, width = example.pooled.shape[1:]
        self.first, self.second = MemberLinear(members, width, width), MemberLinear(members, width, outputs)

    def forward(self, features: Features) -> Tensor:
        return F.normalize(self.second(F.relu(self.first(features.pooled))).float(), dim=-1)


HEAD = Projection
