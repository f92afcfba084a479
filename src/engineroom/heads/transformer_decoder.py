"""Features → a text in return: a Transformer decoder (Vaswani et al. 2017) that chooses among the very vectors it reads
(Press & Wolf 2017).

Incremental decoding (decoding/beam_search.py): `begin` encodes the source, `step` adds a token, `reorder` and `keep`
rearrange the cache as beam search drops and doubles rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.attention import sine_positions
from ..layers.causal_attention import Memory
from ..layers.cross_attention import CrossingBlock

DROPOUT = 0.15
HEADS = 4
A_BLOCK = 48  # one block for so many numbers of width …
BLOCKS = (2, 6)  # … within these bounds
PLACES = 64  # whose codes are made beforehand


@dataclass(frozen=True)
class DecoderCache:
    """What is remembered while a text is written: of every block what was read, once, and what was said so far."""

    read: tuple[Memory, ...]
    seen: Tensor | None  # (B, 1, 1, T)
    said: tuple[Memory, ...] = ()
    steps: int = 0


class Say(nn.Module):
    """Features with a map (B, T, D) and what was `said` so far (B, U) → logits of what comes next (B, 1, U, outputs).
    Code 0 stands before all that is said."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True
    positions: Tensor

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.table = nn.Embedding(outputs, width)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        self.drop = nn.Dropout(DROPOUT)
        count = max(BLOCKS[0], min(BLOCKS[1], width // A_BLOCK))
        self.blocks = nn.ModuleList(CrossingBlock(width, HEADS, DROPOUT) for _ in range(count))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("positions", sine_positions(PLACES, width), persistent=False)

    def places(self, first: int, steps: int) -> Tensor:
        if first + steps > len(self.positions):
            self.positions = sine_positions(2 * (first + steps), self.positions.shape[1]).to(self.positions)
        return self.positions[first : first + steps]

    def begin(self, features: Features) -> DecoderCache:
        assert features.map is not None
        mask = features.map.mask
        read = tuple(block.across.remember(features.map.data) for block in self.blocks)  # type: ignore[union-attr, operator]
        return DecoderCache(read, None if mask is None else mask[:, None, None, :])

    def enter(self, codes: Tensor, first: int) -> Tensor:
        """(B, U) codes → (B, U, D)."""
        return self.drop(self.table(codes) * self.table.embedding_dim**0.5 + self.places(first, codes.shape[1]))

    def read(self, codes: Tensor, kept: DecoderCache) -> tuple[Tensor, DecoderCache]:
        """codes (B, U) that follow what was kept → (logits (B, U, outputs), kept with them)."""
        x, kept = self.think(codes, kept)
        return self.choose(x, kept), kept

    def choose(self, x: Tensor, kept: DecoderCache) -> Tensor:
        """(B, U, D) → logits (B, U, outputs)."""
        return nn.functional.linear(x, self.table.weight).float()

    def think(self, codes: Tensor, kept: DecoderCache) -> tuple[Tensor, DecoderCache]:
        """codes (B, U) that follow what was kept → (what is made of them (B, U, D), kept with them)."""
        x, said = self.enter(codes, kept.steps), []
        for i, block in enumerate(self.blocks):
            x, one = block(x, kept.said[i] if kept.said else None, kept.read[i], kept.seen)
            said.append(one)
        return self.norm(x), replace(kept, said=tuple(said), steps=kept.steps + codes.shape[1])

    def step(self, codes: Tensor, kept: DecoderCache) -> tuple[Tensor, DecoderCache]:
        """codes (B,), the last that were said → (logits (B, outputs), kept)."""
        logits, kept = self.read(codes[:, None], kept)
        return logits[:, 0], kept

    def reorder(self, kept: DecoderCache, rows: Tensor) -> DecoderCache:
        """What was said by other `rows` (B,) about the same texts."""
        return replace(kept, said=tuple((k[rows], v[rows]) for k, v in kept.said))

    def keep(self, kept: DecoderCache, rows: Tensor) -> DecoderCache:
        """Only these `rows` (M,), as often as they are named."""
        read = tuple((k[rows], v[rows]) for k, v in kept.read)
        return replace(self.reorder(kept, rows), read=read, seen=None if kept.seen is None else kept.seen[rows])

    def forward(self, features: Features) -> Tensor:
        return self.read(so_far(features), self.begin(features))[0][:, None]

    def looks(self, features: Features) -> Tensor:
        """(B, U, T): where it looks while it says each piece; of the last block but one, which knows best (Garg et al.
        2019)."""
        kept, codes = self.begin(features), so_far(features)
        x, place = self.enter(codes, 0), len(self.blocks) - 2
        for i in range(place):
            x, _ = self.blocks[i](x, None, kept.read[i], kept.seen)
        looks: Tensor = self.blocks[place].looks(x, kept.read[place], kept.seen)  # type: ignore[operator]
        return looks


def so_far(features: Features) -> Tensor:
    """(B, U) what was said so far; nothing but what stands before all texts where nobody spoke."""
    return (
        features.pooled.new_zeros((len(features.pooled), 1), dtype=torch.long)
        if features.said is None
        else features.said.long()
    )


HEAD = Say
