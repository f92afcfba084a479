"""Plain texts: one file, a folder, parts by their names; what is no text is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table
from engineroom.data.sources._detect import source_of

BOOK = "It was a dark night. The rain fell in torrents,\nexcept at times.\n" * 30


def test_a_file_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("\ufeff" + BOOK.replace("\n", "\r\n"))
    table = open_table(tmp_path / "book.txt")
    assert (
        table.frame["text"].to_list() == [BOOK]
        and table.name == "book"
        and "--recipe language_modeling" in table.notes[0]
    )
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(BOOK.encode()))
    assert open_table(tmp_path / "b.txt.gz").frame["text"].to_list() == [BOOK]


def test_a_folder_keeps_its_parts(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(BOOK)
    (tmp_path / "test.txt").write_text(BOOK[:200])
    (tmp_path / "README.md").write_text("Not this.")
    table = open_table(tmp_path)
    assert dict(zip(table.frame["split"], table.frame["text"].str.len_chars(), strict=True)) == {
        "train": len(BOOK),
        "test": 200,
    }
    (tmp_path / "more.txt").write_text(BOOK)
    assert "split" not in open_table(tmp_path).frame.columns


def test_classes_and_columns_are_seen_before_prose(tmp_path: Path) -> None:
    for label in ("good", "bad"):
        (tmp_path / "f" / label).mkdir(parents=True)
        for i in range(3):
            (tmp_path / "f" / label / f"{i}.txt").write_text(BOOK)
    assert "label" in open_table(tmp_path / "f").frame.columns
    (tmp_path / "t.txt").write_text("a;b\n" + "1;2\n" * 30)
    assert open_table(tmp_path / "t.txt").frame.columns == ["a", "b"]


def test_what_holds_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n ")
    with pytest.raises(DataError, match="empty|no format"):
        open_table(tmp_path / "empty.txt")
    (tmp_path / "binary.txt").write_bytes(b"\0\1\2" * 50)
    with pytest.raises(UserError):
        source_of(tmp_path / "binary.txt").read(tmp_path / "binary.txt", limits=None, target=None, cache=None)
