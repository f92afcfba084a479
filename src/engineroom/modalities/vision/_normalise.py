"""Normalisation of pixels by the training rows' mean and standard deviation, or of each image by its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal

# of the training pictures' deviation: added to a picture's own, so that the noise of an empty one is not blown up
FLAT = 0.1


class Normalise(nn.Module):
    """Pixels 0..255, (B, C, H, W) of pictures or (B, T, C, H, W) of clips → Signal with mean 0 and deviation 1 over the
    training rows, with
    `even` then of each picture by itself: which lamp shone would else be learnt before what it shone on (nnU-Net does
    so, Isensee et al. 2021)."""

    scale: Tensor
    offset: Tensor

    def __init__(
        self, mean: Sequence[float], std: Sequence[float], layout: Layout = "grid", *, even: bool = False
    ) -> None:
        super().__init__()
        self.layout, self.even = layout, even
        deviation = torch.tensor(std, dtype=torch.float32)
        self.register_buffer("scale", (1 / (255 * deviation))[:, None, None])
        self.register_buffer("offset", (torch.tensor(mean, dtype=torch.float32) / deviation)[:, None, None])

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        x = x.to(self.scale.dtype) * self.scale - self.offset
        return Signal(standardise_each(x) if self.even else x, self.layout)


def standardise_each(x: Tensor) -> Tensor:
    """(…, C, H, W) → the same shape: every channel of every picture with mean 0 and deviation 1."""
    deviation, mean = torch.std_mean(x, (-2, -1), keepdim=True)
    return (x - mean) / (deviation + FLAT)
