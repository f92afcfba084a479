"""FORWARD: a convolutional network on a large picture, tile by tile; the answer is the same, the memory is not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

SIDE = 384  # pixels of a tile


def by_tiles(work: Callable[[Tensor], Tensor], x: Tensor, halo: int) -> Tensor:
    """work: (B, C, h, w) → (B, D, h, w), where no place hears of any more than `halo` places away. (B, C, H, W) → (B,
    D, H, W)."""
    H, W = x.shape[2:]
    if H * W <= SIDE * SIDE:
        return work(x)
    rows = []
    for top in range(0, H, SIDE):
        line = []
        for left in range(0, W, SIDE):
            up, back = max(0, top - halo), max(0, left - halo)
            part = work(x[:, :, up : top + SIDE + halo, back : left + SIDE + halo])
            line.append(
                part[:, :, top - up : top - up + min(SIDE, H - top), left - back : left - back + min(SIDE, W - left)]
            )
        rows.append(torch.cat(line, 3))
    return torch.cat(rows, 2)
