"""One vector of numbers per example and member: logits, values, quantiles."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features
from ..layers.ensemble import MemberLinear


class VectorHead(nn.Module):
    """Features (B, K, D) → (B, K, outputs)."""

    maps: tuple[str, ...] = ()  # layouts of a map that it reads; none: the pooled vector is enough
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        members, width = example.pooled.shape[1:]
        self.linear = MemberLinear(members, width, outputs)

    def forward(self, features: Features) -> Tensor:
        return self.linear(features.pooled).float()


HEAD = VectorHead
