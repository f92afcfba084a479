"""The same text in two languages, a file each."""

from __future__ import annotations

import polars as pl
import pytest

from engineroom.core.errors import DataError
from engineroom.data.loading import open_table


def write(path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def test_files_are_paired_by_name_and_keep_their_parts(tmp_path) -> None:
    for part, rows in (("train", 3), ("test", 2)):
        write(tmp_path / f"{part}.en", *[f"{part} line {i}, with a comma" for i in range(rows)])
        write(tmp_path / f"{part}.de", *[f"{part} Zeile {i}\u2028hier" for i in range(rows)])
    table = open_table(str(tmp_path))
    assert (
        sorted(table.frame.columns) == ["de", "en", "split"]
        and table.frame["split"].to_list() == ["train"] * 3 + ["test"] * 2
    )
    assert table.frame["de"][4] == "test Zeile 1\u2028hier" and table.hints["split"]["role"] == "split"


def test_one_file_finds_its_sibling_or_stands_alone(tmp_path) -> None:
    write(tmp_path / "new.en", "A dog runs.", "", "Two men.")
    assert open_table(str(tmp_path / "new.en")).frame.to_dict(as_series=False) == {
        "en": ["A dog runs.", None, "Two men."]
    }
    write(tmp_path / "new.fr", "Un chien court.", "", "Deux hommes.")
    assert sorted(open_table(str(tmp_path / "new.en")).frame.columns) == ["en", "fr"]


def test_texts_that_do_not_go_line_by_line_are_refused_with_their_counts(tmp_path) -> None:
    write(tmp_path / "train.en", "one", "two", "three")
    write(tmp_path / "train.de", "eins", "zwei")
    with pytest.raises(
        DataError, match=r"train.de has 2 lines.*train.en has 3 lines|train.en has 3 lines.*train.de has 2 lines"
    ):
        open_table(str(tmp_path))


def test_an_empty_file_is_a_row_without_text(tmp_path) -> None:
    (tmp_path / "a.en").write_text("")
    assert open_table(str(tmp_path / "a.en")).frame.schema == {"en": pl.String}
