"""A recurrent network that hears frame after frame, never ahead, and can be fed block by block (GRU, Cho et al.
2014)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config

SIZE = {"small": (96, 1), "medium": (160, 2), "large": (320, 3)}  # width, layers


class StreamNet(nn.Module):
    """sequence (B, N, D) → Features: the last state (B, 1, W), and a map (B, N, W). `reach` 0: any number of frames."""

    reach = 0

    def __init__(self, inputs: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.narrow = nn.Linear(inputs, width)
        self.cells = nn.GRU(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        return self.advance(signal, None)[0]

    def advance(self, signal: Signal, memory: Any) -> tuple[Features, Tensor]:
        """The next frames, given the state after those before."""
        x = F.relu(self.narrow(signal.data))
        states, memory = self.cells(x, memory)
        states = states + x  # what is heard now, beside what is remembered
        return Features(states[:, -1:], Signal(states, "sequence", signal.mask)), memory


class Stream:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return StreamNet(signal.data.shape[2], *SIZE[size], config.model.dropout or 0.0)


BACKBONE = Stream()
