"""FORWARD: columns that have no place in a map are heard at every place of it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..core.batch import Signal

CHANNELS = {"sequence": 2, "grid": 1}  # the axis of a map that holds its numbers
SHAPE = {"sequence": (1, -1), "grid": (-1, 1, 1)}  # of one vector a row, to be added to it


class AddContext(nn.Linear):
    """A map and what other groups of columns say, (B, K, D) each → the map with their vector added everywhere. Begins
    by saying nothing."""

    def __init__(self, example: Signal, inputs: int) -> None:
        super().__init__(inputs, example.data.shape[CHANNELS[example.layout]])
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def added(self, found: Signal, others: Sequence[Tensor]) -> Signal:
        said = self(torch.cat([one.mean(1).float() for one in others], 1))
        return Signal(found.data + said.reshape(len(said), *SHAPE[found.layout]), found.layout, found.mask)
