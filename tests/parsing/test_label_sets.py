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
    assert read_labels(pl.Series(cells[:2]), convention).to_list() == [
        cells[0].split(separator),
        cells[1].split(separator),
    ]


@pytest.mark.parametrize("rows", [3, 5, 40])
def test_cells_whose_parts_never_come_back_are_no_label_sets(rows: int) -> None:
    """A drawing's strokes, for one."""
    strokes = pl.Series("drawing", [f"s{row}a|s{row}b|s{row}c" for row in range(rows)])
    assert guess_labels(strokes) is None
    assert guess_labels(strokes.head(3), named=True) == {"kind": "labels", "separator": "|"}  # the task asks for sets
