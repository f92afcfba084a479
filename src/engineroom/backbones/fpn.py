"""A U-Net that stops on its way up where one answer stands for 4 × 4 places: whole to say what, fine enough to say
where (Lin et al. 2017)."""

from __future__ import annotations

from torch import nn

from ..core.batch import Signal
from ..core.config import Config
from .unet import UNet

FINEST = 2
# channels at full size, a half, a quarter, …; nothing is refined above a quarter, so these may be wide
WIDTHS = {"small": (8, 16, 48, 64, 96), "medium": (16, 32, 64, 96, 128), "large": (24, 48, 96, 192, 256)}


class PyramidFamily:
    takes = ("grid",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        dropout = 0.1 if config.model.dropout is None else config.model.dropout
        return UNet(signal.data.shape[1], WIDTHS[size], dropout, finest=FINEST)


BACKBONE = PyramidFamily()
