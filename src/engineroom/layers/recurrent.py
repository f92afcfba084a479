"""LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014), read both ways; padding is never read before what is
real.

Each direction is a network of its own that reads the whole batch: the one that reads backwards gets every row turned
around at its own end. Packing does the same, but takes a CPU several times as long (bench/recurrent.py).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout


class Recurrent(nn.Module):
    """(B, T, C), mask (B, T) real from the left → (B, T, 2·width), zero where padded."""

    def __init__(self, inputs: int, width: int, layers: int, *, cell: str = "lstm", dropout: float = 0.0) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        sizes = [inputs, *[2 * width] * (layers - 1)]
        self.ahead, self.back = (nn.ModuleList(kind(size, width, batch_first=True) for size in sizes) for _ in range(2))
        self.dropout = dropout
        if cell == "lstm":  # remember by default (Jozefowicz et al. 2015)
            for name, bias in self.named_parameters():
                if name.endswith("bias_ih_l0"):
                    bias.data[width : 2 * width] = 1.0

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        turn = around(x, mask)
        for k, (ahead, back) in enumerate(zip(self.ahead, self.back, strict=True)):
            x = dropout(x, self.dropout, self.training) if k else x
            x = torch.cat([ahead(x)[0], turned(back(turned(x, turn))[0], turn)], 2)
        return x if mask is None else x * mask[..., None]


def around(x: Tensor, mask: Tensor | None) -> Tensor:
    """(B, T): which step stands at each place when the real steps are turned around; padding stays where it is."""
    place = torch.arange(x.shape[1], device=x.device)[None]
    count = torch.full((len(x), 1), x.shape[1], device=x.device) if mask is None else mask.sum(1, keepdim=True)
    return torch.where(place < count, count - 1 - place, place)


def turned(x: Tensor, turn: Tensor) -> Tensor:
    return x.gather(1, turn[..., None].expand_as(x))
