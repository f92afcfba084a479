"""The Transformer (Vaswani et al. 2017): on words, on patches of pictures (Dosovitskiy et al. 2021), patches of series
(Nie et al. 2023), and on table columns as tokens (Gorishniy et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.attention import TransformerBlock, sine_positions
from ..layers.pooling import AttentionPool, masked_mean

SIZE = {"small": (96, 2, 4), "medium": (160, 3, 4), "large": (256, 6, 8)}  # width, blocks, heads
PATCHES = 64  # about this many patches a picture or series …
PATH_PATCHES = 24  # … and at most so many of a history to be continued: the head reads all of them side by side


class TransformerNet(nn.Module):
    """sequence or grid → Features: patches, positions, blocks; pooled by a learned query beside the plain mean."""

    positions: Tensor

    def __init__(
        self,
        signal: Signal,
        width: int,
        blocks: int,
        heads: int,
        dropout: float,
        *,
        ordered: bool,
        patch: int,
        tokens: int,
    ) -> None:
        super().__init__()
        channels = signal.data.shape[1] if signal.layout == "grid" else signal.data.shape[2]
        self.patch = patch
        self.project: nn.Module
        if signal.layout == "grid":
            self.project = nn.Conv2d(channels, width, patch, patch)
        elif patch > 1:
            self.project = nn.Conv1d(channels, width, patch, patch)
        else:
            self.project = nn.Linear(channels, width)
        self.register_buffer("positions", sine_positions(tokens, width) if ordered else torch.zeros(0))
        self.scale = nn.Parameter(torch.tensor(0.3)) if ordered else None
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.pool = AttentionPool(width)
        self.width = 2 * width

    def tokens(self, signal: Signal) -> tuple[Tensor, Tensor | None]:
        """Signal → (B, T, D) and the mask of the tokens."""
        x, mask = signal.data, signal.mask
        if signal.layout == "grid":
            return self.project(x).flatten(2).transpose(1, 2), None
        if self.patch == 1:
            return self.project(x), mask
        short = -x.shape[1] % self.patch
        x = nn.functional.pad(x, (0, 0, 0, short))
        if mask is not None:
            mask = nn.functional.pad(mask, (0, short)).unflatten(1, (-1, self.patch)).any(2)
        return self.project(x.transpose(1, 2)).transpose(1, 2), mask

    def forward(self, signal: Signal) -> Features:
        x, mask = self.tokens(signal)
        if self.scale is not None:
            positions = (
                self.positions
                if x.shape[1] <= len(self.positions)
                else sine_positions(x.shape[1], x.shape[2]).to(x.device)
            )
            x = x + self.scale * positions[: x.shape[1]]
        first = x
        x = self.drop(x)
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x)
        pooled = torch.cat([self.pool(x, mask), masked_mean(first, mask)], 1)
        return Features(self.drop(pooled)[:, None], Signal(x, "sequence", mask))


class Transformer:
    takes = ("sequence", "grid")

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        shape = signal.data.shape
        if signal.layout == "grid":
            patch = max(2, round((shape[2] * shape[3] / PATCHES) ** 0.5))
            tokens = (shape[2] // patch) * (shape[3] // patch)
        else:
            patch = (
                1
                if kind in ("words", "set")
                else -(-shape[1] // PATH_PATCHES)
                if kind == "path"
                else max(1, shape[1] // PATCHES)
            )
            tokens = -(-shape[1] // patch)
        dropout = (0.3 if kind == "words" else 0.1) if config.model.dropout is None else config.model.dropout
        return TransformerNet(signal, *SIZE[size], dropout, ordered=kind != "set", patch=patch, tokens=tokens)


BACKBONE = Transformer()
