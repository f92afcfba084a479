"""The multi-layer perceptron (Rumelhart et al. 1986), with K members that share weights (Gorishniy et al. 2025)."""

from __future__ import annotations

from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.ensemble import MemberInput
from ..layers.pooling import masked_mean, root_mean

WIDTH = {"small": (128, 2), "medium": (256, 3), "large": (512, 3)}


class Perceptrons(nn.Module):
    """Signal → Features (B, K, D). Sequences of fixed length are laid side by side, padded ones averaged, grids
    flattened."""

    def __init__(self, inputs: int, width: int, depth: int, members: int, dropout: float, *, average: bool) -> None:
        super().__init__()
        self.average = average
        self.members = MemberInput(members, inputs)
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
            inputs = width
        self.layers = nn.Sequential(*layers)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        x: Tensor = masked_mean(signal.data, signal.mask) if self.average else signal.data.flatten(1)
        return Features(self.layers(self.members(x)))


class Averaged(nn.Module):
    """Word vectors (B, T, D) → Features: their sum over the root of their number, nothing else (Joulin et al. 2017;
    Iyyer et al. 2015)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        return Features(self.drop(root_mean(signal.data, signal.mask))[:, None], signal)


class MLP:
    takes = ("vector", "sequence", "grid")

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        if kind == "words":
            return Averaged(signal.data.shape[2], 0.5 if config.model.dropout is None else config.model.dropout)
        width, depth = WIDTH[size]
        average = signal.layout == "sequence" and signal.mask is not None
        inputs = signal.data.shape[-1] if average else signal.data[0].numel()
        dropout = config.model.dropout if config.model.dropout is not None else 0.1
        return Perceptrons(inputs, width, depth, members, dropout, average=average)


BACKBONE = MLP()
