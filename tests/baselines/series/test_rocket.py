"""Kernels or steps: what does better on folds of the training rows stands, and comes back from its stored form."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines.series.rocket import BASELINE
from engineroom.core.config import LimitsConfig
from engineroom.core.schema import Column, Schema
from engineroom.modalities.series.series import MODALITY


def rows(seed: int, where: bool, n: int = 80) -> tuple[pl.DataFrame, np.ndarray]:
    """Noise of 20 to 39 steps. The class is the sign of step 7 among other peaks of both signs (`where`), or whether a
    wave of eight steps runs through all of it."""
    rng = np.random.default_rng(seed)
    y, cells = rng.integers(0, 2, n), []
    for label in y:
        steps = rng.normal(0, 0.5, rng.integers(20, 40))
        if where:
            steps[rng.choice(np.arange(8, 20), 6, replace=False)] = rng.permutation([4.0, 4.0, 4.0, -4.0, -4.0, -4.0])
            steps[7] = 4.0 if label else -4.0
        elif label:
            steps += np.sin(np.arange(len(steps)) * 2 * np.pi / 8 + rng.uniform(0, 6))
        cells.append(steps.tolist())
    return pl.DataFrame({"x": cells}), y


@pytest.mark.parametrize(("where", "words"), [(True, "steps"), (False, "kernels")])
def test_what_does_better_on_folds_is_taken(where: bool, words: str) -> None:
    (train, y), (val, y_val), (test, truth) = (rows(seed, where) for seed in range(3))
    column = Column("x", "series", "input", MODALITY.fit(train["x"], limits=LimitsConfig()))
    schema = Schema((column,))
    fitted = BASELINE.fit(train, y, schema=schema, kind="classes", classes=2, val=(val, y_val), seed=0)
    assert words in fitted.words
    said = load(fitted.dump()).predict(test)
    assert said.shape == (80, 2) and (said.argmax(1) == truth).mean() > 0.85
    assert np.allclose(said, fitted.predict(test))
    odd = pl.DataFrame({"x": [[1.0], [0.5] * 90]})  # shorter and longer than any row learnt from
    assert np.isfinite(load(fitted.dump()).predict(odd)).all()
