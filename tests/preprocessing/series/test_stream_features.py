"""Rows in time: bad clocks are told, no past reaches across a gap, every series is measured by its own beginning, which
teaches."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.core.errors import DataError, UserError
from engineroom.core.table import Table
from engineroom.preprocessing.series.stream_features import streamed
from engineroom.preprocessing.tabular.pseudo_anomalies import disturb_series, moving
from engineroom.tasks._base import make_task


def pumps(rows: int = 200) -> pl.DataFrame:
    """Two pumps of different size, one row a minute; at the end both run odd."""
    rng, minutes = np.random.default_rng(0), np.arange(rows)
    parts = []
    for name, size in (("p", 1.0), ("q", 100.0)):
        flow = size * (10 + rng.normal(0, 1, rows) + 8 * (minutes >= rows - 20))
        state = np.where(minutes >= rows - 20, "leak", "ok")
        times = pl.Series(
            (np.datetime64("2024-01-01T00:00") + minutes.astype("timedelta64[m]")).astype("datetime64[ms]")
        )
        parts.append(pl.DataFrame({"time": times, "pump": name, "flow": flow, "state": state}))
    return pl.concat(parts)


def reframed(frame: pl.DataFrame, **options) -> Table:
    return make_task("anomaly_detection", {"window": 5, "series": "pump", **options}).build_samples(
        Table(frame), "state", inference=False
    )


def test_every_series_is_measured_by_its_beginning_which_teaches() -> None:
    table = reframed(pumps(), probation=100)
    real = table.frame[:400]
    assert real["split"].to_list() == (["train"] * 80 + ["val"] * 20 + ["test"] * 100) * 2
    for part in (real[:100], real[200:300]):
        assert abs(part["flow"].mean()) < 1e-6 and part["flow"].std() == pytest.approx(1, abs=0.01)
    assert real[190:200]["flow"].mean() > 4 and {"pump", "time"}.isdisjoint(table.frame.columns)
    asked = make_task("anomaly_detection", {"window": 5, "series": "pump", "probation": 0.5}).build_samples(
        Table(pumps().drop("state")), "state", inference=True
    )
    assert asked.frame["flow"].to_numpy() == pytest.approx(real["flow"].to_numpy())


def test_the_past_begins_anew_after_a_gap() -> None:
    frame = pumps().with_columns(
        pl.when(pl.int_range(400) % 200 >= 50)
        .then(pl.col("time") + pl.duration(hours=5))
        .otherwise(pl.col("time"))
        .alias("time")
    )
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


@pytest.mark.parametrize(
    "options", [{"window": 0, "probation": 0.2}, {"probation": 1.5}, {"probation": -1}, {"n_labelled_anomalies": -1}]
)
def test_settings_that_make_no_sense_are_told(options: dict) -> None:
    with pytest.raises(UserError, match="options"):
        reframed(pumps(), **options)


def test_a_disturbed_stretch_is_another_and_the_rest_stays() -> None:
    x = np.random.default_rng(0).normal(0, 1, (2_000, 3))
    y, inside = disturb_series(x, 20, np.random.default_rng(1))
    assert np.array_equal(x[~inside], y[~inside]) and 0.1 < inside.mean() < 0.7
    assert (x[inside] != y[inside]).any(1).mean() > 0.8
    assert np.array_equal(disturb_series(x, 20, np.random.default_rng(1))[0], y)
    alone = disturb_series(x[:1], 20, np.random.default_rng(2))[0]
    assert alone.shape == (1, 3)


def test_made_up_rows_have_a_past_that_goes_with_them() -> None:
    """A mean that is not the mean of the rows before, or a jump that is not the row less the mean, would give a made-up
    row away."""
    task = make_task("anomaly_detection", {"window": 5, "series": "pump", "probation": 100})
    stream = streamed(Table(pumps()), task, {"state"})
    rows = stream.made_up(stream.parts == "train", 60, np.random.default_rng(0))
    assert rows.height == 60 and rows.columns == stream.table.frame.drop("state").columns
    assert rows["flow jump"].to_numpy() == pytest.approx((rows["flow"] - rows["flow mean"]).to_numpy())
    assert rows["flow"].abs().max() > 3


def test_a_new_level_becomes_ordinary_where_rows_are_measured_by_those_before() -> None:
    frame = pl.DataFrame({"flow": np.r_[np.tile([0.0, 1.0], 50), np.tile([10.0, 11.0], 50)], "state": "ok"})
    options = {"window": 5, "series": "", "probation": 20}
    for adapt, least, most in ((True, -1.5, 1.5), (False, 15, 25)):
        stream = streamed(
            Table(frame), make_task("anomaly_detection", {**options, "rolling_baseline": adapt}), {"state"}
        )
        assert stream.table.frame["flow"][100] > 8 and least < stream.table.frame["flow"][-1] < most


def test_means_of_the_past_by_hand() -> None:
    out = moving(pl.DataFrame({"x": [0.0, 6.0, 3.0]}), ["x"], 3, "")
    assert (
        out["x mean"].to_list() == [0, 3, 3]
        and out["x recent"].to_list() == [0, 3, 4.5]
        and out["x step"].to_list() == [0, 6, -3]
    )
