"""Self-attention and the Transformer block. Source: Vaswani et al. 2017, with the normalisation first (Xiong et al.
2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .scaled_dot_product import attend


class SelfAttention(nn.Module):
    """Every step looks at every real step: (B, T, D) → (B, T, D)."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        B, T, D = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        seen = None if mask is None else mask[:, None, None, :]
        mixed = attend(q, k, v, seen, self.dropout if self.training else 0.0, causal=causal)
        return self.out(mixed.transpose(1, 2).reshape(B, T, D))


class TransformerBlock(nn.Module):
    """Attention, then a two-layer network, each beside a short cut: (B, T, D) → (B, T, D)."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0, expand: int = 4) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout)
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, expand * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(expand * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        x = x + self.drop(self.attention(self.before_attention(x), mask, causal=causal))
        return x + self.drop(self.mlp(self.before_mlp(x)))


def sine_positions(length: int, width: int) -> Tensor:
    """(length, width) fixed position codes, as in the paper."""
    place = torch.arange(length)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-9.21034 / width))
    codes = torch.zeros(length, width)
    codes[:, 0::2] = torch.sin(place * rate)
    codes[:, 1::2] = torch.cos(place * rate)[:, : width // 2]
    return codes
