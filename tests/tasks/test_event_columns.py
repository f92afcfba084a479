"""Recommendation: columns by name and by type, order by time, what a test file asks for, and who is named."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

from engineroom.core.errors import DataError
from engineroom.core.registry import get
from engineroom.core.table import Table
from engineroom.data.open import open_table
from engineroom.metrics.ranking import graded, scores
from engineroom.tasks._options import make_task


def reframed(table: Table, *, asking: bool = False, **options) -> Table:
    return make_task("recommendation", options).reframe(table, None, asking=asking)


def events(order: str = "%Y-%m-%d", column: str = "purchase_ts") -> pl.DataFrame:
    days = [datetime.date(2023, 1 + k % 12, 1 + (7 * k) % 28) for k in range(24)]
    rows = [(f"u{k % 4}", f"i{k}", day.strftime(order)) for k, day in enumerate(days)]
    return pl.DataFrame(rows, schema=["CustomerID", "StockCode", column], orient="row")


def test_times_are_sorted_as_times_whatever_their_spelling_and_name() -> None:
    plain = reframed(open_table(events()))
    other = reframed(open_table(events("%d/%m/%Y", "ordered on")))
    assert plain.frame["history"].to_list() == other.frame["history"].to_list()
    assert any("user = CustomerID, item = StockCode, time = purchase_ts" in note for note in plain.notes)
    with pytest.raises(DataError, match="cannot be read as dates"):
        reframed(Table(events().with_columns(purchase_ts=pl.lit("some day"))), time="purchase_ts")


def test_without_a_time_the_test_event_is_drawn_at_random() -> None:
    rows = [(f"u{k}", item) for k in range(60) for item in ("a", "b", "c", "d")]  # sorted by item: the last line is always the same
    frame = pl.DataFrame(rows, schema=["user", "item"], orient="row")
    table = reframed(Table(frame))
    asked = table.frame.filter(pl.col("split") == "test")["item"].list.last().value_counts()
    assert asked.height == 4 and asked["count"].max() < 30 and any("random order" in note for note in table.notes)
    ordered = reframed(Table(frame), time="rows")
    assert set(ordered.frame.filter(pl.col("split") == "test")["item"].list.last()) == {"d"}


def test_a_test_file_is_what_is_asked_for() -> None:
    train = pl.DataFrame({"user": list("aaabbbc"), "item": list("xyzxywx"), "time": range(7)})
    test = pl.DataFrame({"user": list("aaabd"), "item": ["w", "v", "x", "z", "x"], "time": range(5)})
    table = reframed(open_table(train, test=test))
    asked = table.frame.filter(pl.col("split") == "test")
    assert asked["user"].to_list() == ["a", "b", "d"] and asked["history"].to_list() == [["x", "y", "z"], ["x", "y", "w"], []]
    said = " ".join(table.notes)
    assert "all items of its 3 users are relevant" in said and "1 of them have no history" in said and "1 event(s) of the test part hold items that no" in said
    modality = get("modalities", "events")
    state = modality.fit(table.frame.filter(pl.col("split") == "train")["item"], limits=None)  # type: ignore[arg-type]
    truth = make_task("recommendation", {}).truth(modality.encode(asked["item"], state, {}), None)  # type: ignore[arg-type]
    number = {item: k for k, item in enumerate(state["items"])}
    assert truth.shape == (3, 2) and sorted(truth[0].tolist()) == sorted([number.get("w", -1), -1]) and truth[1, 0] == number.get("z", -1)


def test_several_relevant_items_by_hand() -> None:
    lists = np.array([[3, 1, 2], [0, 1, 2], [-1, -1, -1]])
    found = graded(lists, [np.array([1, 2]), np.array([9]), np.array([-1, 0])], at=3)
    ideal = 1 + 1 / np.log2(3)
    assert found["gain"].tolist() == pytest.approx([(1 / np.log2(3) + 0.5) / ideal, 0, 0]) and found["rank"].tolist() == [1, 3, 3]
    assert found["found"].tolist() == [1, 0, 0]
    assert scores({"said": lists, **found}, at=3, items=4)["coverage"] == 1.0, "an empty place is no item"


def test_users_without_history_and_without_anything_left_are_named() -> None:
    frame = pl.DataFrame({"user": ["a", "b"], "item": ["x", None]})
    table = reframed(Table(frame), asking=True)
    assert any("1 user(s) have no history" in note and "(b)" in note for note in table.notes)
    answers = {"items": np.array([[-1, -1], [0, 1]])}
    assert make_task("recommendation", {}).remarks(answers, table.frame) == ["1 user(s) have met every item and get no recommendation: a."]
