"""Conventions of cells at the level of a table: decided by the training rows, kept, applied to later tables; what does
not fit is said."""

from __future__ import annotations

import datetime
import json
import time

import numpy as np
import polars as pl
import pytest

from engineroom.core.config import ColumnConfig, make_config
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import infer_schema
from engineroom.data.target_type import number_or_classes


@pytest.fixture
def write(tmp_path):
    def written(text: str, name: str = "table.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return written


def said(table) -> str:
    return " ".join(table.notes)


def test_training_decides_and_later_tables_are_read_so(write) -> None:
    path = write(
        "when,price,y\n" + "".join(f'{1 + k % 12:02d}/{1 + k % 28:02d}/2022,"$1,{k:03d}.50",a\n' for k in range(60))
    )
    table = open_table(path, target="y")
    conventions = json.loads(json.dumps(table.conventions))
    assert table.frame["price"][3] == 1003.5 and table.frame["when"][0] == datetime.date(2022, 1, 1)
    alone = open_table(write('when,price\n03/04/2022,"$1,234.00"\n', "one.csv"), conventions=conventions)
    assert alone.frame.row(0) == (datetime.date(2022, 3, 4), 1234.0)
    odd = open_table(
        pl.DataFrame({"when": ["03/04/2022"] * 30 + ["soon"], "price": ["$5"] * 30 + ["-"]}), conventions=conventions
    )
    assert odd.unreadable == {"when": 1} and "“soon” (row 30)" in said(odd) and odd.frame["price"].null_count() == 1


def test_a_later_table_in_another_format_is_read_by_its_own_and_that_is_said(write) -> None:
    train = write("zip,when,y\n" + "".join(f"{k:05d},2024-01-{1 + k % 28:02d},a\n" for k in range(60)), "train.csv")
    test = write("zip,when,y\n" + "".join(f"{32726 + k},{1 + k % 28:02d}/03/2025,b\n" for k in range(60)), "test.csv")
    table = open_table(train, test=test, target="y")
    assert (
        table.frame["when"][60 + 12] == datetime.date(2025, 3, 13)
        and table.frame["zip"][0] == "00000"
        and table.frame["zip"][60] == "32726"
    )
    assert "written otherwise in the test part" in said(table)
    again = open_table(train, test=test, target="y", conventions=table.conventions)
    assert again.frame.equals(table.frame), "a resumed run reads the same"
    plain = open_table(write("sqft,y\n1998,1\n2000,2\n"), target="y")
    marked = open_table(write('sqft\n"1,998"\n'), conventions=plain.conventions)
    assert marked.frame["sqft"].to_list() == [1998] and "written otherwise" in said(marked)


def test_what_a_later_table_alone_cannot_tell_is_said(write) -> None:
    plain = open_table(write("when,n,y\n2024-01-02,1998.5,1\n2024-01-03,2000.5,2\n"), target="y")
    later = open_table(write('when,n\n03/04/2025,"1,234"\n'), conventions=plain.conventions)
    assert later.frame.row(0) == (datetime.date(2025, 4, 3), 1234)
    assert "could be read day first or month first" in said(later) and "thousands separator or as decimal mark" in said(
        later
    )


def test_a_decimal_comma_of_one_column_is_that_of_the_file(write) -> None:
    table = open_table(write('a,b,c\n"1,5",1.234,"2,500"\n"2,75",2.000,"3,125"\n'))
    assert table.frame.row(0) == (1.5, 1234, 2.5)
    assert open_table(write("a;b\n1,234;x\n2,500;y\n")).frame["a"].to_list() == [1.234, 2.5], (
        "; speaks for the decimal comma"
    )


def test_the_users_word_counts(write) -> None:
    path = write('d,n,l,t\n01/02/2022,"1,234",a/b,NA\n03/04/2022,"5,678",b,x\n')
    columns = {
        "d": ColumnConfig(format="%m/%d/%Y"),
        "n": ColumnConfig(decimal=","),
        "l": ColumnConfig(separator="/"),
        "t": ColumnConfig(missing=[]),
    }
    frame = open_table(path, columns=columns).frame
    assert frame.row(0) == (datetime.date(2022, 1, 2), 1.234, ["a", "b"], "NA")
    for wrong in (
        {"t": ColumnConfig(modality="number")},
        {"d": ColumnConfig(format="%H:%M")},
        {"t": ColumnConfig(modality="datetime")},
    ):
        with pytest.raises(DataError, match="can be read as"):
            open_table(path, columns=wrong)


def test_words_for_missing_values_are_classes_where_they_are_frequent(write) -> None:
    rows = "".join(f"{k},{word}\n" for k, word in enumerate(["NA"] * 20 + ["FR"] * 22 + ["DE"] * 18))
    table = open_table(write("x,country\n" + rows), target="country")
    assert table.frame["country"].null_count() == 0 and "“NA” (20 rows) in country is taken for a class" in said(table)
    columns = {"country": ColumnConfig(missing="NA")}
    assert (
        open_table(write("x,country\n" + rows), target="country", columns=columns).frame["country"].null_count() == 20
    )
    few = open_table(write("x,y\n1,null\n" + "".join(f"{k},{'ab'[k % 2]}\n" for k in range(60))), target="y")
    assert few.frame["y"].null_count() == 1 and "taken for a missing value" in said(few)


def test_columns_that_say_the_split_are_the_split() -> None:
    frame = pl.DataFrame({"x": np.arange(40.0), "Fold": ["Train", "valid", "TEST", "train"] * 10, "y": ["a", "b"] * 20})
    column = infer_schema(open_table(frame), make_config({"target": "y"}))["Fold"]
    assert column.role == "split" and "TEST" in column.why
    other = frame.with_columns(pl.Series("Fold", ["train", "bus"] * 20))
    assert infer_schema(open_table(other), make_config({"target": "y"}))["Fold"].role == "input"


def test_ordered_counts_are_numbers_and_codes_of_classes_are_not() -> None:
    rng = np.random.default_rng(0)
    rings = np.clip(rng.poisson(10, 3000), 1, 29).astype(float)
    assert number_or_classes(rings)[0] == "number" and number_or_classes(rings[:500] % 8)[0] == "category"
    assert number_or_classes(rng.integers(0, 26, 3000).astype(float))[0] == "category", (
        "letters, each as frequent as the others"
    )
    assert number_or_classes(rng.integers(0, 20, 3000).astype(float), "age")[0] == "number"
    jumping = np.repeat(np.arange(20.0), [900, 10, 700, 5, 300] * 4)
    assert number_or_classes(jumping)[0] == "category"


@pytest.mark.parametrize("word", ["使用收到非常糟糕产品我失望", "ました残念この使い最悪とても", "สินค้าดีมากชอบที่สุดเลย"])
def test_texts_without_blanks_are_texts(word: str) -> None:
    frame = pl.DataFrame({"review": [word[k % 5 :] + str(k) for k in range(60)], "y": ["a", "b"] * 30})
    assert infer_schema(open_table(frame), make_config({"target": "y"}))["review"].modality == "text"
    names = pl.DataFrame({"name": [f"{chr(0x4E00 + k)}{chr(0x5E00 + k)}" for k in range(60)], "y": ["a", "b"] * 30})
    assert infer_schema(open_table(names), make_config({"target": "y"}))["name"].modality == "identifier"


def test_an_identifier_that_is_to_be_an_input_is_one() -> None:
    frame = pl.DataFrame({"code": [f"c{k}" for k in range(60)], "x": np.arange(60.0) ** 2, "y": ["a", "b"] * 30})
    config = make_config({"target": "y", "columns": {"code": {"role": "input"}}})
    column = infer_schema(open_table(frame, columns=config.columns), config)["code"]
    assert (column.role, column.modality) == ("input", "category")


@pytest.mark.parametrize(
    "kind", ["number", "datetime", "image", "vector", "series", "row", "forecast_target", "clean_speech"]
)
def test_a_kind_that_cannot_be_is_refused_in_words(kind: str) -> None:
    frame = pl.DataFrame({"words": [f"w{k} of it" for k in range(30)], "y": ["a", "b"] * 15})
    config = make_config({"target": "y", "columns": {"words": {"modality": kind}}})
    if kind == "image":
        return  # paths that are not there are named row by row
    with pytest.raises(DataError, match="words"):
        infer_schema(open_table(frame, columns=config.columns), config)


def test_wide_tables_are_typed_quickly(tmp_path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"f{k}": rng.normal(size=100).round(3) for k in range(2000)} | {"y": ["a", "b"] * 50})
    frame.write_csv(tmp_path / "wide.csv")
    config = make_config({"target": "y"})
    infer_schema(open_table(frame[:, -3:]), config)  # imports
    begun = time.perf_counter()
    schema = infer_schema(open_table(tmp_path / "wide.csv", target="y"), config)
    assert len(schema.inputs) == 2000 and time.perf_counter() - begun < 8
