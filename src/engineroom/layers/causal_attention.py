"""Attention that looks back only, and remembers keys and values, so that one more token costs one step. Source: Vaswani
et al. 2017; GPT-2's order of normalisation and start (Radford et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .scaled_dot_product import attend

SLOWEST = 10_000.0  # places a radian of the slowest turning pair
Memory = tuple[Tensor, Tensor]  # keys and values (B, heads, T, D / heads) of what was read


class CausalAttention(nn.Module):
    """(B, T, D), what was read before, and how far each place is turned → (B, T, D), and what has been read now."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.dropout = dropout

    def forward(self, x: Tensor, memory: Memory | None = None, turns: Tensor | None = None) -> tuple[Tensor, Memory]:
        B, T, D = x.shape
        parts = self.qkv(x).view(B, T, 3, self.heads, D // self.heads)
        # whose way back joins them again, where two slices would fill and add three times as much
        looks, v = parts.split([2, 1], 2)
        q, k = (looks if turns is None else turn(looks, turns)).permute(2, 0, 3, 1, 4)
        v = v[:, :, 0].transpose(1, 2)
        if memory is not None:
            k, v = torch.cat([memory[0], k], 2), torch.cat([memory[1], v], 2)
        before = k.shape[2] - T
        seen = torch.ones(T, before + T, dtype=torch.bool, device=x.device).tril(before) if before and T > 1 else None
        mixed = attend(q, k, v, seen, self.dropout if self.training else 0.0, causal=not before)
        return self.out(mixed.transpose(1, 2).reshape(B, T, D)), (k, v)


def turns_of(first: int, steps: int, width: int, device: torch.device) -> Tensor:
    """(steps, width / 2) complex numbers of length 1: by how much each pair of a query or key at the places from
    `first` on is turned (Su et al. 2021).

    Two places then meet by how far they are apart, not by where they stand.
    """
    rate = SLOWEST ** -(torch.arange(width // 2, device=device) / (width // 2))
    angle = torch.arange(first, first + steps, device=device)[:, None] * rate
    return torch.polar(torch.ones_like(angle), angle)


def turn(x: Tensor, turns: Tensor) -> Tensor:
    """(B, T, parts, heads, D), (T, D / 2) → the same in fp32, turned."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns[:, None, None]).flatten(-2)


class CausalBlock(nn.Module):
    """Attention, then a two-layer network, each beside a short cut. `blocks`: how many there are, for the start of what
    joins the short cut."""

    def __init__(self, width: int, heads: int, dropout: float, *, blocks: int) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width, bias=False)
        self.attention = CausalAttention(width, heads, dropout)
        self.before_mlp = nn.LayerNorm(width, bias=False)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width, bias=False), nn.GELU(), nn.Linear(4 * width, width, bias=False)
        )
        self.drop = nn.Dropout(dropout)
        for linear, share in (
            (self.attention.qkv, 1),
            (self.attention.out, 2 * blocks),
            (self.mlp[0], 1),
            (self.mlp[2], 2 * blocks),
        ):
            nn.init.normal_(linear.weight, std=0.02 / share**0.5)  # type: ignore[arg-type]

    def forward(self, x: Tensor, memory: Memory | None = None, turns: Tensor | None = None) -> tuple[Tensor, Memory]:
        mixed, memory = self.attention(self.before_attention(x), memory, turns)
        x = x + self.drop(mixed)
        return x + self.drop(self.mlp(self.before_mlp(x))), memory
