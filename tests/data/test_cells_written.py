"""Cells mean what people mean by them: each way of writing numbers, dates, durations and sets of labels is decided over
the whole column, kept, and means the same in one row as in all. What does not parse is counted and named."""

from __future__ import annotations

import csv
import datetime
import json
import time

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.config import Config
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import infer_schema

RNG = np.random.default_rng(0)
COUNT = 120
LARGE = [int(v) for v in RNG.integers(1_000, 9_000_000, COUNT)]
SMALL = [float(v) for v in RNG.normal(1_000, 300, COUNT).round(2)]
DAYS = [datetime.date(2021, 1, 1) + datetime.timedelta(7 * i) for i in range(COUNT)]
MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()


def write(path, name, cells, **more):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([name, *more, "y"])
        writer.writerows(
            [[cell, *(column[i] for column in more.values()), "ab"[i % 2]] for i, cell in enumerate(cells)]
        )
    return path


def swap(text):
    return text.translate(str.maketrans(",.", ".,"))


def grouped_indian(value):
    head, tail = str(value)[:-3], str(value)[-3:]
    parts = []
    while head:
        head, part = head[:-2], head[-2:]
        parts.insert(0, part)
    return ",".join([*parts, tail])


NUMBERS = {
    "thousands": (lambda v: f"{v:,}", LARGE),
    "german": (lambda v: swap(f"{v:,.2f}"), SMALL),
    "swiss": (lambda v: f"{v:,}".replace(",", "'"), LARGE),
    "indian": (grouped_indian, LARGE),
    "thin blanks": (lambda v: f"{v:,}".replace(",", "\u202f"), LARGE),
    "no-break blanks": (lambda v: f"{v:,}".replace(",", "\u00a0"), LARGE),
    "dollars": (lambda v: f"${v:,.2f}", SMALL),
    "euros": (lambda v: f"{v:.2f}".replace(".", ",") + " €", SMALL),
    "currency code": (lambda v: f"USD {v:,.2f}", SMALL),
    "kilograms": (lambda v: f"{v} kg", SMALL),
    "percent": (lambda v: f"{v} %", SMALL),
    "unicode minus": (lambda v: f"\u2212{-v}" if v < 0 else f"{v}", [v - 1_000 for v in SMALL]),
    "brackets": (lambda v: f"({-v:,.2f})" if v < 0 else f"{v:,.2f}", [round(v - 1_000, 2) for v in SMALL]),
    "exponents": (lambda v: f"{v:.6e}", SMALL),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_numbers_however_they_are_written(tmp_path, kind):
    form, values = NUMBERS[kind]
    table = open_table(write(tmp_path / "t.csv", "x", [form(v) for v in values]), target="y")
    assert table.frame["x"].to_list() == pytest.approx(values)
    assert infer_schema(table, Config(target="y"))["x"].modality == "number"
    assert json.loads(json.dumps(dict(table.conventions)))
    one = open_table(write(tmp_path / "one.csv", "x", [form(values[5])]), target="y", conventions=table.conventions)
    assert one.frame["x"].to_list() == pytest.approx([values[5]])


DATES = {form: form for form in (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%b %d, "
                                                                                                                                      "%Y",
    "%d %B "
    "%Y", "%Y年%m月%d日", "%a, %d %b %Y 00:00:00 "
                       "GMT", "%Y-%m-%dT00:00:00+00:00", "%Y-%m-%d 00:00:00+02:00", "%Y-%m-%dT00:00:00.250Z",
    "%d/%m/%Y 00:00:00", "%d.%m.%Y 00:00:00", "%m/%d/%Y 12:00 AM",
)}  # fmt: skip


@pytest.mark.parametrize("form", DATES)
def test_dates_are_dates_however_they_are_written(tmp_path, form):
    cells = [day.strftime(form) for day in DAYS]
    table = open_table(write(tmp_path / "t.csv", "when", cells), target="y")
    assert table.frame["when"].dtype.is_temporal()
    assert table.frame["when"].cast(pl.Date).to_list() == DAYS
    for row in (0, 57, 119):  # the third of April alone could be the fourth of March
        one = open_table(write(tmp_path / "one.csv", "when", [cells[row]]), target="y", conventions=table.conventions)
        assert one.frame["when"].cast(pl.Date).to_list() == [DAYS[row]]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        ([f"{d.day}. {MONTHS[d.month - 1]} {d.year}" for d in DAYS], DAYS[0]),
        ([d.strftime("%Y-%m") for d in DAYS], datetime.date(2021, 1, 1)),
        ([f"{d.year}Q{(d.month - 1) // 3 + 1}" for d in DAYS], datetime.date(2021, 1, 1)),
        ([f"{d.isocalendar()[0]}-W{d.isocalendar()[1]:02d}" for d in DAYS], datetime.date(2020, 12, 28)),
    ],
)
def test_months_by_name_year_months_quarters_and_weeks(tmp_path, cells, first):
    table = open_table(write(tmp_path / "t.csv", "when", cells), target="y")
    assert table.frame["when"].cast(pl.Date)[0] == first
    assert table.frame["when"].is_sorted()


def test_seconds_since_1970_where_the_name_says_so(tmp_path):
    seconds = [str(int(datetime.datetime.combine(d, datetime.time(), datetime.UTC).timestamp())) for d in DAYS]
    table = open_table(write(tmp_path / "t.csv", "created_ts", seconds, amount=seconds), target="y")
    assert table.frame["created_ts"].cast(pl.Date).to_list() == DAYS
    assert table.frame["amount"].dtype == pl.Int64


def test_serial_days_of_a_spreadsheet_where_the_column_is_called_a_date(tmp_path):
    serial = [str((d - datetime.date(1899, 12, 30)).days) for d in DAYS]
    table = open_table(write(tmp_path / "t.csv", "order_date", serial, amount=serial, time=serial), target="y")
    assert table.frame["order_date"].cast(pl.Date).to_list() == DAYS
    assert table.frame["amount"].dtype == table.frame["time"].dtype == pl.Int64
    assert any("Read as dates: order_date" in note for note in table.notes)
    halves = open_table(write(tmp_path / "h.csv", "date", [f"{day}.5" for day in serial]), target="y")
    assert halves.frame["date"][0] == datetime.datetime.combine(DAYS[0], datetime.time(12))


@pytest.mark.parametrize("form", ["[{}, {}, {}]", "[{} {}\n {}]", "({}; {}; {})"])
def test_lists_of_numbers_are_series(tmp_path, form):
    rows = [[round(0.37 * i - 3, 2), round(1.5 + i, 2), -0.25] for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "signal", [form.format(*row) for row in rows]), target="y")
    assert table.frame["signal"].to_list() == rows
    assert any("Read as lists of numbers: signal" in note for note in table.notes)
    later = write(tmp_path / "later.csv", "signal", [form.format(1, 2, 3), "[1, two, 3]"])
    read = open_table(later, inference=True, conventions=table.conventions)
    assert read.frame["signal"].to_list() == [[1.0, 2.0, 3.0], None]
    assert read.unreadable == {"signal": 1}


def test_lists_of_whole_numbers_stay_what_they_were(tmp_path):
    """They may be items of a basket, or labels."""
    cells = [f"[{i % 7}, {i % 11}]" for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "basket", cells), target="y")
    assert table.conventions["basket"]["kind"] != "number_list"


def test_months_first_of_a_monthly_series_are_months(tmp_path):
    """1/1/2008, 2/1/2008 …: read day first it would be twelve days of January of every year."""
    months = [datetime.date(2008 + i // 12, 1 + i % 12, 1) for i in range(96)]
    table = open_table(write(tmp_path / "t.csv", "month", [f"{d.month}/{d.day}/{d.year}" for d in months]), target="y")
    assert table.frame["month"].cast(pl.Date).to_list() == months


def test_dates_that_could_be_either_are_said_and_can_be_told(tmp_path):
    cells = [f"{1 + i % 12:02d}/{1 + (7 * i) % 12:02d}/2022" for i in range(COUNT)]
    path = write(tmp_path / "t.csv", "when", cells)
    table = open_table(path, target="y")
    assert any("columns.when.format" in note for note in table.notes)
    config = Config.model_validate({"columns": {"when": {"format": "%m/%d/%Y"}}})
    result = open_table(path, target="y", columns=config.columns)
    assert result.frame["when"].cast(pl.Date)[1] == datetime.date(2022, 2, 8)


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("4:49:42", 17_382), ("00:01:30.5", 90.5), ("2 days 03:04:05", 183_845), ("1h 30m", 5_400), ("26:00:01", 93_601)],
)
def test_durations_are_seconds(tmp_path, cell, seconds):
    others = {
        "4:49:42": "3:10:0{}",
        "00:01:30.5": "00:02:3{}.5",
        "2 days 03:04:05": "1 days 00:00:0{}",
        "1h 30m": "2h {}m",
        "26:00:01": "31:00:0{}",
    }
    cells = [cell, *[others[cell].format(i % 10) for i in range(COUNT)]]
    table = open_table(write(tmp_path / "t.csv", "took", cells), target="y")
    assert table.frame["took"][0] == pytest.approx(seconds)


@pytest.mark.parametrize("separator", [", ", ",", ";", "|", " "])
def test_sets_of_labels_are_sets(tmp_path, separator):
    sets = [list(RNG.choice(["red", "green", "blue", "big"], 1 + i % 3, replace=False)) for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "tags", [separator.join(one) for one in sets]), target="tags")
    assert infer_schema(table, Config(target="tags"))["tags"].modality == "multilabel"
    assert [set(cell) for cell in table.frame["tags"].to_list()] == [set(one) for one in sets]
    one = open_table(write(tmp_path / "one.csv", "tags", ["red"]), target="tags", conventions=table.conventions)
    assert one.frame["tags"].to_list() == [["red"]]


def test_what_does_not_parse_is_counted_and_named(tmp_path):
    cells = [f"{v}" for v in SMALL]
    cells[3], cells[40], cells[77] = "-", "n.a.", "see note"
    table = open_table(write(tmp_path / "t.csv", "crp", cells), target="y")
    assert table.frame["crp"].dtype == pl.Float64 and table.frame["crp"].null_count() == 3
    assert table.unreadable == {"crp": 1}
    said = " ".join(table.notes)
    assert "see note" in said and "row 77" in said and "“-”" in said and "(2 cells)" in said


def test_bounds_are_taken_and_said(tmp_path):
    cells = [f"<{v}" if i % 10 == 0 else f"{v}" for i, v in enumerate(SMALL)]
    table = open_table(write(tmp_path / "t.csv", "crp", cells), target="y")
    assert table.frame["crp"].to_list() == SMALL and any("bound" in note for note in table.notes)


def test_codes_stay_text(tmp_path):
    zips = [f"{i % 40:05d}" for i in range(COUNT)]
    table = open_table(
        write(tmp_path / "t.csv", "zip", zips, version=[f"1.{i % 4}.{i % 7}" for i in range(COUNT)]), target="y"
    )
    assert table.frame["zip"].to_list() == zips and table.frame["version"].dtype == pl.String
    plain = write(tmp_path / "new.csv", "zip", ["123", "00007"], version=["1.2.3", "1.0.0"])
    assert open_table(plain, target="y", conventions=table.conventions).frame["zip"].to_list() == ["123", "00007"]


@pytest.mark.parametrize("word", ["NA", "N/A", "null", "None"])
def test_words_for_nothing_that_are_classes_are_kept_and_said(tmp_path, word):
    cells = [["Chile", "Peru", word][i % 3] for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "country", cells), target="country")
    assert table.frame["country"].null_count() == 0 and table.frame["country"].n_unique() == 3
    if word != "None":
        assert any(word in note and "missing" in note for note in table.notes)


def test_counts_with_an_order_are_a_regression_and_it_is_said(tmp_path):
    rings = [int(v) for v in RNG.integers(1, 30, 600)]
    table = open_table(write(tmp_path / "t.csv", "rings", rings), target="rings")
    target = infer_schema(table, Config(target="rings"))["rings"]
    assert target.modality == "number" and "task=classification" in target.why


@pytest.mark.parametrize(
    "text",
    ["这个产品非常好用质量也很不错值得购买", "これは良い製品ですとても満足しました", "สินค้าดีมากชอบมากจะซื้ออีกแน่นอน"],
)
def test_texts_without_blanks_are_texts(tmp_path, text):
    cells = [text[: 8 + i % (len(text) - 8)] + text[i % 5 :] + str(i) for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "review", cells), target="y")
    assert infer_schema(table, Config(target="y"))["review"].modality == "text"


@pytest.mark.parametrize("name", ["split", "Split", "subset", "fold"])
def test_a_column_called_split_is_the_split(tmp_path, name):
    parts = [["Train", "train", "test", "VAL"][i % 4] for i in range(COUNT)]
    table = open_table(write(tmp_path / "t.csv", "x", SMALL, **{name: parts}), target="y")
    assert infer_schema(table, Config(target="y"))[name].role == "split"


def test_each_part_may_write_its_dates_in_its_own_way(tmp_path):
    train = write(tmp_path / "train.csv", "when", [d.isoformat() for d in DAYS])
    test = write(tmp_path / "test.csv", "when", [d.strftime("%d/%m/%Y") for d in DAYS])
    table = open_table(train, test=test, target="y")
    assert table.frame["when"].cast(pl.Date).to_list() == [*DAYS, *DAYS]
    assert any("test" in note for note in table.notes)


def test_wide_tables_are_typed_at_once(tmp_path):
    values = RNG.normal(size=(200, 5_000)).round(3)
    path = tmp_path / "wide.csv"
    path.write_text(
        ",".join(f"g{i}" for i in range(5_000))
        + ",y\n"
        + "\n".join(",".join(map(str, row)) + f",{'ab'[k % 2]}" for k, row in enumerate(values))
    )
    begun = time.process_time()
    table = open_table(path, target="y")
    schema = infer_schema(table, Config(target="y"))
    assert sum(column.modality == "number" for column in schema) == 5_000
    assert time.process_time() - begun < 30  # 5 s on a quiet machine; 95 s before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-1e9, 1e9).map(lambda v: round(v, 2)), min_size=30, max_size=60, unique=True),
    style=st.sampled_from(["en", "de", "fr", "ch"]),
)
def test_any_column_of_one_style_of_numbers_is_read(tmp_path, values, style):
    if max(map(abs, values)) < 1_000:  # nothing tells the mark of thousands
        values = [*values, 1_234_567.89]
    form = {
        "en": lambda v: f"{v:,.2f}",
        "de": lambda v: swap(f"{v:,.2f}"),
        "fr": lambda v: f"{v:,.2f}".replace(",", " ").replace(".", ","),
        "ch": lambda v: f"{v:,.2f}".replace(",", "'"),
    }[style]
    table = open_table(write(tmp_path / "t.csv", "x", [form(v) for v in values]), target="y")
    assert table.frame["x"].to_list() == pytest.approx(values)
