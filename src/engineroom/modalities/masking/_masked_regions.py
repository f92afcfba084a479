"""Parts of a row that have a place: stretches of a series, patches of a picture, hidden and told (see
modalities/masking/_masked_values.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ._masked_values import Own, Parts

STRETCHES, SHORTEST, LONGEST = 2, 0.1, 0.3  # of a series, each by its length
PLACES = 256  # of a series that are told, evenly taken; all where there are fewer
SIDE = 32  # pixels: larger pictures are told smaller
PATCHES, SMALLEST = 6, 4  # a picture's shorter side has so many, of at least so many pixels
HALF = 0.5  # of the patches are hidden


class Steps(Parts):
    """(B, T, C) with or without mask, told at L places."""

    kind, form = "steps", "steps"

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.uniforms = 2 * STRETCHES

    def wanted(self, own: Own) -> Tensor:
        return placed(own[""].float(), own.get("_mask"), self.shape[0]).flatten(1)

    def hide(self, own: Own, uniforms: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Some stretches of all channels become 0, the middle of what is standardised (cf. Zerveas et al. 2021)."""
        x, mask = own[""], own.get("_mask")
        T = x.shape[1]
        real = torch.full((len(x), 1), T) if mask is None else mask.sum(1, keepdim=True)
        length = (SHORTEST + (LONGEST - SHORTEST) * uniforms[:, :STRETCHES]) * real
        begin = uniforms[:, STRETCHES:] * (real - length)
        place = torch.arange(T)[None, :, None]
        hidden = ((place >= begin[:, None]) & (place < (begin + length)[:, None])).any(2)
        target_mask = placed(hidden[..., None].float(), mask, self.shape[0]) > 0.5
        return {**own, "": x.masked_fill(hidden[..., None], 0)}, target_mask.expand(-1, -1, self.shape[1]).flatten(1)

    def between(self, left: Tensor, hidden: Tensor) -> Tensor:
        """The straight line from before a gap to after it."""
        out, gone = (one.unflatten(1, self.shape).numpy().copy() for one in (left, hidden))
        place = np.arange(self.shape[0])
        for row, bad in zip(out, gone[..., 0], strict=True):
            if bad.any() and not bad.all():
                for channel in range(self.shape[1]):
                    row[bad, channel] = np.interp(place[bad], place[~bad], row[~bad, channel])
        return torch.from_numpy(out).flatten(1)


class Pixels(Parts):
    """(B, C, H, W) from 0 to 255, told at no more than SIDE pixels a side."""

    kind, form = "pixels", "plane"
    # pictures that were turned and stretched are smoother than those that are asked about: too easy to tell
    still = True

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.size = tuple(facts["size"])
        self.patch = max(SMALLEST, min(self.size) // PATCHES)
        self.grid = tuple(-(-side // self.patch) for side in self.size)
        self.uniforms = self.grid[0] * self.grid[1]
        self.mean, self.std = (
            torch.tensor(facts[name], dtype=torch.float32)[:, None, None] for name in ("mean", "std")
        )

    def wanted(self, own: Own) -> Tensor:
        return F.adaptive_avg_pool2d(
            (own[""].float() / 255 - self.mean) / self.std, (self.shape[1], self.shape[2])
        ).flatten(1)

    def hide(self, own: Own, uniforms: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Half of the patches become the mean colour (cf. He et al. 2022)."""
        gone = (
            (uniforms < HALF).view(-1, 1, *self.grid).repeat_interleave(self.patch, 2).repeat_interleave(self.patch, 3)
        )
        gone = gone[:, :, : self.size[0], : self.size[1]]
        target_mask = F.interpolate(gone.float(), self.shape[1:], mode="nearest-exact") > 0.5
        return {**own, "": torch.where(gone, 255 * self.mean, own[""].float())}, target_mask.expand(
            -1, self.shape[0], -1, -1
        ).flatten(1)

    def between(self, left: Tensor, hidden: Tensor) -> Tensor:
        """The mean of what is left within the smallest square around a place that holds anything."""
        x, seen = left.unflatten(1, self.shape), (~hidden).unflatten(1, self.shape)[:, :1].float()
        out, open_ = x.clone(), hidden.unflatten(1, self.shape)
        for reach in range(1, max(self.shape[1:])):
            count = F.avg_pool2d(seen, 2 * reach + 1, 1, reach)
            here = open_ & (count > 0)
            out = torch.where(here, F.avg_pool2d(x * seen, 2 * reach + 1, 1, reach) / count.clamp_min(1e-9), out)
            open_ = open_ & ~here
            if not open_.any():
                break
        return torch.where(open_, torch.zeros_like(out), out).flatten(1)


def placed(x: Tensor, mask: Tensor | None, places: int) -> Tensor:
    """(B, T, C) and mask (B, T) → (B, places, C): evenly from the first real step to the last, on the straight line
    between steps."""
    B, T, C = x.shape
    if mask is None and places == T:
        return x
    last = (mask.sum(1) - 1 if mask is not None else torch.full((B,), T - 1, device=x.device))[:, None]
    at = torch.linspace(0, 1, places, device=x.device) * last
    low = at.long()
    share = (at - low)[..., None]
    before, after = (x.gather(1, index[..., None].expand(B, places, C)) for index in (low, (low + 1).minimum(last)))
    return before * (1 - share) + after * share
