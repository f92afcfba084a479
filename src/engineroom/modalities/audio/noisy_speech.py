"""A column of recordings with noise in them. A cell that says which noise is to be added gets it here; any other is
read as it is, whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...layers.stft import LogFrames
from .._base import Base, each_cell
from ._noise_mixing import LONGEST, mixed, ragged
from .audio import HIGHEST_RATE, decode
from .audio import MODALITY as AUDIO


class Noisy(Base):
    layouts = ("sequence",)
    signal_type = "steps"
    backbones = ("causal_gru",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """`rate`: as most of the clean recordings have it."""
        clean = values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values.cast(pl.String)
        return {"rate": int(AUDIO.fit(clean, limits=limits).get("rate", HIGHEST_RATE))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(T,) int16 each."""
        rate = state["rate"]

        def work(cell: Any) -> np.ndarray:
            if isinstance(cell, dict):
                return mixed(cell, rate)[:, 1]
            wave = decode(cell, rate=rate, seconds=LONGEST)
            return (wave.clip(-1, 1) * 32767).astype(np.int16)

        return ragged(each_cell(values.to_list(), work, damaged, np.zeros(0, np.int16)))

    def canonical(self, values: pl.Series) -> pl.Series:
        """Equal where the clean recordings are, whatever the noise."""
        return (
            (values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values)
            .cast(pl.String)
            .fill_null("")
        )

    def stem(self, states: Sequence[State], width: int, layout: Any) -> nn.Module:
        return LogFrames(states[0]["rate"])

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.dtype == torch.int16 and tensor.shape[1] <= LONGEST * state["rate"] + 1

    def to_html(self, value: Any, state: State) -> str:
        return AUDIO.to_html(value["source"] if isinstance(value, dict) else value, state)


MODALITY = Noisy()
