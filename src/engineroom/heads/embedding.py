"""A place for every row, near those that show the same: vectors of length one."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.ensemble import MemberLinear


class EmbeddingHead(nn.Module):
    """Features (B, K, D) → (B, K, outputs), each of length 1."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        members, width = example.pooled.shape[1:]
        self.linear = MemberLinear(members, width, outputs)

    def forward(self, features: Features) -> Tensor:
        return F.normalize(self.linear(features.pooled).float(), dim=-1)


HEAD = EmbeddingHead
