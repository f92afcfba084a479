"""What the text of a cell becomes: numbers, truth values, dates, missing cells, or text as it stands."""

from __future__ import annotations

import datetime
import math

import polars as pl
import pytest

from engineroom.data.loading import open_table
from engineroom.parsing.words import MISSING


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "table.csv"
        path.write_text(text, "utf-8")
        return path

    return written


@pytest.mark.parametrize("word", sorted(MISSING - {""}))
def test_missing_words_among_numbers(write, word):
    frame = open_table(write(f"x,y\n1,a\n{word},b\n3.5,c\n")).frame
    assert frame["x"].to_list() == [1.0, None, 3.5]


def test_none_stays_a_class_among_words(write):
    assert open_table(write("x,y\n1,None\n2,Mild\n3,\n")).frame["y"].to_list() == ["None", "Mild", None]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "2", "three"], pl.String, ["1", "2", "three"]),
        (["007", "010", "100"], pl.String, ["007", "010", "100"]),
        (["12345678901234567890", "1", "2"], pl.String, ["12345678901234567890", "1", "2"]),
        (["0", "0.5", "10"], pl.Float64, [0.0, 0.5, 10.0]),
        (["True", "false", "TRUE"], pl.Boolean, [True, False, True]),
        (["1e3", "inf", "-inf"], pl.Float64, [1000.0, math.inf, -math.inf]),
        (["2024-01-31", "2023-12-01", "?"], pl.Date, [datetime.date(2024, 1, 31), datetime.date(2023, 12, 1), None]),
        (["2024-01-31", "2023-13-01", ""], pl.String, ["2024-01-31", "2023-13-01", None]),
        (
            ["2024-01-31 10:00", "2024-01-31T10:00:05Z", ""],
            pl.Datetime("us"),
            [datetime.datetime(2024, 1, 31, 10), datetime.datetime(2024, 1, 31, 10, 0, 5), None],
        ),
    ],
)
def test_what_cells_become(write, cells, kind, values):
    frame = open_table(write("i,x\n" + "".join(f"w{i},{cell}\n" for i, cell in enumerate(cells)))).frame
    assert frame["x"].dtype == kind and frame["x"].to_list() == values


def test_one_late_word_is_named_and_the_column_stays_a_number(write):
    table = open_table(write("i,x\n" + "".join(f"{i},{i}\n" for i in range(5000)) + "5000,oops\n"))
    assert table.frame["x"].dtype == pl.Int64 and table.frame["x"][-1] is None and table.unreadable == {"x": 1}
    assert any("“oops” (row 5000)" in note for note in table.notes)


def test_a_column_empty_at_first_is_still_typed(write):
    frame = open_table(write("i,x\n" + "".join(f"{i},\n" for i in range(3000)) + "3000,2.5\n")).frame
    assert frame["x"].dtype == pl.Float64 and frame["x"][-1] == 2.5
