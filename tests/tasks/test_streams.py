"""Rows in time: bad clocks are told, no past reaches across a gap, every series is measured by its own beginning, which teaches."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.core.errors import DataError, UserError
from engineroom.core.table import Table
from engineroom.tasks._options import make_task


def pumps(rows: int = 200) -> pl.DataFrame:
    """Two pumps of different size, one row a minute; at the end both run odd."""
    rng, minutes = np.random.default_rng(0), np.arange(rows)
    parts = []
    for name, size in (("p", 1.0), ("q", 100.0)):
        flow = size * (10 + rng.normal(0, 1, rows) + 8 * (minutes >= rows - 20))
        state = np.where(minutes >= rows - 20, "leak", "ok")
        times = pl.Series((np.datetime64("2024-01-01T00:00") + minutes.astype("timedelta64[m]")).astype("datetime64[ms]"))
        parts.append(pl.DataFrame({"time": times, "pump": name, "flow": flow, "state": state}))
    return pl.concat(parts)


def reframed(frame: pl.DataFrame, **options) -> Table:
    return make_task("anomaly", {"window": 5, "series": "pump", **options}).reframe(Table(frame), "state", asking=False)


def test_every_series_is_measured_by_its_beginning_which_teaches() -> None:
    table = reframed(pumps(), settle=100)
    real = table.frame[:400]
    assert real["split"].to_list() == (["train"] * 80 + ["val"] * 20 + ["test"] * 100) * 2
    for part in (real[:100], real[200:300]):
        assert abs(part["flow"].mean()) < 1e-6 and part["flow"].std() == pytest.approx(1, abs=0.01)
    assert real[190:200]["flow"].mean() > 4 and {"pump", "time"}.isdisjoint(table.frame.columns)
    asked = make_task("anomaly", {"window": 5, "series": "pump", "settle": 0.5}).reframe(Table(pumps().drop("state")), "state", asking=True)
    assert asked.frame["flow"].to_numpy() == pytest.approx(real["flow"].to_numpy())


def test_the_past_begins_anew_after_a_gap() -> None:
    frame = pumps().with_columns(pl.when(pl.int_range(400) % 200 >= 50).then(pl.col("time") + pl.duration(hours=5)).otherwise(pl.col("time")).alias("time"))
    table = reframed(frame)
    assert any("2 gap(s)" in note for note in table.notes)
    assert table.frame["flow jump"][50] == 0 == table.frame["flow jump"][0] and table.frame["flow jump"][51] != 0


@pytest.mark.parametrize(
    ("frame", "options", "word"),
    [
        (pumps().sample(fraction=1, shuffle=True, seed=0), {}, "earlier"),
        (pumps().with_columns(pl.col("time").dt.truncate("5m")), {}, "the same time"),
        (pumps().drop("pump"), {"series": "", "time": "clock"}, "no column 'clock'"),
        (pl.concat([pumps()] * 2), {}, "earlier"),
        (pumps().drop("pump"), {"series": ""}, "earlier"),
    ],
)
def test_bad_clocks_are_told(frame: pl.DataFrame, options: dict, word: str) -> None:
    with pytest.raises(DataError, match=word):
        reframed(frame, **options)


def test_a_single_doubled_moment_is_noted_and_taken_as_it_stands() -> None:
    times = pumps()["time"].to_list()
    times[60] = times[59]
    table = reframed(pumps().with_columns(pl.Series("time", times)))
    assert any("Row 60 of p has the same time" in note for note in table.notes)


@pytest.mark.parametrize("options", [{"window": 0, "settle": 0.2}, {"settle": 1.5}, {"settle": -1}, {"labels": -1}])
def test_settings_that_make_no_sense_are_told(options: dict) -> None:
    with pytest.raises(UserError, match="options"):
        reframed(pumps(), **options)
