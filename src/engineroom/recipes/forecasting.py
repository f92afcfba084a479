"""How it goes on: demand, load, temperature, sales. The next steps of one series or many, with a band."""

from __future__ import annotations

from ._base import Recipe


def loads():
    """Two made-up power meters, an hour a row for ten weeks: a day's rhythm, quieter weekends, a slow drift and
    noise."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    hours = np.arange(24 * 70)
    when = np.datetime64("2024-01-01T00", "h") + hours
    parts = []
    for name, size in (("north", 40.0), ("south", 15.0)):
        day = np.sin(2 * np.pi * (hours - 8) / 24) + 0.4 * np.sin(4 * np.pi * (hours - 3) / 24)
        quiet = np.where(hours // 24 % 7 >= 5, 0.55, 1.0)
        drift = np.cumsum(rng.normal(0, 0.012, len(hours)))
        load = size * (2 + quiet * day + drift + rng.normal(0, 0.12, len(hours)))
        parts.append(pl.DataFrame({"time": when.astype("datetime64[ms]"), "meter": name, "load": load.round(3)}))
    return pl.concat(parts)


RECIPE = Recipe(
    title="Forecast what comes next",
    story="Learns from the past of one series or many how the next steps follow, and says how sure it is. Name the "
    "column of values (--target), "
    "if need be the one that tells series apart (--set options.series=meter), how far to look ahead (--set "
    "options.horizon=24) and back "
    "(options.context); with --set options.all_channels=true every numeric column is forecast.",
    data="a row a moment (time, values, maybe a name of the series), or a line a series",
    answers="CSV, a line a step: series, time, mean, q10, q50, q90",
    target="load",
    demo=loads,
    settings={"task": "forecasting"},
    minutes=1.0,
    expect="mse 0.047 (in deviations), where ridge regression reaches 0.086 and repeating the last value 1.9",
)
