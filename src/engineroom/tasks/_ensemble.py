"""LOSS: what ensemble members mean for losses and answers. Outputs are (B, K, …); `fold` (B,) names the member that
must not learn the row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.batch import Batch

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


def label_loss(logits: Tensor, y: Tensor) -> Tensor:
    """(B, K, T, L) and (B, T), -1 or ≥ L where nothing is learnt → (B, K), such that the mean over rows is the mean
    over labels."""
    B, K, _, L = logits.shape
    learnt = (y >= 0) & (y < L)
    each = logits.new_zeros(B, K, y.shape[1])
    found = F.cross_entropy(
        logits.permute(0, 2, 1, 3)[learnt].flatten(0, 1), y[learnt].repeat_interleave(K), reduction="none"
    ).view(-1, K)
    each = each.permute(0, 2, 1).index_put(torch.where(learnt), found)
    return each.sum(1) * (B / learnt.sum().clamp_min(1))
