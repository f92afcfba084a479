"""Ensembles inside one network: K members side by side as an axis (B, K, D)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MemberInput(nn.Module):
    """(B, D) → (B, K, D): each member sees the input through its own scaling (Gorishniy et al. 2025, TabM-mini)."""

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        scale = torch.ones(members, width) if members == 1 else torch.randint(0, 2, (members, width)) * 2.0 - 1.0
        self.scale = nn.Parameter(scale, requires_grad=members > 1)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, None] * self.scale


class MemberLinear(nn.Module):
    """(B, K, D) → (B, K, C) with weights of its own for each member."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 1 and len(self.weight) > 1:
            x = x.expand(-1, len(self.weight), -1)
        return torch.einsum("bkd,kdc->bkc", x, self.weight.to(x.dtype)) + self.bias
