"""Changes that keep the meaning: of pictures, whole batches (B, C, H, W) of float pixels, and of series (B, T, C). All
draw from a given generator."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator) * (high - low) + low


def mirror(x: Tensor, axis: int, generator: Generator) -> Tensor:
    """Half of the pictures are mirrored along `axis` (-1: left and right, -2: up and down)."""
    chosen = torch.rand(len(x), generator=generator) < 0.5
    return torch.where(chosen[:, None, None, None], x.flip(axis), x)


def shift(x: Tensor, generator: Generator, share: float = 0.125) -> Tensor:
    """Pad by reflection and crop at a random place: whole-pixel moves up to `share` of the side (He et al. 2016)."""
    B, C, H, W = x.shape
    pad = max(1, round(share * min(H, W)))
    padded = F.pad(x, (pad, pad, pad, pad), mode="reflect")
    rows = torch.randint(0, 2 * pad + 1, (B, 1), generator=generator) + torch.arange(H)
    columns = torch.randint(0, 2 * pad + 1, (B, 1), generator=generator) + torch.arange(W)
    padded = torch.gather(padded, 2, rows[:, None, :, None].expand(B, C, H, W + 2 * pad))
    return torch.gather(padded, 3, columns[:, None, None, :].expand(B, C, H, W))


def warp(x: Tensor, generator: Generator, turn: float = 0.2, zoom: float = 0.15) -> Tensor:
    """A small turn (radians), zoom and stretch of each picture, resampled bilinearly."""
    B = len(x)
    angle = _uniform((B,), -turn, turn, generator)
    sx, sy = _uniform((B,), 1 - zoom, 1 + zoom, generator), _uniform((B,), 1 - zoom, 1 + zoom, generator)
    zero = torch.zeros(B)
    theta = torch.stack(
        [
            torch.stack([sx * angle.cos(), -sy * angle.sin(), zero], 1),
            torch.stack([sx * angle.sin(), sy * angle.cos(), zero], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def jitter(x: Tensor, generator: Generator, strength: float = 0.2) -> Tensor:
    """Brightness and contrast of each picture change by up to `strength`."""
    B = len(x)
    contrast = _uniform((B, 1, 1, 1), 1 - strength, 1 + strength, generator)
    brightness = 255 * _uniform((B, 1, 1, 1), -strength / 2, strength / 2, generator)
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * contrast + mean + brightness).clamp(0, 255)


def tinted(x: Tensor, generator: Generator, strength: float, grey: float = 0.2) -> Tensor:
    """(B, C, H, W): every channel lighter or darker by up to `strength`, and a share of `grey` pictures without colour.
    One channel stays as it is."""
    if x.shape[1] == 1:
        return x
    x = (x * _uniform((*x.shape[:2], 1, 1), 1 - strength, 1 + strength, generator)).clamp(0, 255)
    bare = torch.rand(len(x), generator=generator) < grey
    return torch.where(bare[:, None, None, None], x.mean(1, keepdim=True).expand_as(x), x)


def hide_stretch(x: Tensor, generator: Generator, low: float = 0.1, high: float = 0.4) -> Tensor:
    """(B, T, …): of every row one stretch of `low` to `high` of the steps becomes 0."""
    B, T = x.shape[:2]
    length = _uniform((B, 1), low, high, generator) * T
    begin = torch.rand((B, 1), generator=generator) * (T - length)
    place = torch.arange(T)[None]
    hidden = (place >= begin) & (place < begin + length)
    return x.masked_fill(hidden.view(B, T, *[1] * (x.ndim - 2)), 0)


def cutmix(x: Tensor, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A rectangle of each picture comes from another one of the batch (Yun et al. 2019).

    Returns the pictures, the partner of each (B,), and the share (B,) of its own that is left: labels are mixed by it.
    """
    B, _, H, W = x.shape
    partner = torch.randperm(B, generator=generator)
    share = torch.rand(B, generator=generator)
    height, width = ((1 - share).sqrt() * H).round().long(), ((1 - share).sqrt() * W).round().long()
    top = (torch.rand(B, generator=generator) * (H - height + 1)).long()
    left = (torch.rand(B, generator=generator) * (W - width + 1)).long()
    row, column = torch.arange(H), torch.arange(W)
    rows = (row >= top[:, None]) & (row < (top + height)[:, None])
    columns = (column >= left[:, None]) & (column < (left + width)[:, None])
    inside = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(inside, x[partner], x), partner, 1 - (height * width).float() / (H * W)


def warp_time(x: Tensor, mask: Tensor | None, generator: Generator, strength: float = 0.3, parts: int = 4) -> Tensor:
    """(B, T, C), mask (B, T) → the same shape: each of `parts` equal stretches of a series takes a random share of the
    steps.

    Begin, end and number of steps stay; between neighbours the line is straight (time warping, Um et al. 2017).
    """
    B, T, C = x.shape
    last = (mask.sum(1) - 1 if mask is not None else torch.full((B,), T - 1))[:, None]  # (B, 1)
    place = (torch.arange(T) / last.clamp_min(1)).clamp(max=1.0) * parts  # (B, T)
    pace = torch.exp(strength * torch.randn(B, parts, generator=generator))
    ends = F.pad((pace / pace.sum(1, keepdim=True)).cumsum(1), (1, 0))  # (B, parts + 1), from 0 to 1
    part = place.long().clamp(max=parts - 1)
    begin, end = ends.gather(1, part), ends.gather(1, part + 1)
    place = ((begin + (place - part) * (end - begin)) * last).clamp(min=0).minimum(last.float())
    low = place.long()
    high = (low + 1).minimum(last)
    share = (place - low)[..., None]
    before, after = (x.gather(1, index[..., None].expand(B, T, C)) for index in (low, high))
    return before * (1 - share) + after * share


def together(
    x: Tensor,
    generator: Generator,
    flips: Sequence[str] = (),
    *,
    turn: float = 0.1,
    zoom: tuple[float, float] = (0.7, 1.2),
    share: float = 1.0,
) -> Tensor:
    """(B, 2, 3) where each place of the new pictures lies in the old ones (B, C, H, W): mirror image, turn, zoom,
    shift, drawn a picture.

    What lives on a picture's plane (masks, boxes) is moved by the same numbers. Coordinates run from -1 to 1. `zoom` is
    the part of the old sides that the new picture shows, `share` how large the new picture is beside the old one: a
    crop of half the side shows half as much.
    """
    B, _, H, W = x.shape
    shown = share * _uniform((B,), *zoom, generator)
    stretch = _uniform((B,), 0.9, 1.1, generator).sqrt()
    angle = _uniform((B,), -turn, turn, generator)
    sx, sy = shown * stretch, shown / stretch
    for axis in ("horizontal", "vertical"):
        sign = 1.0 - 2.0 * (torch.rand(B, generator=generator) < 0.5).float() * (axis in flips)
        sx, sy = (sx * sign, sy) if axis == "horizontal" else (sx, sy * sign)
    room = (1 - shown).clamp(min=0.0)  # how far the middle can move with the window inside
    dx, dy = (_uniform((B,), -1, 1, generator) * room for _ in range(2))
    ratio = H / W  # a turn on a plane whose sides differ
    return torch.stack(
        [
            torch.stack([sx * angle.cos(), -sy * angle.sin() * ratio, dx], 1),
            torch.stack([sx * angle.sin() / ratio, sy * angle.cos(), dy], 1),
        ],
        1,
    )


def moved(x: Tensor, theta: Tensor, size: tuple[int, int], *, mode: str = "bilinear") -> Tensor:
    """(B, C, H, W) float as `theta` (B, 2, 3) sees it, (B, C, *size); beyond the edge lies the picture's mirror
    image."""
    grid = F.affine_grid(theta, [len(x), 1, *size], align_corners=False)
    return F.grid_sample(x, grid, mode=mode, padding_mode="reflection", align_corners=False)


def tint(x: Tensor, generator: Generator, strength: float = 0.1) -> Tensor:
    """Each colour of each picture is weighed a little differently: other lamps, other cameras."""
    return (x * _uniform((len(x), x.shape[1], 1, 1), 1 - strength, 1 + strength, generator)).clamp(0, 255)
