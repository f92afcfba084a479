"""Noise for generated table rows: the latent vector and the Gumbel noise of the categorical samples. A row's number is
its seed."""

from __future__ import annotations

from typing import Any

import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from .latent_noise import SIZE, Noise

WIDEST = 20_000  # numbers a row


class GumbelNoise(Noise):
    signal_type = "static"
    backbones = ("identity",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"size": SIZE}

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """`width` of the rows that are made: a lot for each of their numbers, behind what the maker begins with."""
        return {"size": SIZE + int(facts["width"])}

    def validate_example(self, state: State, tensor) -> bool:
        return state["size"] <= WIDEST and super().validate_example(state, tensor)


MODALITY = GumbelNoise()
