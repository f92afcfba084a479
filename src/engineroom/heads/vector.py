"""One vector of numbers per example and member: logits, values, quantiles."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.signals import Features
from ..layers.members import MemberLinear


class VectorHead(nn.Module):
    """Features (B, K, D) → (B, K, outputs)."""

    def __init__(self, width: int, outputs: int, members: int = 1) -> None:
        super().__init__()
        self.linear = MemberLinear(members, width, outputs)

    def forward(self, features: Features) -> Tensor:
        return self.linear(features.pooled).float()


HEAD = VectorHead
