"""Dummy actor: anything at all, by the chance of the episode's seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...environments._random_baseline import at_random
from ...environments._rollout import play
from .._estimator import Baseline, FittedBaseline


class RandomActions(Baseline):
    kinds = ("acting",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        return FittedBaseline("random_policy", "actions at random", kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        facts, seeds = fitted.schema.target.state["world"], frame[fitted.schema.inputs[0].name].to_numpy()
        return play(facts, seeds, at_random(facts, seeds))


BASELINE = RandomActions()
