"""On few rows the classical baseline is chosen on folds: a straight line where the truth is one, trees where it is
not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines._small_data import best_of, spread, spreading
from engineroom.core import registry
from engineroom.core.config import LimitsConfig, make_config
from engineroom.core.table import Table
from engineroom.data.schema_inference import fit_schema, infer_schema

RNG = np.random.default_rng(3)


def fitted(frame: pl.DataFrame, kind: str):
    table = Table(frame, "t")
    schema = fit_schema(
        infer_schema(table, make_config({"target": "y"})), table, np.arange(frame.height), LimitsConfig()
    )
    y = registry.get("modalities", schema.target.modality).encode(frame["y"], schema.target.state, {})
    y = frame["y"].to_numpy() if kind == "number" else np.asarray(y, int) - 1
    val = (frame[:0], y[:0])
    baseline = registry.get("baselines", "gradient_boosting").fit(
        frame, y, schema=schema, kind=kind, classes=2, val=val, seed=0
    )
    return baseline, y


def table(y: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"a": A, "b": B, "c": C, "y": y})


A, B = RNG.normal(size=300), RNG.normal(size=300) * 50 + 10
C = RNG.choice(["red", "green", "blue"], 300)


def test_a_line_is_found_where_the_truth_is_one() -> None:
    baseline, y = fitted(table(3 * A + B / 10 + (C == "red") + RNG.normal(size=300) * 0.1), "number")
    assert baseline.words.startswith("ridge")
    again = load(baseline.dump())
    frame = table(y)
    assert np.abs(again.predict(frame) - y).mean() < 0.15
    assert np.array_equal(again.predict(frame), baseline.predict(frame))
    gaps = frame.with_columns(a=pl.lit(None, pl.Float64), c=pl.lit("violet"))  # missing, and never met
    assert np.isfinite(again.predict(gaps)).all()


def test_trees_are_found_where_the_truth_has_corners() -> None:
    baseline, _ = fitted(table(np.sign(A * (B - 10)) * 5.0), "number")
    assert "trees" in baseline.words


def test_classes_by_a_logistic_curve() -> None:
    baseline, y = fitted(table(np.where(A + (B - 10) / 50 + RNG.normal(size=300) > 0, "yes", "no")), "classes")
    assert baseline.words.startswith("logistic")
    assert baseline.predict(table(y)).shape == (300, 2)


def test_a_class_rarer_than_the_folds() -> None:
    y = np.zeros(60, int)
    y[:2] = 1
    words, _, estimator = best_of(RNG.normal(size=(60, 3)), y, categorical=[False] * 3, kind="classes", seed=0)
    assert words and estimator is not None


@pytest.mark.parametrize("column", [np.full(5, np.nan), np.ones(5)])
def test_columns_that_tell_nothing_stay_finite(column: np.ndarray) -> None:
    x = column[:, None]
    assert np.isfinite(spread(x, spreading(x, [False]))).all()
