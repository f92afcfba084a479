"""LOSS: what ensemble members mean for losses and answers. Outputs are (B, K, …); `fold` (B,) names the member that must not learn the row."""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.signals import Batch

FOLD = "_fold"


def mean_loss(each: Tensor, batch: Batch) -> Tensor:
    """(B, K) losses → () mean over rows and members; with folds, a member's own fold does not count."""
    fold = batch.get(FOLD)
    if fold is None:
        return each.mean()
    learns = (fold[:, None] != torch.arange(each.shape[1], device=each.device)).to(each.dtype)
    return (each * learns).sum() / learns.sum().clamp_min(1)


def honest_mean(output: Tensor, batch: Batch) -> Tensor:
    """(B, K, …) → (B, …): the mean over members, but for a row with a fold only the member that never saw it."""
    fold = batch.get(FOLD)
    if fold is None or bool((fold < 0).all()):
        return output.mean(1)
    own = output[torch.arange(len(output)), fold.clamp_min(0).long()]
    held = (fold >= 0).reshape(-1, *[1] * (own.ndim - 1))
    return torch.where(held, own, output.mean(1))
