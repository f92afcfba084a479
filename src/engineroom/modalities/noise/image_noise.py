"""Chance in the form of a picture, with a plane that says how much of it is chance: what a diffusion model reads. A
row's number is its seed.

Training draws noise and amount anew at every step; asked, a row is nothing but its noise, the same whenever it is
asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base

LARGEST = 128  # pixels of a side
MOST = 4 * LARGEST * LARGEST  # numbers of a row


class Static(Base):
    layouts = ("grid",)
    signal_type = "static"
    backbones = ("identity",)
    is_noise = True
    may_be_constant = True

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"channels": 1, "side": 16}  # the task's facts know better

    def shape(self, state: State) -> tuple[int, ...]:
        return (state["channels"], state["side"], state["side"])

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, channels, side, side) float16, standard normal, by each row's seed."""
        shape = self.shape(state)
        seeds = values.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
        rows = [
            np.random.default_rng([13, abs(int(seed))]).standard_normal(shape, np.float32).astype(np.float16)
            for seed in seeds
        ]
        return np.stack(rows) if rows else np.zeros((0, *shape), np.float16)

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """(B, channels + 1, …): noise, and 1 = nothing but noise."""
        noise = torch.from_numpy(np.asarray(arrays, np.float32))
        return {"": torch.cat([noise, torch.ones_like(noise[:, :1])], 1)}

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """Fresh noise; its amount evenly spread over the batch, so that every batch knows much and little of it (Kingma
        et al. 2021)."""
        x = fields[""]
        noise = torch.randn(x[:, :-1].shape, generator=generator)
        amount = deeper(
            (torch.rand((), generator=generator) + torch.randperm(len(x), generator=generator) / len(x)) % 1,
            state.get("depth", 1.0),
        )
        return {**fields, "": torch.cat([noise, amount.view(-1, *[1] * (x.ndim - 1)).expand_as(x[:, :1])], 1)}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Picture()

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return (
            state["side"] <= LARGEST
            and state["channels"] * state["side"] ** 2 <= MOST
            and tensor.shape[1:] == (state["channels"] + 1, state["side"], state["side"])
        )


def deeper(amount: Tensor, depth: float) -> Tensor:
    """Amounts 0 … 1 → those at which noise is `depth` times as strong beside what it covers (Hoogeboom, Heek & Salimans
    2023).

    What says itself again and again, as frames do, is seen through more noise; without this most amounts would hide
    nothing that is asked for.
    """
    return torch.atan2(depth * torch.sin(amount * torch.pi / 2), torch.cos(amount * torch.pi / 2)) * 2 / torch.pi


class Picture(nn.Module):
    """(B, C, S, S) → grid Signal."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(x.float(), "grid")


MODALITY = Static()
