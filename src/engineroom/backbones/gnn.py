"""Graph networks: atoms hear from their neighbours along bonds, round by round.

Message passing: Gilmer et al. 2017. The round: GIN (Xu et al. 2019) with bonds (Hu et al. 2020). The one place that
hears all: Li et al. 2017.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features, Signal
from ..core.config import Config
from ..layers.pooling import AttentionPool, masked_max, masked_mean

SIZE = {"small": (64, 4), "medium": (128, 4), "large": (256, 5)}  # width, rounds
USUAL = 25.0  # atoms; a sum over them is divided by this, so that it starts near 1


class Round(nn.Module):
    """Atoms (M, D), neighbours (M, N), bonds (M, N, E) → atoms (M, D): what was known and what was heard, through one
    hidden layer.

    Rows are gathered by `embedding`, whose backward pass adds in one order on every run; plain indexing does not.
    """

    def __init__(self, width: int, bond: int, dropout: float) -> None:
        super().__init__()
        self.bond = nn.Linear(bond, width)
        self.own = nn.Parameter(torch.zeros(()))
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width), nn.BatchNorm1d(2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )
        self.norm, self.drop = nn.BatchNorm1d(width), nn.Dropout(dropout)

    def forward(self, x: Tensor, neighbours: Tensor, real: Tensor, bonds: Tensor) -> Tensor:
        heard = ((F.embedding(neighbours, x) + self.bond(bonds)).relu() * real[..., None]).sum(1)
        return x + self.drop(self.norm(self.layers((1 + self.own) * x + heard)).relu())


class Whole(nn.Module):
    """Atoms (M, D) and whose they are (M,) → what the molecule as a whole says to each of them (M, D)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width)
        )

    def forward(self, x: Tensor, owner: Tensor, mask: Tensor) -> Tensor:
        return F.embedding(owner, self.layers(padded(x, mask).sum(1)))


class GraphNet(nn.Module):
    """graph (B, T, D) → Features. Inside, atoms of all molecules stand in one row without padding; an atom is one of
    M."""

    def __init__(self, channels: int, bond: int, width: int, rounds: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Linear(channels, width)
        self.rounds = nn.ModuleList(Round(width, bond, dropout) for _ in range(rounds))
        self.wholes = nn.ModuleList(Whole(width, dropout) for _ in range(rounds - 1))
        self.pool = AttentionPool(width)
        self.width = 2 * width
        self.mix = nn.Sequential(
            nn.LayerNorm(4 * width), nn.Linear(4 * width, self.width), nn.ReLU(), nn.Dropout(2 * dropout)
        )

    def forward(self, signal: Signal) -> Features:
        assert signal.mask is not None
        mask = signal.mask
        neighbours, real, bonds = packed(signal)
        owner = torch.arange(len(mask), device=mask.device)[:, None].expand_as(mask)[mask]
        x = self.project(signal.data[mask])
        for index, one in enumerate(self.rounds):
            x = one(x, neighbours, real, bonds)
            if index < len(self.wholes):
                x = x + self.wholes[index](x, owner, mask)
        atoms = padded(x, mask)
        pooled = torch.cat(
            [self.pool(atoms, mask), masked_mean(atoms, mask), masked_max(atoms, mask), atoms.sum(1) / USUAL], 1
        )
        return Features(self.mix(pooled)[:, None], Signal(atoms, "sequence", mask))


def padded(x: Tensor, mask: Tensor) -> Tensor:
    """(M, D) → (B, T, D), 0 where there is no atom."""
    out = x.new_zeros(*mask.shape, x.shape[1])
    out[mask] = x
    return out


def packed(signal: Signal) -> tuple[Tensor, Tensor, Tensor]:
    """(neighbours (M, N) in the one row of all atoms, which of them there are (M, N), bonds (M, N, E))."""
    assert signal.mask is not None and signal.edges is not None
    place, bonds = signal.edges
    count = signal.mask.sum(1)
    start = (count.cumsum(0) - count)[:, None, None]
    return (place.clamp_min(0) + start)[signal.mask], (place >= 0)[signal.mask], bonds[signal.mask]


class GNN:
    takes = ("graph",)

    def build(self, signal: Signal, config: Config, *, kind: str, size: str, members: int) -> nn.Module:
        assert signal.edges is not None
        dropout = 0.1 if config.model.dropout is None else config.model.dropout
        return GraphNet(signal.data.shape[2], signal.edges[1].shape[3], *SIZE[size], dropout)


BACKBONE = GNN()
