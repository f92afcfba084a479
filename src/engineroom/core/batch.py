"""What flows through a network: Batch → Signal (per column) → Features (fused) → output tensor → Losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

Layout = Literal["vector", "sequence", "grid", "graph", "clip"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the data set as tensors: `fields["name"]`, `fields["name_mask"]`; `rows` (B,) are row numbers in the
    table."""

    fields: Mapping[str, Tensor]
    rows: np.ndarray
    step: int = -1

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Tensor:
        return self.fields[name]

    def get(self, name: str) -> Tensor | None:
        return self.fields.get(name)

    def to(self, device: torch.device) -> Batch:
        return Batch(
            {name: tensor.to(device, non_blocking=True) for name, tensor in self.fields.items()}, self.rows, self.step
        )


@dataclass(frozen=True, slots=True)
class Signal:
    """A field on its way: vector (B, D) · sequence (B, T, D) with mask (B, T) bool, True = real · grid (B, D, H, W) ·
    clip (B, T, D, H, W) · graph: nodes (B, T, D) with mask, and `edges`: each node's neighbours (B, T, N), places among
    the T, -1 = none, and what joins them (B, T, N, E)."""

    data: Tensor
    layout: Layout
    mask: Tensor | None = None
    edges: tuple[Tensor, Tensor] | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What a head reads: `pooled` (B, K, D) with K ensemble members (K = 1 for a single model), and `parts` and `maps`:
    those of every group of columns.
    `said` (B, U): what an answer given step by step has said so far, where it has begun. `read` (B, T, …): the column
    behind the map, as it came."""

    pooled: Tensor
    map: Signal | None = None
    parts: tuple[Tensor, ...] = ()
    said: Tensor | None = None
    read: Tensor | None = None
    maps: tuple[Signal | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Losses:
    """`total` () is differentiated; `parts` are its named pieces, for the curves."""

    total: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)


SAID = "target_said"  # the field of a batch that holds what was said before each place of an answer given step by step
RowResults = dict[str, "np.ndarray"]  # graded answers, one entry per row in every array
Predictions = dict[str, "np.ndarray"]  # what a predictor says, one entry per row in every array
JSON = dict[str, Any]
