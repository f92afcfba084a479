"""Forecasts: windows never look ahead, parts follow each other in time, answers lie after the end, and bad times are
told."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core.batch import Batch
from engineroom.core.errors import DataError, UserError
from engineroom.core.schema import Column
from engineroom.core.table import Table
from engineroom.heads.quantile_path import LEVELS
from engineroom.preprocessing.series.regular_series import forward_filled
from engineroom.rendering.forecast_plot import caution, stretch
from engineroom.tasks._base import make_task

HOURS = np.datetime64("2024-01-01T00", "ms") + np.arange(400) * np.timedelta64(3_600_000, "ms")
WAVE = 10 + 3 * np.sin(2 * np.pi * np.arange(400) / 24)


def waves(**columns) -> pl.DataFrame:
    return pl.DataFrame({"when": HOURS, "load": WAVE} | columns)


def windows(frame: pl.DataFrame, target: str | None = "load", **options) -> pl.DataFrame:
    return make_task("forecasting", options).build_samples(Table(frame), target, inference=False).frame


def test_the_season_is_found_and_parts_follow_each_other_without_overlap() -> None:
    table = make_task("forecasting", {}).build_samples(Table(waves()), "load", inference=False)
    facts = table.hints["load"]["facts"]
    assert (facts["season"], facts["horizon"], facts["context"]) == (24, 24, 96)
    last = {part: table.frame.filter(pl.col("split") == part)["origin"] for part in ("train", "val", "test")}
    ahead = pl.duration(hours=24)
    assert pl.select(pl.lit(last["train"].max()) + ahead).item() <= last["val"].min()
    assert pl.select(pl.lit(last["val"].max()) + ahead).item() <= last["test"].min()


def test_a_window_is_the_past_and_its_path_what_came() -> None:
    frame = windows(waves(), horizon=4, context=10)
    row = frame.row(37, named=True)
    at = int(np.flatnonzero(HOURS == np.datetime64(row["origin"]))[0])
    raw = lambda cell: np.array(cell) * row["_deviation"] + row["_level"]
    assert np.allclose(raw(row["history"]), WAVE[at - 10 : at], atol=1e-4)
    assert np.allclose(raw(row["load"][:4]), WAVE[at : at + 4], atol=1e-4)
    assert frame["history"].dtype == pl.Array(pl.Float32, 10)


def test_the_scale_is_that_of_the_training_rows_alone() -> None:
    late = WAVE.copy()
    late[300:] *= 100
    frame = windows(waves(load=late), horizon=4, context=10, val_from=200, test_from=300)
    assert frame["_level"][0] == pytest.approx(WAVE[:200].mean()) and frame["_deviation"][0] == pytest.approx(
        WAVE[:200].std()
    )


def test_customary_rows_give_the_customary_windows() -> None:
    frame = windows(waves(), horizon=6, context=20, val_from=200, test_from=260, end=320)
    counts = dict(frame["split"].value_counts().iter_rows())
    assert counts == {"train": 200 - 6 - 20 + 1, "val": 60 - 6 + 1, "test": 60 - 6 + 1}
    assert (
        dict(windows(waves(), horizon=6, context=20, stride=5, val_from=200)["split"].value_counts().iter_rows())[
            "train"
        ]
        == 35
    )


def test_gaps_are_filled_with_what_was_known_and_are_not_judged() -> None:
    holes = WAVE.copy()
    holes[[50, 51, 333]] = np.nan
    frame = windows(waves(load=holes), horizon=4, context=10)
    assert not np.isnan(frame["history"].to_numpy()).any()
    assert np.isnan(frame["load"].to_numpy()[:, :4]).any(1).sum() > 0
    assert forward_filled(np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, 5.0]])).tolist() == [[2, 1], [2, 1], [2, 5]]
    absent = waves().filter(~pl.int_range(pl.len()).is_in([100, 101, 200]))
    table = make_task("forecasting", {"horizon": 4, "context": 10}).build_samples(
        Table(absent), "load", inference=False
    )
    assert any("3 absent moment(s)" in note and "the first after 2024-01-05 03:00" in note for note in table.notes)
    noted = (
        make_task("forecasting", {"horizon": 4, "context": 10})
        .build_samples(Table(waves(load=holes)), "load", inference=False)
        .notes
    )
    assert any("3 of 400 values of load are missing, at most 2 in a row" in note for note in noted)


def test_doubles_are_refused_unless_a_column_tells_series_apart() -> None:
    twice = pl.concat([waves(), waves()])
    with pytest.raises(DataError, match="occur twice: 2024-01-01 00:00:00 in rows 0 and 400"):
        windows(twice)
    named = twice.with_columns(meter=pl.Series(["a"] * 400 + ["b"] * 400))
    frame = windows(named.sample(fraction=1.0, shuffle=True, seed=0))
    assert set(frame["series"]) == {"a", "b"}
    assert np.allclose(frame.filter(pl.col("series") == "a")["_level"][0], WAVE[:280].mean(), atol=0.05)


@pytest.mark.parametrize(
    ("frame", "options", "word"),
    [
        (waves()[:20], {"horizon": 24}, "fits"),
        (waves().with_columns(when=pl.lit("nonsense 1-1")), {"time": "when"}, "no time"),
        (waves(), {"series": "metre"}, "no column"),
        (waves(), {"horizon": -1}, "below 0"),
        (waves(), {"metric": "rmse"}, "metric"),
        (waves(), {"time_features": "maybe"}, "time_features"),
        (waves(), {"baseline_method": "arima"}, "baseline_method"),
        (waves(), {"test": 0.95}, "shares"),
    ],
)
def test_what_cannot_be_is_told(frame, options: dict, word: str) -> None:
    with pytest.raises(UserError, match=word):
        windows(frame, **options)


def test_a_column_named_year_need_not_be_a_clock() -> None:
    frame = pl.DataFrame({"year": np.repeat(np.arange(2000, 2020), 20), "close": WAVE})
    with pytest.raises(DataError, match="occur twice: 2000") as result:
        windows(frame, "close")
    assert "options.time=rows" in result.value.fix
    table = make_task("forecasting", {"time": "rows"}).build_samples(Table(frame), "close", inference=False)
    assert table.frame.height > 200
    assert any("in the order they stand" in note for note in table.notes)


def test_noise_on_a_slow_wave_is_no_season() -> None:
    rng = np.random.default_rng(0)
    slow = np.sin(2 * np.pi * np.arange(1500) / 365) + rng.normal(0, 0.3, 1500)
    facts = (
        make_task("forecasting", {"horizon": 7})
        .build_samples(Table(pl.DataFrame({"y": slow})), "y", inference=False)
        .hints["y"]["facts"]
    )
    assert 340 < facts["season"] < 390 and facts["context"] == 21  # not four years of four


def test_several_columns_need_a_word_or_all_are_channels() -> None:
    two = waves(temperature=WAVE[::-1].copy())
    with pytest.raises(DataError, match="Which column"):
        windows(two, None)
    assert set(windows(two, None, all_channels=True)["channel"]) == {"load", "temperature"}


def test_months_and_years_are_counted_by_the_calendar() -> None:
    months = [f"{1950 + i // 12}-{1 + i % 12:02d}" for i in range(120)]
    frame = pl.DataFrame({"month": months, "sold": 5 + np.sin(2 * np.pi * np.arange(120) / 12) + np.arange(120) / 50})
    table = make_task("forecasting", {}).build_samples(Table(frame), "sold", inference=False)
    assert (table.hints["sold"]["facts"]["unit"], table.hints["sold"]["facts"]["season"]) == ("months", 12)


def test_scores_by_hand() -> None:
    task = make_task("forecasting", {})
    quantiles = np.repeat(np.array([[[0.0], [2.0]]]), len(LEVELS), 2).astype(np.float32)
    truth = np.array([[1.0, np.nan, 3.0, 0.5]], np.float32)  # two steps, then level and naive error
    scores = task.compute_metrics(task.score_rows({"mean": quantiles[..., 0], "quantiles": quantiles}, truth))
    assert scores["mse"] == 1.0 and scores["mae"] == 1.0 and scores["mase"] == 2.0
    assert scores["smape"] == pytest.approx(200 * 1 / 7) and scores["coverage"] == 0.0
    assert scores["wql"] == pytest.approx(1.0 / 4.0)


def test_the_band_is_stretched_to_what_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = np.concatenate([rng.normal(0, 1, (500, 3)), np.zeros((500, 1)), np.ones((500, 1))], 1).astype(np.float32)
    quantiles = np.broadcast_to(np.linspace(-0.3, 0.3, 9, dtype=np.float32), (500, 3, 9))
    task, answers = make_task("forecasting", {}), {"mean": quantiles[..., 4], "quantiles": quantiles}
    after = task.apply_calibration(answers, task.fit_calibration(answers, truth))
    assert task.compute_metrics(task.score_rows(after, truth))["coverage"] == pytest.approx(0.8, abs=0.02)
    assert task.compute_metrics(task.score_rows(answers, truth))["coverage"] < 0.4


def test_rows_out_of_order_are_sorted_and_told_and_uneven_times_too() -> None:
    task = make_task("forecasting", {"horizon": 4, "context": 10})
    shuffled = task.build_samples(Table(waves().sample(fraction=1.0, shuffle=True, seed=1)), "load", inference=False)
    assert any("not in the order of time" in note for note in shuffled.notes)
    assert shuffled.frame.equals(task.build_samples(Table(waves()), "load", inference=False).frame)
    uneven = waves().filter(pl.Series(np.random.default_rng(0).random(400) < 0.5))
    assert any("not evenly spaced" in note for note in task.build_samples(Table(uneven), "load", inference=False).notes)


def test_a_band_measured_on_few_errors_is_wider() -> None:
    rng = np.random.default_rng(0)
    inside = {False: [], True: []}
    for _ in range(300):
        # two validation windows and two to come, each wrong in one direction throughout
        errors = rng.normal(0, 1, (4, 1)) * np.ones(6)
        quantiles = np.broadcast_to(np.linspace(-0.3, 0.3, 9), (2, 6, 9))
        factor = stretch(quantiles, errors[:2])
        for cautious in inside:
            edge = 0.3 * factor / (1 if cautious else caution((2 + 5) / 6))
            inside[cautious].append((np.abs(errors[2:]) <= edge).mean())
    assert np.mean(inside[True]) > np.mean(inside[False]) + 0.1 and np.mean(inside[True]) > 0.75
    assert caution(1e6) == pytest.approx(1.0, abs=1e-3) and caution(1) > 2


def test_skill_is_measured_against_the_mean_of_the_training_rows() -> None:
    task, truth = make_task("forecasting", {}), np.array([[1.0, -1.0, 0.0, 1.0], [2.0, np.nan, 0.0, 1.0]], np.float32)
    nothing = np.zeros((2, 2, len(LEVELS)), np.float32)
    assert task.compute_metrics(task.score_rows({"mean": nothing[..., 0], "quantiles": nothing}, truth))["skill"] == 0.0
    half = np.repeat(np.array([[[0.5], [-0.5]], [[1.0], [9.0]]], np.float32), len(LEVELS), 2)
    assert task.compute_metrics(task.score_rows({"mean": half[..., 0], "quantiles": half}, truth))[
        "skill"
    ] == pytest.approx(0.75)


def test_the_loss_prefers_the_truth_and_skips_what_is_unknown() -> None:
    task = make_task("forecasting", {})
    fields = {
        "column:history_scale": torch.tensor([[1.0, 2.0]]),
        "target": torch.tensor([[3.0, float("nan"), 0.0, 1.0]]),
    }
    batch = Batch(fields, np.arange(1))
    right = torch.ones(1, 1, 2, 10)
    assert float(task.loss(right, batch).total) == 0.0
    assert float(task.loss(right + 1, batch).total) > 1.0


def test_a_forecast_lies_after_the_end_and_comes_back_from_its_bundle(here) -> None:
    frame = pl.concat(
        [waves(meter=np.repeat("a", 400)), waves(meter=np.repeat("b", 400)).with_columns(load=pl.col("load") * 5)]
    )
    model = er.train(
        frame,
        target="load",
        recipe="forecasting",
        steps=60,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__size="small",
    )
    assert model.deep_metrics["mse"] < 0.05 and "mse" in model.manifest["baseline"]["metrics"]
    out = er.load(str(model.path)).predict(frame)
    assert out.columns == ["series", "time", "mean", "q10", "q50", "q90"] and out.height == 2 * 24
    assert out["time"][0] == pl.Series(HOURS).max() + pl.select(pl.duration(hours=1)).item()
    assert (out["q10"] <= out["q50"]).all() and (out["q50"] <= out["q90"]).all()
    coming = 10 + 3 * np.sin(2 * np.pi * np.arange(400, 424) / 24)
    assert np.abs(out["q50"].to_numpy()[24:] - 5 * coming).max() < 5.0
    assert model.evaluate(frame)["metrics"]["mse"] == pytest.approx(model.metrics["mse"], rel=1e-3)
    short = model.predict(pl.concat([frame[:400], frame[400:410]]))
    assert short.height == 25 and short["q50"][-1] is None and "fewer than" in model.damaged[1]


def test_known_columns_are_needed_beyond_the_end(here) -> None:
    holiday = (np.arange(400) // 24 % 3 == 0).astype(float)
    frame = waves(holiday=holiday).with_columns(load=pl.col("load") + 4 * pl.col("holiday"))
    options = {"known_covariates": "holiday", "horizon": 6, "context": 24}
    model = er.train(
        frame,
        target="load",
        recipe="forecasting",
        options=options,
        steps=30,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    with pytest.raises(DataError, match="known beforehand"):
        model.predict(frame)
    more = pl.DataFrame(
        {"when": HOURS[:6] + np.timedelta64(400, "h"), "load": [None] * 6, "holiday": [1.0] * 6}, schema=frame.schema
    )
    assert model.predict(pl.concat([frame, more]))["time"][0] == more["when"][0]


def test_bind_remembers_what_training_settled() -> None:
    target = Column(
        "load",
        "forecast_target",
        "target",
        {"steps": 4, "context": 10, "horizon": 4, "season": 1, "unit": "seconds", "step": 3600.0, "clock": False},
    )
    task = make_task("forecasting", {}).for_target(target)
    asked = task.build_samples(Table(waves()), "load", inference=True).frame
    assert asked.height == 1 and asked["history"].dtype.size == 10 and "load" not in asked.columns


def clock_of(times: list, **options) -> tuple[str, list]:
    """(the unit of the clock, the times that an answer to all rows would have)."""
    frame = pl.DataFrame({"day": times, "sales": 10 + np.sin(np.arange(len(times)))})
    facts = (
        make_task("forecasting", {"horizon": 4, "context": 8})
        .build_samples(Table(frame), "sales", inference=False)
        .hints["sales"]["facts"]
    )
    task = make_task("forecasting", {"horizon": 4, "context": 8}).for_target(
        Column("sales", "forecast_target", state={**facts, "steps": 4})
    )
    asked = task.build_samples(Table(frame), "sales", inference=True).frame
    quantiles = np.zeros((1, 4, len(LEVELS)), np.float32)
    out = task.to_frame(
        {"mean": quantiles[..., 0], "quantiles": quantiles}, Column("sales", "forecast_target", state=facts), asked
    )
    return facts["unit"], [str(one)[:10] for one in out["time"]]


def test_business_days_and_months_go_on_by_the_calendar() -> None:
    days = [
        d
        for d in (np.datetime64("2022-01-03") + np.arange(280)).astype(object)
        if d.weekday() < 5 and (d.month, d.day) != (7, 4)
    ]
    assert days[-1].isoformat() == "2022-10-07" and days[-1].weekday() == 4
    assert clock_of(days) == ("weekdays 1111100", ["2022-10-10", "2022-10-11", "2022-10-12", "2022-10-13"])
    six = [d for d in (np.datetime64("2022-01-03") + np.arange(195)).astype(object) if d.weekday() < 6]
    assert six[-1].weekday() == 5 and clock_of(six)[1][0] == "2022-07-18"
    starts = [np.datetime64("2008-01") + np.timedelta64(k, "M") for k in range(60)]
    assert clock_of([one.astype("datetime64[D]").astype(object) for one in starts]) == (
        "months",
        [f"2013-{m:02d}-01" for m in (1, 2, 3, 4)],
    )
    ends = [((one + 1).astype("datetime64[D]") - 1).astype(object) for one in starts]
    assert clock_of(ends)[1] == ["2013-01-31", "2013-02-28", "2013-03-31", "2013-04-30"]
    quarters = [one.astype("datetime64[D]").astype(object) for one in starts[::3]]
    assert clock_of(
        [*quarters, *[(np.datetime64("2013-01") + 3 * k).astype("datetime64[D]").astype(object) for k in range(20)]]
    )[1][:2] == ["2018-01-01", "2018-04-01"]
    daily = (np.datetime64("2022-01-03") + np.arange(60)).astype(object).tolist()
    assert clock_of(daily)[0] == "seconds"


def test_short_series_and_empty_cells_ahead_are_said() -> None:
    times = (np.datetime64("2023-01-01") + np.arange(60)).astype(object).tolist()
    frame = pl.DataFrame(
        {
            "item_id": ["a"] * 60 + ["b"] * 5,
            "day": [*times, *times[:5]],
            "promo": 1.0,
            "sales": np.r_[np.arange(60.0), np.ones(5)],
        }
    )
    options = {"horizon": 4, "context": 8, "known_covariates": "promo"}
    facts = (
        make_task("forecasting", options).build_samples(Table(frame), "sales", inference=False).hints["sales"]["facts"]
    )
    task = make_task("forecasting", options).for_target(Column("sales", "forecast_target", state={**facts, "steps": 4}))
    later = frame.with_columns(
        sales=pl.when(pl.int_range(65) >= 56).then(None).otherwise(pl.col("sales")),
        promo=pl.when(pl.int_range(65).is_in([57, 58])).then(None).otherwise(1.0),
    ).filter(pl.col("item_id") == "a")
    asked = task.build_samples(Table(later), "sales", inference=True)
    assert asked.counted == {"missing_ahead": {"promo": 2}} and any(
        "2 cell(s) of promo over the 4 steps ahead are empty" in note for note in asked.notes
    )
    short = task.build_samples(
        Table(
            frame.with_columns(
                sales=pl.when(pl.int_range(65).is_in([*range(56, 60), *range(61, 65)]))
                .then(None)
                .otherwise(pl.col("sales"))
            )
        ),
        "sales",
        inference=True,
    )
    assert any("get no forecast: b (1)" in note for note in short.notes)


def test_a_day_and_a_time_of_day_in_two_columns_are_one_clock() -> None:
    frame = pl.DataFrame({"Date": HOURS, "load": WAVE}).select(
        pl.col("Date").dt.date(), pl.col("Date").dt.time().alias("Time"), "load"
    )
    assert (
        make_task("forecasting", {"horizon": 4, "context": 10})
        .build_samples(Table(frame), "load", inference=False)
        .hints["load"]["facts"]["step"]
        == 3600
    )
