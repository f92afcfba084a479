"""How well does each thing go with what came before? Dot products with the very vectors that the things have as inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.signals import Features
from .tokens import padded


class DotHead(nn.Module):
    """Features with a map (B, T, D) → (B, 1, T, outputs): one score for each of the `outputs` last rows of the stem's table."""

    maps: tuple[str, ...] = ("sequence",)

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.turn = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stems: list[nn.Module] = []  # a list, so that the stem's weights are not the head's too

    def tie(self, stem: nn.Module) -> None:
        """Use the vectors of `stem.table` (an embedding) as the things to choose among."""
        self.stems = [stem]

    def forward(self, features: Features) -> Tensor:
        steps, table = features.map, self.stems[0].table
        assert steps is not None and isinstance(table, nn.Embedding)
        things = table.weight[-len(self.bias) :]
        return padded((self.turn(steps.data) @ things.T.to(steps.data.dtype)).float() + self.bias, steps.mask)[:, None]


HEAD = DotHead
