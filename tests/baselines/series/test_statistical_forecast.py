"""Classical forecasts: each method continues what it is made for, the validation chooses, what takes too long stands
back and says so."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._estimator import load
from engineroom.baselines.series import statistical_forecast
from engineroom.core import registry
from engineroom.core.errors import UserError
from engineroom.core.schema import Column, Schema
from engineroom.metrics.residual_quantiles import residual_quantiles

RNG = np.random.default_rng(0)


def example(rows: int = 80, noise: float = 0.05) -> tuple[pl.DataFrame, np.ndarray]:
    """Histories of 36 steps of a wave of 12, and the next 6."""
    start = RNG.integers(0, 12, rows)[:, None]
    x = np.sin(2 * np.pi * (start + np.arange(42)) / 12) + RNG.normal(0, noise, (rows, 42))
    marks = np.tile([0.0, 1.0], (rows, 1))
    return pl.DataFrame({"history": pl.Series(x[:, :36].astype(np.float32))}), np.concatenate(
        [x[:, 36:], marks], 1
    ).astype(np.float32)


def schema(**state) -> Schema:
    return Schema(
        (
            Column("history", "window", "input", {"steps": 36}),
            Column("y", "forecast_target", "target", {"steps": 6, "season": 12, **state}),
        )
    )


def fit(name: str = "statistical_forecast", **state):
    frame, y = example()
    return registry.get("baselines", name).fit(
        frame, y, schema=schema(**state), kind="path", classes=6, val=example(), seed=0
    )


def test_ridge_wins_over_the_last_season_where_there_is_noise_and_survives_its_file() -> None:
    fitted = fit()
    assert fitted.words.startswith("ridge regression")
    frame, y = example()
    said = fitted.predict(frame)
    assert said["quantiles"].shape == (80, 6, 9) and np.abs(said["mean"] - y[:, :6]).mean() < 0.08
    again = load(fitted.dump()).predict(frame)
    assert np.allclose(again["quantiles"], said["quantiles"])
    inside = (y[:, :6] >= said["quantiles"][..., 0]) & (y[:, :6] <= said["quantiles"][..., -1])
    assert 0.65 < inside.mean() < 0.95


def test_the_last_season_is_repeated() -> None:
    fitted = fit(classical="naive")
    x = np.arange(36.0)[None]
    assert fitted.words == "repeats the last season"
    assert statistical_forecast.last_season(x, 12, 14).tolist() == [[*range(24, 36), 24, 25]]


def test_the_dummy_forecast_is_the_simplest_that_is_best_on_validation() -> None:
    rng, marks = np.random.default_rng(0), np.tile([0.0, 1.0], (80, 1))
    walk = rng.normal(size=(80, 42)).cumsum(1)
    noise, level = rng.normal(size=(80, 42)), rng.normal(size=(80, 1)) * 3
    cases = {"last": (walk, 1), "mean": (noise, 1), "history": (noise + level, 1), "season": (None, 12)}
    for method, (x, season) in cases.items():
        frame, y = (
            example()
            if x is None
            else (
                pl.DataFrame({"history": pl.Series(x[:, :36].astype(np.float32))}),
                np.concatenate([x[:, 36:], marks], 1),
            )
        )
        fitted = registry.get("baselines", "dummy").fit(
            frame, y, schema=schema(season=season), kind="path", classes=6, val=(frame, y), seed=0
        )
        past = frame["history"].to_numpy()
        expected = {"last": past[:, -1], "mean": np.zeros(80), "history": past.mean(1), "season": past[:, 27]}[method]
        assert fitted.facts["method"] == method, fitted.words
        assert np.allclose(load(fitted.dump()).predict(frame)["mean"][:, 3], expected, atol=1e-5)


def test_without_statsmodels_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setattr(statistical_forecast, "has_statsmodels", lambda: False)
    with pytest.raises(UserError, match="statsmodels"):
        fit(classical="ets")
    assert "not tried" in fit().words


def test_many_windows_keep_the_slow_methods_back(monkeypatch) -> None:
    monkeypatch.setattr(statistical_forecast, "has_statsmodels", lambda: True)
    assert statistical_forecast.allowed("auto", 700)[0] == ["naive", "ridge", "theta"]
    methods, words = statistical_forecast.allowed("auto", 10_000)
    assert methods == ["naive", "ridge"] and "stood back" in words


@pytest.mark.parametrize("method", ["theta", "ets"])
def test_methods_of_single_series_continue_a_season(method: str) -> None:
    pytest.importorskip("statsmodels")
    x = np.sin(2 * np.pi * np.arange(72) / 12) + 0.02 * np.arange(72) + RNG.normal(0, 0.02, 72)
    coming = np.sin(2 * np.pi * np.arange(72, 84) / 12) + 0.02 * np.arange(72, 84)
    assert np.abs(statistical_forecast.LOCAL[method](x, 12, 12) - coming).mean() < 0.15
    assert np.isfinite(statistical_forecast.LOCAL[method](np.ones(10), 12, 12)).all()


@pytest.mark.slow
def test_ridge_reads_what_is_known_beforehand_and_learns_from_whole_windows() -> None:
    frame, y = example(200)
    coming = RNG.normal(0, 1, (200, 6)).astype(np.float32)
    y[:, :6] += coming
    y[:20, 3] = np.nan
    frame = frame.with_columns(ahead=pl.Series(coming))
    columns = schema().columns
    knowing = Schema(
        (columns[0], Column("ahead", "future_covariates", "input", {"mean": [0.0] * 6, "std": [1.0] * 6}), columns[1])
    )
    errors = []
    for one in (schema(), knowing):
        fitted = registry.get("baselines", "statistical_forecast").fit(
            frame[:150], y[:150], schema=one, kind="path", classes=6, val=(frame[150:], y[150:]), seed=0
        )
        errors.append(np.abs(load(fitted.dump()).predict(frame[150:])["mean"] - y[150:, :6]).mean())
    assert errors[1] < 0.3 < 0.5 < errors[0]


def test_few_residuals_are_taken_together_over_the_steps() -> None:
    errors = np.array([[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])
    few = residual_quantiles(errors, [0.0, 0.5, 1.0])
    assert few.tolist() == [[0, 2, 4]] * 3
    many = residual_quantiles(np.tile(errors, (20, 1)), [0.0, 0.5, 1.0])
    assert many[:, 2].tolist() == [2, 3, 4] and many[0, 0] == 0
