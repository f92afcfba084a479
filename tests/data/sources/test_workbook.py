"""Workbooks: what xlsxwriter and polars write is read with its types."""

from __future__ import annotations

import datetime

import polars as pl
import pytest
import xlsxwriter

from engineroom.core.config import FormatConfig, LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table

FRAME = pl.DataFrame(
    {
        "when": [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1), None, datetime.date(2024, 2, 3)],
        "count": [1, 2, 3, None],
        "price": [1.5, None, 2.5, 1e6],
        "city": ["Köln", "東京", None, "Rome"],
        "sold": [True, False, True, None],
    }
)


def test_a_sheet_keeps_its_types(tmp_path):
    path = tmp_path / "t.xlsx"
    FRAME.write_excel(path)
    frame = open_table(path).frame
    assert frame.columns == FRAME.columns
    assert frame["count"].to_list() == [1, 2, 3, None]
    assert frame["count"].dtype == pl.Int64
    assert frame["price"].to_list() == FRAME["price"].to_list()
    assert frame["city"].to_list() == FRAME["city"].to_list()
    assert frame["when"].cast(pl.Date).to_list() == FRAME["when"].to_list()
    assert frame["sold"].to_list() == FRAME["sold"].to_list()


def write(path, sheets):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


TABLE = [["a", "b", "c"], *([i, i * 2.5, "x"] for i in range(20))]


def test_titles_empty_rows_and_other_sheets_are_said(tmp_path):
    rows = [["Export of the lab"], [], *TABLE[:6], [], *TABLE[6:]]
    table = open_table(write(tmp_path / "t.xlsx", {"data": rows, "notes": [["n", "m"], [1, 2]]}))
    assert table.frame.columns == ["a", "b", "c"]
    assert table.frame["a"].to_list() == list(range(20))
    assert [place for place, _ in table.gaps] == [5]
    assert any("notes" in note for note in table.notes)
    assert any("above the header" in note for note in table.notes)


def test_a_sheet_can_be_named(tmp_path):
    path = write(tmp_path / "t.xlsx", {"first": [["x"], [1]], "second": TABLE})
    limits = LimitsConfig(format=FormatConfig(sheet="second"))
    assert open_table(path, limits=limits).frame.height == 20
    with pytest.raises(UserError, match="no sheet"):
        open_table(path, limits=LimitsConfig(format=FormatConfig(sheet="third")))


def test_missing_words_among_numbers_are_missing(tmp_path):
    path = write(tmp_path / "t.xlsx", {"s": [["a", "b"], [1, "x"], ["n/a", "y"], [3, "z"]]})
    assert open_table(path).frame["a"].to_list() == [1, None, 3]


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04broken"])
def test_damaged_workbooks_are_refused_in_words(tmp_path, content):
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError):
        open_table(path)
