"""Pictures that never were: scratches, spots, patches and shadows on good ones, and where they are. All is drawn from a
given generator.

After CutPaste (Li et al. 2021: a piece of the picture in another place), DRAEM (Zavrtanik et al. 2021: foreign texture
inside smooth noise) and NSA (Schlüter et al. 2022: pieces of other pictures, soft at the edge, and only changes that
can be seen count).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

SHAPES = ("blob", "bar", "crack", "spots", "shade")
FILLS = ("other", "own", "light", "light", "noise", "flat", "blur")
VISIBLE = 0.35  # of the picture's own spread: a change that is smaller on average is none
SOFT = 0.3  # of the change: from here on a place counts as changed


def blemished(x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """(B, C, H, W) float, 0..255 → the same with one to three blemishes each, and (B, H, W) bool where they are;
    nowhere, if none can be seen."""
    out, places = x.clone(), torch.zeros(len(x), *x.shape[2:], dtype=torch.bool)
    for row in range(len(x)):
        for _ in range(1 + int(_pick(6, generator) == 0) + int(_pick(6, generator) == 0)):
            cover = _cover(SHAPES[_pick(len(SHAPES), generator)], x.shape[2], x.shape[3], generator)
            filled = _filled(FILLS[_pick(len(FILLS), generator)], x, row, generator)
            strength = cover * _between(0.5, 1.0, generator)
            changed = (out[row] + strength * (filled - out[row])).clamp(0, 255)
            inside = cover > SOFT
            if inside.any() and _seen(out[row], changed, inside):
                out[row], places[row] = changed, places[row] | inside
    return out, places


def _seen(before: Tensor, after: Tensor, inside: Tensor) -> bool:
    spread = before.std().clamp(8.0, 60.0)
    return bool((after - before).abs().mean(0)[inside].mean() > VISIBLE * spread)


def _cover(shape: str, H: int, W: int, generator: Generator) -> Tensor:
    """(H, W) from 0 to 1: how much of a place the blemish hides."""
    side = min(H, W)
    if shape == "shade":
        return torch.sigmoid(3 * (_smooth(H, W, 2, generator) - _between(0.2, 1.0, generator)))
    if shape == "spots":
        covers = [
            _blob(H, W, side * _between(0.01, 0.05, generator, log=True), generator)
            for _ in range(1 + _pick(5, generator))
        ]
        return torch.stack(covers).amax(0)
    if shape == "blob":
        return _blob(H, W, side * _between(0.03, 0.35, generator, log=True), generator)
    u, v = _turned(H, W, generator)
    if shape == "bar":
        long, wide = side * _between(0.05, 0.4, generator, log=True), side * _between(0.015, 0.2, generator, log=True)
        inside = torch.maximum(u.abs() - long, v.abs() - wide)
        return (0.5 - inside / _between(0.5, 4.0, generator, log=True)).clamp(0, 1)
    long, thick = side * _between(0.1, 0.6, generator), side * _between(0.004, 0.015, generator, log=True)
    line = _smooth(1, 64, 2 + _pick(8, generator), generator)[0] * side * _between(0.005, 0.06, generator)
    place = ((u / (2 * long) + 0.5) * 63).clamp(0, 63)
    low = place.long().clamp(max=62)
    bend = line[low] + (place - low) * (line[low + 1] - line[low])
    inside = torch.maximum((v - bend).abs() - max(0.6, thick), u.abs() - long)
    return (0.7 - inside / _between(0.8, 2.0, generator)).clamp(0, 1)


def _blob(H: int, W: int, radius: float, generator: Generator) -> Tensor:
    u, v = _turned(H, W, generator)
    stretch = _between(0.5, 2.0, generator, log=True) ** 0.5
    away = torch.sqrt((u / stretch) ** 2 + (v * stretch) ** 2) / max(radius, 1.0)
    rough = _between(0.0, 0.5, generator) * _smooth(H, W, 4 + _pick(12, generator), generator)
    return ((1 - away + rough) * max(radius, 1.0) / _between(0.7, 6.0, generator, log=True) + 0.5).clamp(0, 1)


def _turned(H: int, W: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Coordinates (H, W) in pixels around a random place, turned by a random angle."""
    y = torch.arange(H)[:, None] - H * _between(0.02, 0.98, generator)
    x = torch.arange(W)[None, :] - W * _between(0.02, 0.98, generator)
    angle = _between(0.0, math.pi, generator)
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _filled(fill: str, x: Tensor, row: int, generator: Generator) -> Tensor:
    """(C, H, W) what the blemish shows, as if it hid the whole picture."""
    picture = x[row]
    C, H, W = picture.shape
    if fill in ("other", "own"):
        source = x[_pick(len(x), generator)] if fill == "other" else picture
        source = source.flip(-1) if _pick(2, generator) else source
        source = torch.roll(source, (_pick(H, generator), _pick(W, generator)), (1, 2))
        return source + (_between(-30, 30, generator) if _pick(2, generator) else 0.0)
    if fill == "light":
        sign = 1 if _pick(2, generator) else -1
        return picture + sign * _between(0.6, 4.0, generator, log=True) * float(picture.std().clamp(8, 40))
    if fill == "blur":
        window = 2 * (1 + _pick(4, generator)) + 1
        soft = F.avg_pool2d(F.pad(picture[None], [window // 2] * 4, mode="replicate"), window, 1)[0]
        return soft if _pick(3, generator) else picture + 2 * (picture - soft)  # or sharper than it was
    level = (
        torch.rand(C, 1, 1, generator=generator) * 255
        if _pick(3, generator) == 0
        else _between(0, 255, generator) * torch.ones(C, 1, 1)
    )
    if fill == "flat":
        return level.expand(C, H, W)
    grain = 2 ** (2 + _pick(5, generator))
    return level + _smooth(H, W, min(grain, H, W), generator) * _between(10, 60, generator)


def _smooth(H: int, W: int, cells: int, generator: Generator) -> Tensor:
    """(H, W) smooth noise, about a standard deviation of one, in hills a `cells`-th of the side wide."""
    rows, columns = max(2, round(cells * H / max(H, W))), max(2, round(cells * W / max(H, W)))
    noise = torch.randn(1, 1, rows, columns, generator=generator)
    return F.interpolate(noise, (H, W), mode="bicubic" if H > 1 else "bilinear", align_corners=True)[0, 0]


def _between(low: float, high: float, generator: Generator, *, log: bool = False) -> float:
    share = float(torch.rand(1, generator=generator))
    return low * (high / low) ** share if log else low + (high - low) * share


def _pick(count: int, generator: Generator) -> int:
    return int(torch.randint(0, count, (1,), generator=generator))
