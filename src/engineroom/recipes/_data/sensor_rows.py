"""Pumps and fans with what their sensors say, for the demo of hidden parts: everything goes with something else, but
not along straight lines."""

from __future__ import annotations

EMPTY = 0.04  # share of the cells


def machines(count: int = 2_000):
    """Four numbers, two classes and a vibration of 48 steps; some cells are empty."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(12)
    kinds, oils = np.array(["pump", "fan", "mill"]), np.array(["thin", "thick"])
    kind, oil = rng.integers(0, 3, count), rng.integers(0, 2, count)
    speed = rng.uniform(0.3, 1.0, count) * np.array([3000, 1500, 600])[kind]
    load = rng.uniform(0.1, 1.0, count)
    power = np.array([2e-8, 5e-8, 2e-6])[kind] * speed**2 * load * 1000 + rng.normal(0, 4, count)
    heat = 25 + 40 * load * np.where(oil == 0, 1.0, 1.5) + 8 * (speed / 3000) ** 2 + rng.normal(0, 1.0, count)
    steps, beat = np.arange(48), 2 + 6 * speed / 3000
    shake = np.sin(2 * np.pi * (beat[:, None] * steps / 48 + rng.random((count, 1)))) * (
        0.3 + load[:, None]
    ) + 0.1 * rng.normal(size=(count, 48))
    table = {"speed": speed.round(1), "load": load.round(3), "power": power.round(1), "temperature": heat.round(1)}
    gone = {name: rng.random(count) < EMPTY for name in (*table, "kind", "oil")}
    columns = {
        name: pl.Series(name, np.where(gone[name], np.nan, values), nan_to_null=True) for name, values in table.items()
    }
    for name, words in (("kind", kinds[kind]), ("oil", oils[oil])):
        columns[name] = pl.Series(
            name, [None if empty else word for word, empty in zip(words.tolist(), gone[name], strict=True)]
        )
    return pl.DataFrame(columns | {"vibration": shake.round(3).tolist(), "row": range(count)})
