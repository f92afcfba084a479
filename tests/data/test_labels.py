"""Labels that the training rows do not hold: matched where only the spelling differs, counted by name where not."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineroom.core.errors import DataError
from engineroom.core.schema import Column
from engineroom.data.labels import match_labels, same_class, unknown_findings


def target(*values: str, modality: str = "category") -> Column:
    return Column("y", modality, "target", {"values": list(values)})


@pytest.mark.parametrize(
    ("label", "known", "stands_for"),
    [
        ("YES", ["no", "yes"], "yes"),
        (" Iris  Setosa", ["iris setosa", "iris virginica"], "iris setosa"),
        ("true", ["0", "1"], "1"),
        ("0", ["no", "yes"], "no"),
        ("1.0", ["1", "2", "3"], "1"),
        ("02", ["1", "2", "3"], "2"),
        ("1", ["no", "yes", "maybe"], None),  # of three, nobody knows which is meant
        ("1", ["on", "red"], None),
        ("YES", ["Yes", "yes"], None),  # two that it may be
        ("nan", ["1", "2"], None),
    ],
)
def test_spellings_of_one_class(label: str, known: list[str], stands_for: str | None) -> None:
    assert same_class(label, known) == stands_for


def test_what_is_matched_and_what_is_not_is_said() -> None:
    values, match = match_labels(pl.Series("y", ["a", "B", "c", "c", None, ""]), target("a", "b"))
    assert (
        values.to_list()[:2] == ["a", "b"]
        and match.renamed == {"B": "b"}
        and match.unknown == {"c": 2}
        and match.found == 2
    )
    notes = match.notes("y")
    assert "'B' as 'b'" in notes[0] and "2 of 4 labels" in notes[1] and "c (2)" in notes[1]
    match.require_known("y")


def test_none_known_is_refused() -> None:
    _, match = match_labels(pl.Series("y", ["u", "v"]), target("a", "b"))
    with pytest.raises(DataError, match="u, v") as error:
        match.require_known("y")
    assert error.value.code == 3 and "a, b" in str(error.value)


def test_label_sets_and_boxes() -> None:
    sets, match = match_labels(pl.Series("y", [["P", "q"], ["new"], []]), target("p", "q", modality="multilabel"))
    assert sets.to_list()[0] == ["p", "q"] and match.unknown == {"new": 1}
    boxes = pl.Series("y", ['[{"class": "0", "x1": 0, "y1": 0, "x2": 0.5, "y2": 0.5}]'])
    _, match = match_labels(boxes, target("circle", modality="boxes"))
    assert match.unknown == {"0": 1} and match.found == 0
    numbers, nothing = match_labels(pl.Series("y", [1.0]), Column("y", "number", "target", {}))
    assert numbers.to_list() == [1.0] and not nothing.unknown


def test_the_warning_before_training_names_them() -> None:
    (finding,) = unknown_findings(pl.Series("y", ["a", "cross", "cross"]), target("a", "b"), "test")
    assert finding.level == "warning" and "cross (2)" in finding.what and "test rows" in finding.what


@given(
    st.lists(st.text(max_size=4), max_size=6),
    st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4, unique=True),
)
def test_every_label_is_known_renamed_or_unknown(labels: list[str], known: list[str]) -> None:
    values, match = match_labels(pl.Series("y", labels, dtype=pl.String), target(*known))
    assert (
        len(values) == len(labels) and set(match.renamed.values()) <= set(known) and not set(match.unknown) & set(known)
    )
    there = [label for label in pl.Series(labels, dtype=pl.String).str.strip_chars() if label]
    assert match.found + sum(match.unknown.values()) == len(there)
