"""U-Net (Ronneberger et al. 2015) with residual blocks: down to see the whole, up again to say where; an answer for
every place of a grid."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.conv import ConvNorm, ResidualBlock

# channels at full size, a half, a quarter, …: most of the arithmetic is done where there are few places
WIDTHS = {"small": (8, 16, 32, 64, 96), "medium": (16, 24, 48, 96, 128), "large": (24, 48, 96, 192, 256)}
# pixels along the shorter side, from which squares of 2 × 2 are read and answered at once: more than twice as fast
LARGE = 128


class UNet(nn.Module):
    """grid (B, C, H, W) of any size → Features: pooled (B, 1, D), and a map (B, W₀, H / 2^finest, W / 2^finest).

    Each step down halves the grid by a convolution and refines it by a residual block; each step up enlarges, joins
    what the way down saw at that size, and refines. `finest` is the level at which the way up ends: 0 = every place, 2
    = one answer for 4 × 4 places. With `patch` P > 1 squares of P × P places go in as the channels of one, and come out
    as `fine` numbers for each of them (Shi et al. 2016).
    """

    def __init__(
        self, channels: int, widths: tuple[int, ...], dropout: float, *, finest: int = 0, patch: int = 1, fine: int = 0
    ) -> None:
        super().__init__()
        self.finest, self.patch, self.divisor = finest, patch, patch * 2 ** (len(widths) - 1)
        self.first = ConvNorm(channels * patch**2, widths[0])
        self.last: nn.Module = ConvNorm(widths[finest], fine * patch**2, 1) if patch > 1 else nn.Identity()
        levels = range(1, len(widths))
        self.down = nn.ModuleList(Down(widths[i - 1], widths[i]) for i in levels)
        self.up = nn.ModuleList(Up(widths[i], widths[i - 1]) for i in reversed(levels) if i > finest)
        self.drop = nn.Dropout2d(dropout)
        self.width = widths[-1]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signal: Signal) -> Features:
        H, W = signal.data.shape[2:]
        x = F.pixel_unshuffle(widen(signal.data, self.divisor), self.patch)
        x = self.first(x.contiguous(memory_format=torch.channels_last))
        seen = [x]
        for down in self.down:
            x = down(x)
            seen.append(x)
        pooled = x.mean((2, 3))
        x = self.drop(x)
        for level, up in zip(reversed(range(self.finest, len(self.down))), self.up, strict=True):
            x = up(x, seen[level])
        x = F.pixel_shuffle(self.last(x), self.patch)
        step = 2**self.finest
        return Features(pooled[:, None], Signal(x[:, :, : -(-H // step), : -(-W // step)], "grid"))


class Down(nn.Module):
    """(B, C, H, W) → (B, D, H/2, W/2): a convolution with stride 2, normalised, and a residual block."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.block = ResidualBlock(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(F.relu(self.norm(self.conv(x)), inplace=True))


class Up(nn.Module):
    """(B, D, H/2, W/2) and what was seen (B, C, H, W) → (B, C, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.narrow = ConvNorm(inputs, outputs, 1)  # before enlarging: a quarter of the places
        self.join = ConvNorm(2 * outputs, outputs, 1)
        self.refine = ConvNorm(outputs, outputs)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = F.interpolate(self.narrow(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.refine(self.join(torch.cat([x, seen], 1)))


def widen(x: Tensor, divisor: int) -> Tensor:
    """Pad (B, C, H, W) to the right and below, by the picture's own edge, until both sides can be halved as often as is
    needed."""
    H, W = x.shape[2:]
    down, right = -H % divisor, -W % divisor
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


class UNetFamily:
    takes = ("grid",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        channels, dropout, widths = (
            signal.data.shape[1],
            0.1 if config.model.dropout is None else config.model.dropout,
            WIDTHS[size],
        )
        if min(signal.data.shape[2:]) >= LARGE:
            return UNet(channels, widths[1:], dropout, patch=2, fine=widths[0])
        return UNet(channels, widths, dropout)


BACKBONE = UNetFamily()
