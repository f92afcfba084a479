"""A Transformer that looks back only: every step knows what came before it, never what comes after (SASRec, Kang &
McAuley 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.attention import TransformerBlock

SIZE = {"small": (1, 2), "medium": (2, 2), "large": (4, 4)}  # blocks, heads


class CausalNet(nn.Module):
    """sequence (B, T, D), real from the left → Features: the last real step, and a map (B, T, D) of as many numbers as
    came in."""

    def __init__(self, width: int, steps: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.place = nn.Parameter(0.02 * torch.randn(steps, width))
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, dropout, expand=2) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        T = signal.data.shape[1]
        place = self.place[torch.arange(T, device=signal.data.device).clamp_max(len(self.place) - 1)]
        x = self.drop(signal.data * signal.data.shape[2] ** 0.5 + place)
        for block in self.blocks:
            x = block(x, causal=True)  # padding comes after what is real: nobody looks there
        x = self.norm(x)
        return Features(last(x, signal.mask)[:, None], Signal(x, "sequence", signal.mask))


def last(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T, D) → (B, D): the last real step."""
    if mask is None:
        return x[:, -1]
    return x[torch.arange(len(x), device=x.device), mask.sum(1).clamp_min(1) - 1]


class Causal:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.3 if config.model.dropout is None else config.model.dropout
        return CausalNet(signal.data.shape[2], signal.data.shape[1], *SIZE[size], dropout)


BACKBONE = Causal()
