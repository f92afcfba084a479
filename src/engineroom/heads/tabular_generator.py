"""Generator of table rows from noise and conditions: numbers by rank, classes as straight-through Gumbel-softmax
samples (CTGAN, Xu et al. 2019).

A class is one of several and nothing between, or a critic would know made rows by their doubts; yet the maker must
learn from what the critic says. So a row shows the class on which the lot fell, and learns as if it showed the shares
(Jang, Gu & Poole 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from ..modalities.noise.latent_noise import SIZE

WIDTH, BLOCKS = 256, 2
WARMTH = 0.5  # of the shares that are learnt from: colder ones are nearer to the class drawn, and harder to learn from
EDGE = 1e-6


class ForgeRow(nn.Module):
    """Features whose last part is chance (B, 1, S + W) → (B, 1, W). `outputs`: (numbers, is it a class?) of each
    column, W in all."""

    maps: tuple[str, ...] = ()
    uses_context = False

    def __init__(self, example: Features, outputs: Sequence[tuple[int, bool]]) -> None:
        super().__init__()
        self.columns = list(outputs)
        room = sum(width for width, _ in outputs)
        conditions = [part.shape[-1] for part in example.parts[:-1]]
        # what is asked for counts from the first step on
        self.norms = nn.ModuleList(nn.BatchNorm1d(width, affine=False) for width in conditions)
        width = SIZE + sum(conditions)
        self.blocks = nn.ModuleList()
        for _ in range(BLOCKS):
            self.blocks.append(nn.Sequential(nn.Linear(width, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU()))
            width += WIDTH  # every layer hears all before it
        self.out = nn.Linear(width, room)

    def forward(self, features: Features) -> Tensor:
        *conditions, chance = (part.float().mean(1) for part in features.parts)
        x = torch.cat([chance[:, :SIZE], *(norm(part) for norm, part in zip(self.norms, conditions, strict=True))], 1)
        for block in self.blocks:
            x = torch.cat([x, block(x)], 1)
        return row(self.out(x).float(), chance[:, SIZE:], self.columns)[:, None]


def row(said: Tensor, noise: Tensor, columns: Sequence[tuple[int, bool]]) -> Tensor:
    """Generator output (B, W) and noise, standard normal (B, W or more) → rows as modalities/tabular/row.py writes
    them: ranks, classes of -1 and 1."""
    even = torch.special.ndtr(noise).clamp(EDGE, 1 - EDGE)
    out, place = [], 0
    for width, several in columns:
        part, lot = said[:, place : place + width], even[:, place : place + width]
        if several:
            out.append(2 * drawn(part - (-lot.log()).log()) - 1)
        else:
            absent = shown(
                torch.sigmoid((part[:, 1:] + torch.logit(lot[:, 1:])) / WARMTH),
                part[:, 1:] + torch.logit(lot[:, 1:]) > 0,
            )
            there = 1 - absent.sum(1, keepdim=True)  # a number that is missing stands at the middle
            out.append(torch.cat([part[:, :1] * there, 2 * absent - 1], 1))
        place += width
    return torch.cat(out, 1)


def drawn(chances: Tensor) -> Tensor:
    """Log odds with a lot each (B, K) → one of them is 1, the others 0."""
    return shown(F.softmax(chances / WARMTH, 1), F.one_hot(chances.argmax(1), chances.shape[1]))


def shown(shares: Tensor, hard: Tensor) -> Tensor:
    """`hard` to look at, `shares` to learn from."""
    return hard.to(shares.dtype) - shares.detach() + shares


HEAD = ForgeRow
