"""What is out of the ordinary: a machine that runs oddly, a payment unlike the others. Learnt from ordinary rows
alone."""

from __future__ import annotations

from ._base import Recipe


def machines():
    """A made-up pump: flow and pressure follow the speed, heat follows both; in one row of thirty something does not go
    together."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    rows = 3_000
    speed, cooling = rng.gamma(6, 4, rows), rng.choice(["air", "water"], rows)
    flow = 2 * speed + rng.normal(0, 2, rows)
    pressure = 0.02 * speed**2 + rng.normal(0, 0.8, rows)
    heat = 20 + 0.5 * flow + 1.2 * pressure - 9 * (cooling == "water") + rng.normal(0, 1.5, rows)
    odd = rng.random(rows) < 1 / 30
    kind = rng.integers(0, 3, rows)
    flow = np.where(odd & (kind == 0), flow * 0.55, flow)  # a leak
    pressure = np.where(odd & (kind == 1), pressure + 8, pressure)  # a blocked pipe
    heat = np.where(odd & (kind == 2), heat + 14, heat)  # cooling fails
    numbers = {"speed": speed, "flow": flow, "pressure": pressure, "heat": heat}
    return pl.DataFrame(
        {k: v.round(2) for k, v in numbers.items()} | {"cooling": cooling, "state": np.where(odd, "fault", "normal")}
    )


RECIPE = Recipe(
    title="Find what is out of the ordinary",
    story="Learns what ordinary rows look like and scores how little a row belongs to them; an alarm begins where a "
    "wanted share of ordinary "
    "rows lies above (--set options.false_alarm_rate=0.01). Labels are not needed; a column of them (--target) only "
    "judges, and its odd rows are never "
    "learnt from (--set options.normal=ok names the ordinary class). --set options.window=60 reads the past of a "
    "series of measurements.",
    data="a table of at least two columns, most of its rows ordinary",
    answers="CSV: prediction (normal or anomaly), score, alarm",
    target="state",
    demo=machines,
    settings={"task": "anomaly_detection"},
    minutes=1.0,
    expect="roc_auc 0.987, where an isolation forest reaches 0.774",
)
