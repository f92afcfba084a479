"""No network at all: what the stem gives is handed on, where the head is the network (diffusion)."""

from __future__ import annotations

from torch import nn

from ..core.batch import Features, Signal
from ..core.config import Config


class Handed(nn.Module):
    """grid (B, D, H, W) → Features: its mean, and itself as the map; vector (B, D) → itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, signal: Signal) -> Features:
        return (
            Features(signal.data.flatten(2).mean(2)[:, None], signal)
            if signal.layout == "grid"
            else Features(signal.data[:, None])
        )


class Hands:
    takes = ("grid", "vector")

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        return Handed(signal.data.shape[1])


BACKBONE = Hands()
