"""What is seen of an environment: a cell is the seed with which an episode begins, or an observation itself. Each
number stands on the scale it has at random play."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...environments._environment import MOST_SEED, worlds
from ...environments._random_baseline import play_randomly
from .._base import Base
from ..tabular.vector import to_rows

LEAST = 1e-3  # of spread: a number that hardly moves is not blown up
FAR = 10.0  # spreads: what lies beyond is as good as there


class Observation(Base):
    layouts: tuple[str, ...] = ("sequence",)  # of numbers that have names, so that each can be veiled by itself
    signal_type = "state"
    backbones: tuple[str, ...] = ("mlp",)
    may_be_constant = True

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        if "world" not in facts:
            return self.fit(values, limits=limits)
        seen, _ = play_randomly(facts["world"], values.to_numpy())
        return {**self.measured(seen, facts), **facts}

    def measured(self, seen: np.ndarray, facts: State) -> dict[str, Any]:
        """What observations (M, D) at random play tell of the scale."""
        return {**scales(seen), "names": list(facts["world"]["observation"]["names"])}

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        rows = to_rows(values.drop_nulls(), None, {})
        return {**scales(rows), "names": [f"number {k + 1}" for k in range(rows.shape[1])]}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) int64 seeds, or observations (N, …)."""
        if self.holds_observations(values):
            return self.rows(values, state, damaged)
        numbers = values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        bad = ~((numbers >= 0) & (numbers <= MOST_SEED) & (numbers == np.floor(numbers)))
        damaged |= {
            int(row): f"{values[int(row)]!r} is no seed: a whole number from 0 to {MOST_SEED:,}"
            for row in np.flatnonzero(bad)
        }
        return np.where(bad, 0, numbers).astype(np.int64)

    def holds_observations(self, values: pl.Series) -> bool:
        """Are the cells observations themselves, not seeds?"""
        return values.dtype.is_nested()

    def rows(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """Observations, tables of numbers row after row."""
        if isinstance(values.dtype, pl.Array) and len(values.dtype.shape) > 1:
            values = pl.Series(values.to_numpy().reshape(len(values), -1))
        return to_rows(values, len(state["middle"]), damaged).astype(np.float32)

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """{"": what is seen (B, …)}, and where the cells are seeds "_seed" (B,)."""
        if arrays.ndim > 1:
            return {"": torch.from_numpy(np.ascontiguousarray(arrays))}
        world = worlds(state["world"], 1)[0]
        seen = np.stack([world.reset(int(seed)) for seed in arrays]) if len(arrays) else world.reset(0)[None][:0]
        return {"": torch.from_numpy(seen), "_seed": torch.from_numpy(np.ascontiguousarray(arrays))}

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        return torch.tensor(states[0]["middle"], dtype=x.dtype).expand(x.shape)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        return [f"{name} {value:.3g}" for name, value in zip(state["names"], row.tolist(), strict=True)]

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Standard(states[0]["middle"], states[0]["spread"])

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] == len(state["middle"]) == len(state["spread"]) == len(
            state["names"]
        )

    def to_html(self, value: Any, state: State) -> str:
        return html.escape(
            f"an episode that begins with seed {value}"
            if np.ndim(value) == 0
            else "–"
            if value is None
            else str(np.asarray(value).round(3).tolist())[:300]
        )


class Standard(nn.Module):
    """Observations (B, D) → sequence Signal (B, D, 1) of middle 0 and spread 1."""

    middle: Tensor
    spread: Tensor

    def __init__(self, middle: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("middle", torch.tensor(middle, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(((x - self.middle) / self.spread).clamp(-FAR, FAR)[..., None], "sequence")


def scales(rows: np.ndarray) -> dict[str, list[float]]:
    """Middle and spread of each number (M, D); one that never moved keeps its own scale."""
    if not len(rows):
        return {"middle": [0.0] * rows.shape[1], "spread": [1.0] * rows.shape[1]}
    spread = rows.std(0)
    return {
        "middle": rows.mean(0).astype(float).tolist(),
        "spread": np.where(spread > LEAST, spread, 1.0).astype(float).tolist(),
    }


MODALITY = Observation()
