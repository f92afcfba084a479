"""A target that is the input itself, one token on. In training it moves with its text: both are cut to the same window,
drawn by (seed, step)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from .text_corpus import UNKNOWN, UNKNOWN_BYTES, token_bytes

NOTHING = -1  # where no token follows


class Following(Base):
    paired_with = "words"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {}

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """The tokens that can follow: `is_categorical`, `widths` in bytes, and whether token 0 stands for what was
        never met (`open`)."""
        if "tokens" not in other:
            return state
        spelt = token_bytes(other)
        widths, unknown = [len(one) for one in spelt], other["tokens"] == "characters"
        if unknown:
            widths[UNKNOWN] = UNKNOWN_BYTES
        return {
            **state,
            "names": [one.decode("utf-8", "replace") for one in spelt],
            "widths": widths,
            "open": unknown,
            "context": other["context"],
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N,) zeros: the text holds its own answers."""
        return np.zeros(len(values), np.int8)

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Stretches (B, T) → windows (B, context) anywhere in them, and the tokens that follow each place; NOTHING
        beyond the end."""
        codes, T = own[""], own[""].shape[1]
        lengths = own["_mask"].sum(1) if "_mask" in own else torch.full((len(codes),), T)
        context = int(state["context"])
        first = (torch.rand(len(codes), generator=generator) * ((lengths - context - 1).clamp_min(0) + 1)).long()
        place = first[:, None] + torch.arange(context + 1)
        real = place < lengths[:, None]
        window = codes.gather(1, place.clamp_max(T - 1))
        follows = torch.where(real, window.long(), NOTHING)[:, 1:]
        return {"": window[:, :-1], "_mask": real[:, :-1]}, {"": follows}

    def to_html(self, value: Any, state: State) -> str:
        return ""


MODALITY = Following()
