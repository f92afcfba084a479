"""Number formats: what people write, read as what they mean; codes, mixtures and words stay what they are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.parsing.infer import infer, read_cells


def read(cells: list, **how) -> list:
    values = pl.Series("x", cells, dtype=pl.String)
    return read_cells(values, infer(values, **how).convention).to_list()


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["$352,885.86", "$268,269.33"], [352885.86, 268269.33]),
        (["2.025,00", "1.875,50", "-3,25"], [2025.0, 1875.5, -3.25]),
        (["81,00", "75,25", "210,5"], [81.0, 75.25, 210.5]),
        (["4,198", "987", "1,234,567"], [4198, 987, 1234567]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["18.0%", "46.7 %", "-3%"], [18.0, 46.7, -3.0]),
        (["5%", "6", "7", "8"], [5, 6, 7, 8]),
        (["(1,234)", "55", "-3", "7-"], [-1234, 55, -3, -7]),
        (["<0.8", "1.0", ">=12", "10+"], [0.8, 1.0, 12.0, 10.0]),
        (["1 234,5", "12\u00a0000,1", "3\u202f000"], [1234.5, 12000.1, 3000.0]),
        (["1'234.50", "2’000’000.25"], [1234.5, 2000000.25]),
        (["1,23,456", "12,34,567.50"], [123456.0, 1234567.5]),
        (["1.2k", "950", "3M"], [1200, 950, 3000000]),
        (["5 kg", "500 g"], [5000, 500]),
        (["10+ years", "< 1 year", "2 years"], [10, 1, 2]),
        (["USD 1,200.50", "USD 3"], [1200.5, 3.0]),
        (["5,00 €", "7,50 €"], [5.0, 7.5]),
        (["−5", "+3", "1e3"], [-5.0, 3.0, 1000.0]),
        (["１２３", "٤٥"], [123, 45]),
        (["1200 sq. ft.", "900 sq. ft."], [1200, 900]),
        (["12,--", "5,50"], [12.0, 5.5]),
        (["12", "-", "n.a.", "?", "#DIV/0!", "\\N", "7"], [12, None, None, None, None, None, 7]),
    ],
)
def test_what_people_write_is_the_number_they_mean(cells, numbers) -> None:
    assert read(cells) == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["01234", "99999"],
        ["12 A", "13 B", "7 C"],
        ["€5", "$6"],
        ["192.168.1.1", "10.0.0.1"],
        ["1.2.3", "1.10.0"],
        ["555-1234", "555-9999"],
        ["P000", "P001"],
        ["<=50K", ">50K"],
        ["<18", "18+", ">65"],
        ["+49 100 200", "+49 101 300"],
        ["1", "2", "studio", "3"],
        ["12345678901234567890", "1"],
    ],
)
def test_codes_and_mixtures_stay_text(cells) -> None:
    assert read(cells) == cells


def test_a_few_words_among_many_numbers_are_missing_and_many_are_not() -> None:
    numbers = [f"{k}.5" for k in range(100)]
    assert read([*numbers, "oops"])[-1] is None and read(numbers + ["not done"] * 60)[:2] == [0.5, 1.5]
    words = [f"w{k}" for k in range(30)]
    assert read(numbers + words) == numbers + words


def test_other_columns_of_the_file_decide_what_cells_alone_cannot() -> None:
    assert read(["4,198", "987"]) == [4198, 987] and read(["4,198", "1,5"]) == [4.198, 1.5]
    assert read(["4,198", "987"], comma=True) == [4.198, 987.0] and read(["1.234", "2.500"], comma=True) == [1234, 2500]
    assert not infer(pl.Series(["4,198", "987"])).sure and infer(pl.Series(["4,198.5"])).sure


def test_long_columns_are_read_in_slices_as_in_one(monkeypatch) -> None:
    cells = ["$1,000", None, "$2,500.5", "-", "$7", "$8"]
    whole = read(cells)
    monkeypatch.setattr("engineroom.parsing.infer.SLICE", 2)
    assert read(cells) == whole == [1000.0, None, 2500.5, None, 7.0, 8.0]
    assert read(["$1", "$2", None, None, "$3"]) == [1, 2, None, None, 3]


FORMS = st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), min_size=3, max_size=30),
    FORMS,
    st.sampled_from(["", "$", "€", "%", "kg"]),
)
def test_any_number_comes_back_from_any_format(numbers, form, unit) -> None:
    decimal, thousands = form

    def written(x) -> str:
        text = f"{x:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        return f"{unit}{text}" if unit == "$" else f"{text} {unit}".strip()

    assert read([written(x) for x in numbers]) == pytest.approx([float(x) for x in numbers])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=20))
def test_any_cells_are_read_alone_as_in_a_batch(cells) -> None:
    values = pl.Series("x", cells)
    convention = infer(values).convention
    together = read_cells(values, convention).to_list()
    for row, cell in enumerate(cells):
        alone = read_cells(pl.Series("x", [cell]), convention).to_list()[0]
        assert alone == together[row] or (alone != alone and together[row] != together[row])
