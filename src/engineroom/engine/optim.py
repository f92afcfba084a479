"""BACKPROP: AdamW (Loshchilov & Hutter 2019). Matrices decay, biases and scales do not."""

from __future__ import annotations

import torch
from torch import nn

from ..core.config import Config

LR = 2e-3
WEIGHT_DECAY = 0.02


def make_optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    """One fused AdamW over the trainable weights."""
    lr = config.train.lr or LR
    decay = WEIGHT_DECAY if config.train.weight_decay is None else config.train.weight_decay
    trainable = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trainable if p.ndim >= 2]
    rest = [p for p in trainable if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=lr, betas=(0.9, 0.98), eps=1e-7, fused=True)
