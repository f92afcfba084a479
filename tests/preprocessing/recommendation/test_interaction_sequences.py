"""Events: the order is the time's, not the spelling's or the file's; what was taken for what is said; a test file asks
for all that is in it."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import ndcg_score

from engineroom.core.errors import DataError
from engineroom.core.table import Table
from engineroom.data.loading import open_table
from engineroom.metrics.ranking import graded, scores
from engineroom.preprocessing.recommendation.event_columns import EventOptions, find_columns
from engineroom.preprocessing.recommendation.interaction_sequences import HISTORY, RELEVANT, USER, build_histories


def events(seed=0, users=12, length=8, items=30):
    """Everybody meets items in a known order, over more than one month and year."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        days = np.sort(rng.choice(700, length, replace=False))
        for day, item in zip(days, rng.choice(items, length, replace=False)):
            rows.append((f"u{user}", f"i{item}", datetime.date(2022, 1, 5) + datetime.timedelta(int(day))))
    frame = pl.DataFrame({"user": [r[0] for r in rows], "item": [r[1] for r in rows], "when": [r[2] for r in rows]})
    return frame[rng.permutation(len(rows))]


def wholes(table):
    """{user: the whole history as it is tested}."""
    rows = table.frame.filter(pl.col("split") == "test")
    return dict(zip(rows[USER].to_list(), rows["item"].to_list()))


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"])
def test_dates_are_sorted_as_dates(form):
    frame = events()
    plain = wholes(build_histories(Table(frame), EventOptions(), None, inference=False))
    text = frame.with_columns(pl.col("when").dt.strftime(form))
    assert wholes(build_histories(Table(text), EventOptions(), None, inference=False)) == plain


@pytest.mark.parametrize("name", ["purchase_ts", "createdAt", "Event Date", "x"])
def test_a_time_is_found_by_its_name_or_type_and_said(name):
    table = build_histories(Table(events().rename({"when": name})), EventOptions(), None, inference=False)
    assert any(f"time = {name}" in note for note in table.notes)
    assert wholes(table) == wholes(build_histories(Table(events()), EventOptions(), None, inference=False))


def test_longer_names_are_understood():
    frame = events().rename({"user": "buyerNo", "item": "product_sku"})
    assert find_columns(frame, EventOptions(), None) == {"user": "buyerNo", "item": "product_sku", "time": "when"}


def test_without_a_time_the_last_line_is_no_last_event():
    """Sorted by item, everybody's last line is the rarest item: it must not be what everybody is asked for."""
    frame = events().drop("when").sort("item")
    table = build_histories(Table(frame), EventOptions(), None, inference=False)
    assert any("drawn at random" in note and "options.time=rows" in note for note in table.notes)
    by_row = {user: items[-1] for user, items in frame.group_by("user", maintain_order=True).agg("item").iter_rows()}
    asked = {user: items[-1] for user, items in wholes(table).items()}
    assert sum(asked[user] == by_row[user] for user in asked) < len(asked) / 2
    result = build_histories(Table(frame), EventOptions(time="rows"), None, inference=False)
    assert {user: items[-1] for user, items in wholes(result).items()} == by_row


def test_words_that_are_no_times_are_refused():
    frame = events().with_columns(pl.Series("when", ["soon"] * 96))
    with pytest.raises(DataError, match="taken for the time"):
        build_histories(Table(frame), EventOptions(), None, inference=False)


def test_all_items_of_a_test_file_are_relevant(tmp_path):
    frame = events().sort("when")
    late = frame.group_by("user", maintain_order=True).agg(pl.all().tail(3)).explode("item", "when")
    early = frame.join(late, on=["user", "item"], how="anti")
    newcomer = pl.DataFrame({"user": ["new"], "item": ["i1"], "when": [frame["when"][0]]})
    early.write_csv(tmp_path / "train.csv")
    pl.concat([late.select(early.columns), newcomer]).write_csv(tmp_path / "test.csv")
    table = build_histories(
        open_table(tmp_path / "train.csv", test=tmp_path / "test.csv"), EventOptions(), None, inference=False
    )
    tests = table.frame.filter(pl.col("split") == "test")
    assert tests.height == 13
    for user, history, target in tests.select(USER, HISTORY, "item").iter_rows():
        wanted = target[target.index(RELEVANT) + 1 :]
        assert set(wanted) == (set(late.filter(pl.col("user") == user)["item"]) if user != "new" else {"i1"})
        assert set(history) == set(early.filter(pl.col("user") == user)["item"])
    learnt = table.frame.filter(pl.col("split") != "test")
    assert not any(RELEVANT in row for row in learnt["item"].to_list())
    assert any("no earlier event" in note and "new" in note for note in table.notes)


def test_several_relevant_items_are_graded_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    items, at = 40, 10
    order = np.stack([rng.permutation(items)[:20] for _ in range(25)])
    wanted = [rng.choice(items, int(rng.integers(1, 15)), replace=False) for _ in range(25)]
    truth = np.empty(25, object)
    truth[:] = wanted
    found = graded(order, truth, at=at)
    for row, own in enumerate(wanted):
        relevance, score = np.zeros(items), np.full(items, -1.0)
        relevance[own] = 1
        score[order[row]] = np.arange(20, 0, -1)
        assert found["ndcg"][row] == pytest.approx(ndcg_score([relevance], [score], k=at))
        assert found["recall"][row] == pytest.approx(len(set(order[row][:at]) & set(own)) / len(own))
    assert 0 < scores({"said": order, **found}, at=at, items=items)["coverage"] <= 1


def test_users_without_history_are_named_when_asked():
    frame = pl.DataFrame({"user": ["u1", "nobody"], "item": ["i1", None], "when": ["2022-01-01", None]})
    table = build_histories(Table(frame), EventOptions(), None, inference=True)
    assert any("nobody" in note for note in table.notes)
