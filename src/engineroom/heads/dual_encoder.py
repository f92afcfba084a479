"""Two towers: what is asked and what is found, each a vector of length one in the same space (DeViSE, Frome et al.
2013; CLIP, Radford et al. 2021)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..core.errors import UserError


class TowersHead(nn.Module):
    """Features with two parts → (B, 1, 2, outputs): the first group of columns, then the second."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__()
        if len(example.parts) != 2:
            what = f"Matching needs two kinds of columns, {len(example.parts)} are there."
            raise UserError(
                what, "One is asked with, the other is found.", "Leave the others out: --set columns.NAME.role=ignore"
            )
        self.linears = nn.ModuleList(nn.Linear(part.shape[2], outputs) for part in example.parts)

    def forward(self, features: Features) -> Tensor:
        sides = [linear(part.mean(1).float()) for linear, part in zip(self.linears, features.parts, strict=True)]
        return F.normalize(torch.stack(sides, 1), dim=-1)[:, None]


HEAD = TowersHead
