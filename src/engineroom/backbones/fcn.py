"""Short shapes, counted: a plain convolutional network on series (FCN, Wang et al. 2017)."""

from __future__ import annotations

from torch import nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.conv import ConvStep
from ..layers.pooling import masked_mean

WIDTH = {"small": 32, "medium": 64, "large": 128}  # of the first and the last of three layers


class ShapeNet(nn.Module):
    """sequence (B, T, C) → Features (B, 1, width): three short convolutions, the average over all steps (FCN, Wang et
    al. 2017).

    It sees shapes of at most 13 steps and counts how often they occur, not where: the plainer partner of `SeriesNet`,
    surer on series from a place that was not learnt from.
    """

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            (ConvStep(channels, width, 7), ConvStep(width, 2 * width, 5), ConvStep(2 * width, width, 3))
        )
        self.drop = nn.Dropout(dropout)
        self.width = width

    def forward(self, signal: Signal) -> Features:
        x, mask = signal.data.transpose(1, 2), signal.mask
        for layer in self.layers:
            x = layer(x, mask)
        steps = x.transpose(1, 2)
        return Features(self.drop(masked_mean(steps, mask))[:, None], Signal(steps, "sequence", mask))


class Shapes:
    takes = ("sequence",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.1 if config.model.dropout is None else config.model.dropout
        return ShapeNet(signal.data.shape[2], WIDTH[size], dropout)


BACKBONE = Shapes()
