"""A block that writes by what was read: it looks back at what it said, across at what was read, then thinks. Source:
Vaswani et al. 2017, normalised first."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .causal_attention import CausalAttention, Memory
from .scaled_dot_product import attend


class CrossAttention(nn.Module):
    """What is written looks at what was read: (B, U, D), keys and values of (B, T, D) → (B, U, D). Fused."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def remember(self, read: Tensor) -> Memory:
        """Keys and values (B, heads, T, D / heads) of what was read (B, T, D): once a text, however much is written."""
        B, T, D = read.shape
        k, v = self.kv(read).view(B, T, 2, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        return k, v

    def split(self, x: Tensor) -> Tensor:
        B, U, D = x.shape
        return self.q(x).view(B, U, self.heads, D // self.heads).transpose(1, 2)

    def forward(self, x: Tensor, memory: Memory, seen: Tensor | None) -> Tensor:
        """`seen` (B, 1, 1, T): True = real."""
        mixed = attend(self.split(x), *memory, seen, self.dropout if self.training else 0.0)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))

    def weights(self, x: Tensor, memory: Memory, seen: Tensor | None) -> Tensor:
        """(B, U, T): how much each step looks at each place, mean over heads; written down for people alone."""
        score = self.split(x) @ memory[0].transpose(2, 3) / memory[0].shape[-1] ** 0.5
        return (score if seen is None else score.masked_fill(~seen, -torch.inf)).softmax(-1).mean(1)


class CrossingBlock(nn.Module):
    """(B, U, D), what was said before, what was read → (B, U, D), what has been said now."""

    def __init__(self, width: int, heads: int, dropout: float, *, expand: int = 3) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.back = CausalAttention(width, heads, dropout)
        self.across = CrossAttention(width, heads, dropout)
        self.mlp = nn.Sequential(
            nn.Linear(width, expand * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(expand * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, said: Memory | None, read: Memory, seen: Tensor | None) -> tuple[Tensor, Memory]:
        mixed, said = self.back(self.norms[0](x), said)
        x = x + self.drop(mixed)
        x = x + self.drop(self.across(self.norms[1](x), read, seen))
        return x + self.drop(self.mlp(self.norms[2](x))), said

    def looks(self, x: Tensor, read: Memory, seen: Tensor | None) -> Tensor:
        """(B, U, T) where each step of the block's input looks."""
        x = x + self.back(self.norms[0](x))[0]
        return self.across.weights(self.norms[1](x), read, seen)
