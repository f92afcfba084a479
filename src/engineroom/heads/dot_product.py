"""How well does each thing go with what came before? Dot products with the very vectors that the things have as
inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..core.batch import Features
from .token_classifier import padded


class DotHead(nn.Module):
    """Features with a map (B, T, D) → (B, 1, T, outputs): one score for each of the `outputs` things that the stem says
    can be chosen."""

    maps: tuple[str, ...] = ("sequence",)
    uses_context = True  # what other columns say is added to every place of the map

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        assert example.map is not None
        width = example.map.data.shape[2]
        self.turn = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stems: list[nn.Module] = []  # a list, so that the stem's weights are not the head's too

    def tie(self, stem: nn.Module) -> None:
        """Use what `stem.choices(count)` gives as the things to choose among: a vector each, and whether it is known by
        itself."""
        self.stems = [stem]

    def forward(self, features: Features) -> Tensor:
        steps = features.map
        assert steps is not None
        things, own = self.stems[0].choices(len(self.bias))  # type: ignore[operator]
        return padded((self.turn(steps.data) @ things.T.to(steps.data.dtype)).float() + self.bias * own, steps.mask)[
            :, None
        ]


HEAD = DotHead
