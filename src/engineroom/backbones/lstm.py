"""A recurrent network that reads forwards only and keeps its state as long as the text lasts (Hochreiter & Schmidhuber
1997; Graves 2013)."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from .sasrec import last

# width, layers: small has about as many weights as the small GPT
SIZE = {"small": (256, 2), "medium": (512, 2), "large": (768, 3)}


class LSTM(nn.Module):
    """sequence (B, T, D), real from the left → Features: the last real state, and a map (B, T, width). `reach` 0: any
    number of tokens."""

    reach = 0

    def __init__(self, inputs: int, width: int, layers: int, dropout: float, cell: str) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.cells = kind(inputs, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        if cell == "lstm":  # remember by default (Jozefowicz et al. 2015)
            for name, bias in self.cells.named_parameters():
                if name.startswith("bias_ih"):
                    bias.data[width : 2 * width] = 1.0
        self.drop = nn.Dropout(dropout)
        self.width, self.loud = width, inputs**0.5

    def forward(self, signal: Signal) -> Features:
        x, _ = self.read(signal.data, None)
        return Features(last(x, signal.mask)[:, None], Signal(x, "sequence", signal.mask))

    def read(self, data: Tensor, memory: Any) -> tuple[Tensor, Any]:
        x, memory = self.cells(self.loud * data, memory)  # token vectors begin small
        return self.drop(x), memory

    def advance(self, signal: Signal, memory: Any) -> tuple[Features, Any]:
        """The next part of a text, given the state after the parts before."""
        x, memory = self.read(signal.data, memory)
        return Features(x[:, -1:], Signal(x, "sequence")), memory


class Recurrent:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return LSTM(signal.data.shape[2], *SIZE[size], config.model.dropout or 0.0, config.model.cell)


BACKBONE = Recurrent()
