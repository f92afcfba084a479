"""Many steps or places → one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T, D), mask (B, T) → (B, D): the mean over real steps."""
    if mask is None:
        return x.mean(1)
    weight = mask[..., None].to(x.dtype)
    return (x * weight).sum(1) / weight.sum(1).clamp_min(1)


def root_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T, D), mask (B, T) → (B, D): the sum over real steps divided by the root of their number; x must be 0 where
    padded."""
    count = x.new_tensor(x.shape[1]) if mask is None else mask.sum(1, keepdim=True).clamp_min(1)
    return x.sum(1) / count**0.5


def masked_max(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T, D), mask (B, T) → (B, D): the largest real step per feature."""
    if mask is None:
        return x.amax(1)
    return x.masked_fill(~mask[..., None], torch.finfo(x.dtype).min).amax(1)


class AttentionPool(nn.Module):
    """(B, T, D) → (B, D): a learned query decides which steps count."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        score = self.score(x)[..., 0].float()
        if mask is not None:
            score = score.masked_fill(~mask, -torch.inf)
        return torch.einsum("bt,btd->bd", score.softmax(1).to(x.dtype), x)
