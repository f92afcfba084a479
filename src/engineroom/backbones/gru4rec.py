"""A recurrent network that reads forwards only: what comes next in a session (GRU4Rec, Hidasi et al. 2016)."""

from __future__ import annotations

from torch import nn

from ..core.batch import Features, Signal
from ..core.config import Config
from .sasrec import last

LAYERS = {"small": 1, "medium": 1, "large": 2}


class CausalRecurrent(nn.Module):
    """sequence (B, T, D), real from the left → Features: the last real state, and a map (B, T, D)."""

    def __init__(self, width: int, layers: int, dropout: float, cell: str) -> None:
        super().__init__()
        self.drop_in, self.drop_out = nn.Dropout(dropout), nn.Dropout(dropout)
        self.cells = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](width, width, layers, batch_first=True)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        states = self.drop_out(self.cells(self.drop_in(signal.data * signal.data.shape[2] ** 0.5))[0])
        return Features(last(states, signal.mask)[:, None], Signal(states, "sequence", signal.mask))


class CausalRNN:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.3 if config.model.dropout is None else config.model.dropout
        return CausalRecurrent(signal.data.shape[2], LAYERS[size], dropout, config.model.cell)


BACKBONE = CausalRNN()
