"""Series in wide form: names, lengths, continuations; odd cells and doubles are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import real_data
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.tasks._base import make_task


def write(folder: Path, train: str, test: str) -> Path:
    (folder / "train.csv").write_text(train)
    (folder / "test.csv").write_text(test)
    return folder


def line(name: str, *values) -> str:
    return ",".join(map(str, (name, *values))) + "\n"


def test_lines_of_any_length_become_series(tmp_path) -> None:
    train = line("id", *(f"v{i}" for i in range(14))) + line("a", *range(12), "", "") + line('"b"', *range(14))
    table = open_table(str(write(tmp_path, train, line("a", *range(12, 21)) + line("b", *range(14, 23)))))
    assert table.frame["id"].to_list() == ["a", "b"]
    assert [len(cell) for cell in table.frame["series"]] == [12, 14] and table.frame["continuation"][
        0
    ].to_list() == list(range(12, 21))
    windows = make_task("forecasting", {"context": 2, "horizon": 2}).build_samples(table, None, inference=False).frame
    assert set(windows["series"]) == {"a", "b"} and (windows.filter(split="test")["_at"] >= 12).all()


@pytest.mark.parametrize(
    ("extra", "word"), [(line("a", *range(12)), "twice"), (line("c", 1, 2, "three", *range(9)), "no number")]
)
def test_odd_lines_are_told(tmp_path, extra: str, word: str) -> None:
    write(tmp_path, line("a", *range(12)) + extra, line("a", *range(12, 21)))
    with pytest.raises(DataError, match=word):
        open_table(str(tmp_path))


def test_ordinary_tables_are_left_to_their_own_source(tmp_path) -> None:
    write(tmp_path, "name,x,y\na,1,2\nb,3,4\n", "name,x,y\nc,1,2\n")
    assert open_table(str(tmp_path)).frame.columns[:3] == ["name", "x", "y"]


@pytest.mark.real
def test_m4_opens() -> None:
    frame = open_table(str(real_data("m4_hourly"))).frame
    assert frame.height == 414 and set(frame["continuation"].list.len()) == {48}
