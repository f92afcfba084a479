"""open_table: one call for whatever the user names, and the test set joined to it."""

from __future__ import annotations

import polars as pl
import pytest

from engineroom.core import registry
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.csv").write_text("a,y\n1,x\n2,y\n")
    (tmp_path / "test.csv").write_text("y,a\nx,3\n")
    return tmp_path


def test_a_test_file_is_joined(folder):
    table = open_table(folder / "train.csv", test=folder / "test.csv")
    assert table.frame.rows() == [(1, "x", "train"), (2, "y", "train"), (3, "x", "test")]
    assert table.hints["split"]["role"] == "split" and table.name == folder.name
    assert open_table(str(folder)).frame.equals(table.frame)


def test_python_tables_join_too():
    frame = pl.DataFrame({"a": [1], "y": ["x"]})
    assert open_table(frame, test={"a": [2.5], "y": ["z"]}).frame.rows() == [(1.0, "x", "train"), (2.5, "z", "test")]


def test_columns_missing_from_the_test_set_are_named(folder):
    (folder / "test.csv").write_text("a,b\n3,1\n")
    with pytest.raises(DataError, match=r"missing.*: y"):
        open_table(folder / "train.csv", test=folder / "test.csv")


def test_columns_that_differ_in_kind():
    with pytest.raises(DataError, match="'a' differs"):
        open_table({"a": [[1.0]]}, test={"a": [1.0]})


def test_two_test_sets_are_refused(folder):
    with pytest.raises(DataError, match="two test sets"):
        open_table(folder, test=folder / "test.csv")


def test_a_path_that_is_not_there_gets_the_nearest_name(folder):
    with pytest.raises(DataError, match="There is no file") as caught:
        open_table(folder / "trian.csv")
    assert "'train.csv'" in caught.value.fix
    with pytest.raises(DataError):
        open_table(folder / "no" / "such" / "folder.csv")


def test_unknown_formats_list_what_is_supported(folder):
    (folder / "x.docx").write_bytes(b"PK\x03\x04" + b"\0" * 90)
    with pytest.raises(DataError, match="in no format") as caught:
        open_table(folder / "x.docx")
    assert "parquet" in caught.value.fix


def test_progress_is_told(folder):
    said = []
    open_table(folder / "train.csv", progress=said.append)
    assert said == ["Reading train.csv"]


@pytest.mark.parametrize("name", registry.names("data/sources"))
def test_every_source_keeps_the_contract(name, tmp_path):
    source = registry.get("data/sources", name)
    (tmp_path / "nothing.bin").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "nothing.bin", tmp_path / "absent"):
        assert source.detect(path) == 0.0


def test_a_val_part_is_kept_beside_a_test_file(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (folder / "test.csv").rename(other / "test.csv")
    (folder / "val.csv").write_text("a,y\n7,x\n")
    frame = open_table(folder, test=other / "test.csv").frame
    assert frame.rows() == [(1, "x", "train"), (2, "y", "train"), (7, "x", "val"), (3, "x", "test")]


def test_a_link_keeps_its_name(folder):
    (folder / "0a1b2c").write_text("x,y\n1,2\n")
    (folder / "table2.csv").symlink_to(folder / "0a1b2c")
    assert open_table(folder / "table2.csv").name == "table2"
