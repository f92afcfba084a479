"""Features → a text in return: an LSTM that looks at what was read before it chooses (Bahdanau et al. 2015; the order
of Luong et al. 2015, so that training reads whole texts at once)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..core.batch import Features
from .transformer_decoder import so_far

DROPOUT = 0.2


@dataclass(frozen=True)
class DecoderCache:
    """What was read (B, T, D) with its mask (B, 1, T), and the state of the cells (1, B, D) each."""

    read: Tensor
    seen: Tensor | None
    state: tuple[Tensor, Tensor]


class SayLSTM(nn.Module):
    """Features with a map (B, T, D) and what was `said` so far (B, U) → logits of what comes next (B, 1, U,
    outputs)."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.table = nn.Embedding(outputs, width)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        self.drop = nn.Dropout(DROPOUT)
        self.start = nn.Linear(example.pooled.shape[2], width)
        self.cells = nn.LSTM(width, width, batch_first=True)
        self.ask = nn.Linear(width, width, bias=False)
        self.join = nn.Linear(2 * width, width)

    def begin(self, features: Features) -> DecoderCache:
        assert features.map is not None
        first = torch.tanh(self.start(features.pooled.mean(1)))[None]
        mask = features.map.mask
        return DecoderCache(
            features.map.data, None if mask is None else mask[:, None], (first, torch.zeros_like(first))
        )

    def weights(self, states: Tensor, kept: DecoderCache) -> Tensor:
        """(B, U, D) → (B, U, T)."""
        score = self.ask(states) @ kept.read.transpose(1, 2) / states.shape[2] ** 0.5
        return (score if kept.seen is None else score.masked_fill(~kept.seen, -torch.inf)).softmax(-1)

    def read(self, codes: Tensor, kept: DecoderCache) -> tuple[Tensor, DecoderCache]:
        """codes (B, U) that follow what was kept → (logits (B, U, outputs), kept with them)."""
        states, state = self.cells(self.drop(self.table(codes) * self.table.embedding_dim**0.5), kept.state)
        joined = torch.tanh(self.join(torch.cat([states, self.weights(states, kept) @ kept.read], 2)))
        return nn.functional.linear(self.drop(joined), self.table.weight).float(), replace(kept, state=state)

    def step(self, codes: Tensor, kept: DecoderCache) -> tuple[Tensor, DecoderCache]:
        logits, kept = self.read(codes[:, None], kept)
        return logits[:, 0], kept

    def reorder(self, kept: DecoderCache, rows: Tensor) -> DecoderCache:
        return replace(kept, state=(kept.state[0][:, rows], kept.state[1][:, rows]))

    def keep(self, kept: DecoderCache, rows: Tensor) -> DecoderCache:
        return replace(
            self.reorder(kept, rows), read=kept.read[rows], seen=None if kept.seen is None else kept.seen[rows]
        )

    def forward(self, features: Features) -> Tensor:
        return self.read(so_far(features), self.begin(features))[0][:, None]

    def looks(self, features: Features) -> Tensor:
        """(B, U, T): where it looks before it says each piece."""
        kept = self.begin(features)
        states, _ = self.cells(self.table(so_far(features)) * self.table.embedding_dim**0.5, kept.state)
        return self.weights(states, kept)


HEAD = SayLSTM
