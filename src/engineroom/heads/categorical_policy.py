"""One of several actions: a score each, all nearly alike at first, so that everything is tried (Andrychowicz et al.
2021)."""

from __future__ import annotations

import torch
from torch import nn

from ..core.batch import Features
from .linear import VectorHead

EVEN = 0.01  # of the usual size


class Choose(VectorHead):
    """Features (B, K, D) → (B, K, actions)."""

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__(example, outputs)
        with torch.no_grad():
            self.linear.weight.mul_(EVEN)
        nn.init.zeros_(self.linear.bias)


HEAD = Choose
