"""Clocks of series: months and business days go on as months and business days; short series and empty cells ahead are
named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.core.table import Table
from engineroom.preprocessing.series.forecast_inference import last_windows
from engineroom.preprocessing.series.forecast_windows import Shape
from engineroom.preprocessing.series.regular_series import read_timeline
from engineroom.preprocessing.series.timestamps import after, business_days, to_units


def seconds(days):
    return np.asarray(days).astype("datetime64[s]").astype(np.int64).astype(float)


def timeline(days, **options):
    frame = pl.DataFrame(
        {"when": pl.Series(np.asarray(days).astype("datetime64[us]")), "x": np.arange(len(days), dtype=float)}
    )
    return read_timeline(Table(frame), "x", time="", series="", known=(), every=False, **options)


FIVE = "weekdays 1111100"
BUSINESS = np.busday_offset("2022-01-03", np.arange(200))


def test_business_days_go_on_as_business_days():
    line = timeline(BUSINESS)
    assert line.unit == FIVE and line.step == 1
    later = line.after(seconds(BUSINESS[-1:])[0], np.arange(1, 11))
    assert later.tolist() == seconds(np.busday_offset(BUSINESS[-1], np.arange(1, 11))).tolist()


def test_holidays_among_business_days_are_gaps():
    days = np.delete(BUSINESS, [30, 31, 90])
    line = timeline(days)
    assert line.unit == FIVE
    assert len(line.lines[0].times) == 200 and np.isnan(line.lines[0].values[30, 0])


def test_times_of_day_are_kept():
    line = timeline(BUSINESS.astype("datetime64[h]") + np.timedelta64(17, "h"))
    later = line.after(line.lines[0].times[-1], np.array([1.0]))
    assert later[0] % 86_400 == 17 * 3600


@pytest.mark.parametrize(
    "days",
    [
        np.arange("2022-01-01", "2022-06-01", dtype="datetime64[D]"),
        np.arange("2022-01-03", "2022-01-08", dtype="datetime64[D]"),
    ],
)
def test_whole_weeks_and_single_ones_stay_days(days):
    assert timeline(days).unit == "seconds"


def test_counting_business_days_is_numpys():
    days = np.busday_offset("2019-12-30", np.arange(-400, 400))
    there = to_units(seconds(days), FIVE)
    assert (np.diff(there) == 1).all()
    assert after(seconds(days[:1])[0], np.arange(800), FIVE, 1.0).tolist() == seconds(days).tolist()
    assert business_days([seconds(days)]) == FIVE
    assert business_days([seconds(np.arange("2022-01-03", "2022-03-01", dtype="datetime64[D]"))]) is None


def test_a_shop_that_is_shut_on_sundays():
    days = np.busday_offset("2022-01-03", np.arange(120), weekmask="1111110")
    line = timeline(days)
    later = line.after(seconds(days[-1:])[0], np.arange(1, 9))
    assert later.tolist() == seconds(np.busday_offset(days[-1], np.arange(1, 9), weekmask="1111110")).tolist()


def test_ends_of_months_go_on_as_ends_of_months():
    ends = (np.arange("2015-02", "2022-02", dtype="datetime64[M]").astype("datetime64[D]") - 1).astype("datetime64[D]")
    line = timeline(ends)
    later = line.after(seconds(ends[-1:])[0], np.arange(1, 4)).astype("datetime64[s]").astype("datetime64[D]")
    wanted = (np.arange("2022-01", "2022-04", dtype="datetime64[M]") + 1).astype("datetime64[D]") - 1
    assert str(ends[-1]) == "2021-12-31" and later.tolist() == wanted.tolist()


def test_months_go_on_as_months():
    months = np.arange("2008-01", "2018-01", dtype="datetime64[M]").astype("datetime64[D]")
    line = timeline(months)
    assert line.unit == "months"
    later = line.after(seconds(months[-1:])[0], np.arange(1, 4))
    assert later.tolist() == seconds(np.array(["2018-01-01", "2018-02-01", "2018-03-01"], "datetime64[D]")).tolist()


def test_short_series_and_empty_cells_ahead_are_named():
    days = np.arange("2022-01-01", "2022-02-20", dtype="datetime64[D]").astype("datetime64[us]")
    long = pl.DataFrame(
        {
            "when": pl.Series(days),
            "shop": "long",
            "x": [*np.arange(43.0), *[None] * 7],
            "promo": [1.0] * 45 + [None] * 3 + [0.0] * 2,
        }
    )
    short = pl.DataFrame({"when": pl.Series(days[:5]), "shop": "short", "x": np.arange(5.0), "promo": [0.0] * 5})
    full = pl.DataFrame(
        {"when": pl.Series(days[5:20]), "shop": "short", "x": [None] * 15, "promo": [0.0] * 15},
        schema_overrides={"x": pl.Float64},
    )
    frame = pl.concat([long, short, full], how="vertical_relaxed")
    line = read_timeline(Table(frame), "x", time="", series="shop", known=("promo",), every=False)
    rows, empty, notes = last_windows(line, Shape(context=14, horizon=7, season=1), ("promo",))
    assert rows["series"].to_list() == ["long", "short"]
    assert empty == {"promo": 3}
    assert any("3 cell(s) of promo" in note for note in notes)
    assert any("short (5)" in note and "no forecast" in note for note in notes)
