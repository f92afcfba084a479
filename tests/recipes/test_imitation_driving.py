"""Imitation: frames and what the driver did; a short lesson is enough to follow a road longer than chance does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

pytest.importorskip("gymnasium")

import engineroom as er
from engineroom.environments._environment import describe
from engineroom.environments._random_baseline import at_random
from engineroom.environments._rollout import play
from engineroom.recipes.imitation_driving import drives


def test_a_driver_is_imitated_and_drives(here) -> None:
    table = drives()
    assert (
        table["frame"].to_numpy().shape[1:] == (32, 64, 3)
        and table["steering"].abs().max() <= 1
        and table["steering"].std() > 0.2
    )
    assert table.equals(drives()), "the same frames every time"
    model = er.train(
        table,
        target="steering",
        recipe="imitation_driving",
        steps=50,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    assert model.deep_metrics["r2"] > 0.6, model.metrics

    def by_eye(seen, worlds, places) -> np.ndarray:
        return model.predict(pl.DataFrame({"frame": pl.Series(seen.transpose(0, 2, 3, 1))}))["prediction"].to_numpy()[
            :, None
        ]

    facts, seeds = describe("road?longest=50"), np.arange(2_000_000, 2_000_004)
    assert (
        play(facts, seeds, by_eye)["return"].mean() > 1.5 * play(facts, seeds, at_random(facts, seeds))["return"].mean()
    )
