"""Which cells are sets of labels, and which are one value each."""

import polars as pl
import pytest
from engineroom.parsing.label_sets import guess_labels, read_labels


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["drama|war", "comedy", "war|comedy", "drama", "drama|comedy"] * 4, "|"),
        (["3;7", "7", "3;12", "12;7", "3"] * 4, ";"),
    ],
)
def test_labels_that_recur_are_sets(cells: list[str], separator: str) -> None:
    convention = guess_labels(pl.Series("labels", cells))
    assert convention == {"kind": "labels", "separator": separator}
    assert read_labels(pl.Series(cells[:2]), convention).to_list() == [cells[0].split(separator), cells[1].split(separator)]


@pytest.mark.parametrize("rows", [3, 5, 40])
def test_strokes_of_a_drawing_are_no_labels(rows: int) -> None:
    strokes = [f"0,0 0,{40 + row} {50 + row},{40 + row} {50 + row},0 |0,0 20,-20 40,0 |" for row in range(rows)]
    assert guess_labels(pl.Series("drawing", strokes)) is None
