"""A generative Transformer (Radford et al. 2019): every token knows those before it in its window. Sizes: small is
nanoGPT's setting for a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.causal_attention import CausalBlock, Memory, turns_of
from .sasrec import last

SIZE = {"small": (128, 4, 4), "medium": (256, 6, 8), "large": (384, 6, 6)}  # width, blocks, heads


class GPT(nn.Module):
    """sequence (B, T, D), real from the left → Features: the last real step, and a map (B, T, width).

    `reach` tokens are one window. Longer texts are read in windows that overlap by half, so that every token beyond the
    first window has half a window before it.
    """

    def __init__(self, inputs: int, width: int, reach: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.widen = nn.Identity() if inputs == width else nn.Linear(inputs, width, bias=False)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(CausalBlock(width, heads, dropout, blocks=blocks) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, bias=False)
        self.width, self.reach, self.heads = width, reach, heads

    def read(self, data: Tensor, memory: list[Memory] | None) -> tuple[Tensor, list[Memory]]:
        """One window, or its next part: (B, T, D) → (B, T, width), and what later parts must remember."""
        begin = memory[0][0].shape[2] if memory else 0
        x = self.drop(self.widen(data))
        turns = turns_of(begin, data.shape[1], self.width // self.heads, data.device)
        kept = []
        for i, block in enumerate(self.blocks):
            x, one = block(x, memory[i] if memory else None, turns)
            kept.append(one)
        return self.norm(x), kept

    def forward(self, signal: Signal) -> Features:
        T = signal.data.shape[1]
        x = self.read(signal.data, None)[0] if self.reach >= T else self.overlapping(signal.data)
        return Features(last(x, signal.mask)[:, None], Signal(x, "sequence", signal.mask))

    def overlapping(self, data: Tensor) -> Tensor:
        """(B, T, D), T > reach → (B, T, width): window k begins at k · reach / 2 and answers for its second half, the
        first for all."""
        B, T, D = data.shape
        half = max(1, self.reach // 2)
        windows = -(-(T - self.reach) // half) + 1
        data = nn.functional.pad(data, (0, 0, 0, (windows - 1) * half + self.reach - T))
        parts = data.unfold(1, self.reach, half).transpose(2, 3).reshape(B * windows, self.reach, D)
        out = self.read(parts, None)[0].view(B, windows, self.reach, -1)
        return torch.cat([out[:, 0], out[:, 1:, self.reach - half :].flatten(1, 2)], 1)[:, :T]

    def advance(self, signal: Signal, memory: list[Memory] | None) -> tuple[Features, list[Memory]]:
        """The next part of one window, given what was remembered of the parts before; at most `reach` tokens in all."""
        x, memory = self.read(signal.data, memory)
        return Features(x[:, -1:], Signal(x, "sequence")), memory


class Generative:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        width, blocks, heads = SIZE[size]
        return GPT(signal.data.shape[2], width, signal.data.shape[1], blocks, heads, config.model.dropout or 0.0)


BACKBONE = Generative()
