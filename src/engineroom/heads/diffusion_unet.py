"""A picture under noise → what is picture in it and what is noise: a U-Net steered by how much noise there is and what
is asked for.

Ho, Jain & Abbeel 2020; steered by scales and shifts as in Nichol & Dhariwal 2021. It says v (Salimans & Ho 2022): how
the picture would move if there were a little more noise; from v and the noisy picture follow both the picture and the
noise, at any amount.

A clip is one picture whose channels are frames: each frame goes the way of a picture, and in every block it hears
others, its neighbours at the finest level, the whole clip at coarser ones (space and time apart, Ho et al. 2022), so
that what is learnt of a motion is learnt for every moment.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..layers.sinusoidal_features import Waves

WIDTHS = (32, 64, 96)  # channels of each level, finest first
NARROW = (16, 32, 48)  # the same for each frame of a clip, of which there are several
STYLE, WAVES = 128, 16  # numbers that steer; sines and cosines of the amount of noise
GROUPS = 8


class Block(nn.Module):
    """(B · frames, C, h, w), style (B · frames, STYLE) → (B · frames, D, h, w): two convolutions and a way around them;
    between frames one over time."""

    def __init__(self, inputs: int, outputs: int, frames: int = 1, reach: int = 1) -> None:
        super().__init__()
        self.before, self.first = nn.GroupNorm(GROUPS, inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.between, self.second = (
            nn.GroupNorm(GROUPS, outputs, affine=False),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        self.steer = nn.Linear(STYLE, 2 * outputs)
        self.around: nn.Module = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        nn.init.zeros_(self.second.weight)
        self.frames = frames
        self.time = nn.Conv1d(outputs, outputs, 2 * reach + 1, padding=reach) if frames > 1 else None

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.steer(style)[..., None, None].chunk(2, 1)
        hidden = self.first(F.silu(self.before(x)))
        if self.time is not None:
            hidden = hidden + self.over_time(F.silu(hidden), self.time)
        return self.around(x) + self.second(F.silu(self.between(hidden) * (1 + scale) + shift))

    def over_time(self, x: Tensor, time: nn.Module) -> Tensor:
        """(B · frames, D, h, w) → the same: each place beside itself, so many frames before and after."""
        N, D, h, w = x.shape
        lines = x.view(-1, self.frames, D, h * w).permute(0, 3, 2, 1).reshape(-1, D, self.frames)
        return time(lines).view(-1, h * w, D, self.frames).permute(0, 3, 2, 1).reshape(N, D, h, w)


class Denoise(nn.Module):
    """Features whose map is (B, channels + 1, S, S), a noisy picture and the amount of noise 0 … 1 → (B, 1, channels,
    S, S): v.
    `outputs`: channels, side, and of how many frames they are."""

    maps: tuple[str, ...] = ("grid",)
    uses_context = False

    def __init__(self, example: Features, outputs: tuple[int, ...]) -> None:
        super().__init__()
        channels, side, self.frames = (*outputs, 1)[:3]
        colours, known = channels // self.frames, WIDTHS if self.frames == 1 else NARROW
        widths = known[: max(1, min(len(known), (side // 4).bit_length()))]
        condition_width = sum(part.shape[-1] for part in example.parts)
        # what is asked for counts from the first step on
        self.norms = nn.ModuleList(nn.BatchNorm1d(part.shape[-1], affine=False) for part in example.parts)
        # what steers a frame knows which it is: left and right differ by what comes first
        moment = 2 * WAVES if self.frames > 1 else 0
        self.style = nn.Sequential(
            nn.Linear(2 * WAVES + condition_width + moment, STYLE), nn.SiLU(), nn.Linear(STYLE, STYLE), nn.SiLU()
        )
        self.into = nn.Conv2d(colours + (2 if self.frames > 1 else 0), widths[0], 3, padding=1)
        far = [1 if level == 0 else self.frames - 1 for level in range(len(widths))]
        self.down = nn.ModuleList(
            Block(a, b, self.frames, reach) for (a, b), reach in zip(pairwise((widths[0], *widths)), far, strict=True)
        )
        self.middle = Block(widths[-1], widths[-1], self.frames, far[-1])
        ways = zip((widths[-1], *reversed(widths[1:])), reversed(widths), reversed(far), strict=True)
        self.up = nn.ModuleList(Block(a + b, b, self.frames, reach) for a, b, reach in ways)
        self.norm, self.out = nn.GroupNorm(GROUPS, widths[0]), nn.Conv2d(widths[0], colours, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        self.waves = Waves(WAVES)

    def forward(self, features: Features) -> Tensor:
        assert features.map is not None
        x, amount = features.map.data[:, :-1], features.map.data[:, -1:, 0, 0]
        steers = torch.cat(
            [
                self.waves(amount),
                *(norm(part.float().mean(1)) for norm, part in zip(self.norms, features.parts, strict=True)),
            ],
            1,
        )
        if self.frames > 1:
            moments = self.waves(torch.linspace(0, 1, self.frames, device=x.device)[:, None])
            steers = torch.cat(
                [steers.repeat_interleave(self.frames, 0), moments.repeat(len(x), 1).to(steers.dtype)], 1
            )
        shape, style = x.shape, self.style(steers)
        x = x.reshape(-1, shape[1] // self.frames, *shape[2:])
        x = self.into(torch.cat([x, places(x)], 1) if self.frames > 1 else x)
        kept = []
        for level, block in enumerate(self.down):
            x = block(F.avg_pool2d(x, 2) if level else x, style)
            kept.append(x)
        x = self.middle(x, style)
        for level, block in enumerate(self.up):
            x = F.interpolate(x, scale_factor=2, mode="nearest") if level else x
            x = block(torch.cat([x, kept.pop()], 1), style)
        return self.out(F.silu(self.norm(x))).float().reshape(shape)[:, None]


def places(x: Tensor) -> Tensor:
    """(N, C, h, w) → (N, 2, h, w): where each place is, from -1 to 1 down and across (Liu et al. 2018); a way is a
    change of place, and convolutions know no places."""
    down, across = (torch.linspace(-1, 1, side, dtype=x.dtype, device=x.device) for side in x.shape[2:])
    return torch.stack(torch.meshgrid(down, across, indexing="ij")).expand(len(x), -1, -1, -1)


HEAD = Denoise
