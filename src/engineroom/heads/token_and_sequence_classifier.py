"""One vector of numbers for every step and one for the whole row, learnt by the same network: slots and intent (Liu &
Lane 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features
from .token_classifier import TokensHead


class TokensWholeHead(nn.Module):
    """Features with a map (B, T, D) → (B, 1, 1 + T, outputs): the whole row first."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True  # what other columns say is added to every place of the map

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        self.tokens = TokensHead(example, outputs)
        self.whole = nn.Linear(example.pooled.shape[2], outputs)

    def forward(self, features: Features) -> Tensor:
        whole = self.whole(features.pooled.mean(1)).float()
        return torch.cat([whole[:, None, None], self.tokens(features)], 2)


HEAD = TokensWholeHead
