"""Dates, times of day, durations and label sets: read as people mean them, the order of day and month decided over the
whole column."""

from __future__ import annotations

import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.parsing.guess_dates import guess_numeric_dates
from engineroom.parsing.infer import infer, read_cells

D, T = datetime.date, datetime.datetime


def read(cells: list, **how) -> list:
    values = pl.Series("x", cells, dtype=pl.String)
    return read_cells(values, infer(values, **how).convention).to_list()


@pytest.mark.parametrize(
    ("cells", "moments"),
    [
        (["10/12/2023", "05/24/2022"], [D(2023, 10, 12), D(2022, 5, 24)]),
        (["04/10/2023", "26/08/2023"], [D(2023, 10, 4), D(2023, 8, 26)]),
        (["01.02.22", "15.01.22"], [D(2022, 2, 1), D(2022, 1, 15)]),
        (["01/15/22", "02/01/22"], [D(2022, 1, 15), D(2022, 2, 1)]),
        (["22-01-15", "22-02-01", "22-03-01"], [D(2022, 1, 15), D(2022, 2, 1), D(2022, 3, 1)]),
        (["2022-01-01T00:00:00+00:00", "2022-01-01T01:30:00+00:00"], [T(2022, 1, 1), T(2022, 1, 1, 1, 30)]),
        (["2022-01-01 00:00:00+02:00", "2022-06-01 00:00:00+02:00"], [T(2022, 1, 1), T(2022, 6, 1)]),
        (["2022-03-27T01:00:00+01:00", "2022-03-27T03:00:00+02:00"], [T(2022, 3, 27), T(2022, 3, 27, 1)]),
        (
            ["2022-01-01 00:00:00.25Z", "2022-01-02T03:04:05Z"],
            [T(2022, 1, 1, 0, 0, 0, 250_000), T(2022, 1, 2, 3, 4, 5)],
        ),
        (["01/05/2022 03:04 PM", "13/05/2022 12:00 AM"], [T(2022, 5, 1, 15, 4), T(2022, 5, 13)]),
        (["Jan 5, 2022", "February 7, 2021"], [D(2022, 1, 5), D(2021, 2, 7)]),
        (["5 January 2022", "7. März 2021", "1st Dec 2020"], [D(2022, 1, 5), D(2021, 3, 7), D(2020, 12, 1)]),
        (["05-Jan-22", "07-Feb-21"], [D(2022, 1, 5), D(2021, 2, 7)]),
        (["2022-01", "2022-12"], [D(2022, 1, 1), D(2022, 12, 1)]),
        (["2020Q1", "2020-Q4"], [D(2020, 1, 1), D(2020, 10, 1)]),
        (["Q1 2020", "Q2 2021"], [D(2020, 1, 1), D(2021, 4, 1)]),
        (["2020-W05", "2020-W53"], [D(2020, 1, 27), D(2020, 12, 28)]),
        (["Jan-22", "Feb-22"], [D(2022, 1, 1), D(2022, 2, 1)]),
        (["2022年1月5日", "2022年12月31日"], [D(2022, 1, 5), D(2022, 12, 31)]),
        (
            ["Wed, 05 Jan 2022 10:00:00 +0000", "Thu, 06 Jan 2022 11:00:00 +0000"],
            [T(2022, 1, 5, 10), T(2022, 1, 6, 11)],
        ),
        (["Sat Jan  8 10:00:00 2022", "Sun Jan  9 11:00:00 2022"], [T(2022, 1, 8, 10), T(2022, 1, 9, 11)]),
        (["05/06/48", "25/06/30"], [D(1948, 6, 5), D(2030, 6, 25)]),
    ],
)
def test_dates_are_read_as_they_are_meant(cells, moments) -> None:
    assert read(cells) == moments


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["4:49:42", "5:13:20", "2:54:48"], [17382.0, 18800.0, 10488.0]),
        (["12:30", "59:10", "45:00"], [750.0, 3550.0, 2700.0]),
        (["08:30", "17:45"], [datetime.time(8, 30), datetime.time(17, 45)]),
        (["9:30 am", "12:15 PM"], [datetime.time(9, 30), datetime.time(12, 15)]),
        (["1h 30m", "45m 10s"], [5400.0, 2710.0]),
        (["0 days 00:05:00", "1 days 03:00:00"], [300.0, 97200.0]),
        (["PT5M", "PT1H30M", "P1DT2H"], [300.0, 5400.0, 93600.0]),
        (["1:02.5", "59:10.25"], [62.5, 3550.25]),
        (["90 min", "2 h"], [5400, 7200]),
    ],
)
def test_durations_are_seconds_and_times_of_day_are_times(cells, values) -> None:
    assert read(cells) == values


def test_day_or_month_first_is_decided_over_all_cells_and_said_where_they_cannot_tell() -> None:
    ambiguous = infer(pl.Series(["01/02/2023", "03/04/2023", "07/05/2023"]))
    assert ambiguous.convention["order"] == "dmy" and ambiguous.other == ("mdy",)
    months = [f"{month}/1/{year}" for year in range(2008, 2012) for month in range(1, 13)]
    assert infer(pl.Series(months)).other == () and read(months)[1] == D(2008, 2, 1), "even months, not days of January"
    days = [f"{day:02d}/01/22" for day in range(1, 32)] + [f"{day:02d}/02/22" for day in range(1, 29)]
    assert read(days)[30:32] == [D(2022, 1, 31), D(2022, 2, 1)]


def test_whole_numbers_are_dates_where_they_can_be_nothing_else() -> None:
    days = pl.Series("x", [20220101 + k for k in range(28)])
    assert read_cells(days, guess_numeric_dates(days) or {}).to_list()[:2] == [D(2022, 1, 1), D(2022, 1, 2)]
    seconds = pl.Series("created_at", [1_640_995_200, 1_641_081_600])
    assert read_cells(seconds, guess_numeric_dates(seconds) or {}).to_list() == [T(2022, 1, 1), T(2022, 1, 2)]
    assert read_cells(seconds * 1000, guess_numeric_dates(seconds * 1000) or {}).to_list()[0] == T(2022, 1, 1)
    for other in (
        pl.Series("amount", [1_640_995_200]),
        pl.Series("time", [0, 1, 2]),
        pl.Series("x", [19_000_101, 20_223_199]),
    ):
        assert guess_numeric_dates(other) is None


def test_label_sets_are_told_by_parts_that_come_back() -> None:
    assert read(["red|blue", "red"] * 20)[0] == ["red", "blue"] and read(["a;b", "b", "c;a"] * 20)[2] == ["c", "a"]
    assert read(["a,b", "a", "b", "c", "a,c", "b,c", "a,b,c"] * 10)[4] == ["a", "c"]
    assert (
        read(["x y", "x", "y", "z", "x z", "y z"] * 10, target=True)[0] == ["x", "y"]
        and read(["x y", "x", "y", "z", "x z"] * 10)[0] == "x y"
    )
    assert read(["Yes, often", "No, never"] * 20)[0] == "Yes, often"


STYLES = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%Y-%m-%d",
    "%d %B %Y",
    "%b %d, %Y",
    "%Y/%m/%d",
    "%d-%b-%y",
    "%Y%m%dT%H%M%S",
    "%d/%m/%Y %I:%M %p",
)
BEGIN, END = datetime.datetime(1985, 1, 1), datetime.datetime(2030, 1, 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.datetimes(BEGIN, END), min_size=5, max_size=30), st.sampled_from(STYLES))
def test_any_date_comes_back_from_any_format(moments, style) -> None:
    moments = [*moments, datetime.datetime(2001, 5, 28), datetime.datetime(1999, 12, 31)]  # days that can be no month
    found = read([moment.strftime(style) for moment in moments])
    assert [one.strftime(style) for one in found] == [moment.strftime(style) for moment in moments]
