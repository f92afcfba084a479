"""Recommendation: events become histories in the order of time, what was met is never recommended, known tastes are
found by deep and classical."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.baselines.recommendation.ease import candidates, many_hot
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.core.registry import get
from engineroom.core.table import Table
from engineroom.metrics.ranking import best, graded, ndcg, rank_of, scores
from engineroom.modalities.recommendation.interaction_history import ItemVectors, latest
from engineroom.preprocessing.recommendation.interaction_sequences import LATEST, leave_last_out
from engineroom.preprocessing.recommendation.item_features import open_side_table, properties, titles
from engineroom.tasks._base import make_task


def reframed(frame: pl.DataFrame, *, inference: bool = False, **options) -> Table:
    return make_task("recommendation", options).build_samples(Table(frame), None, inference=inference)


def chains(users: int = 220, seed: int = 0) -> pl.DataFrame:
    """Two tastes, and in each the next item is the one after the last, round a ring of twelve."""
    rng, rows = np.random.default_rng(seed), []
    for user in range(users):
        taste, place = rng.choice(["sea", "hill"]), int(rng.integers(12))
        rows += [(f"u{user}", f"{taste}{(place + step) % 12}", step) for step in range(int(rng.integers(5, 9)))]
    return pl.DataFrame(rows, schema=["user", "item", "time"], orient="row").sample(
        fraction=1.0, shuffle=True, seed=seed
    )


def test_the_last_event_tests_and_the_one_before_validates() -> None:
    frame = pl.DataFrame({"user": ["a"] * 5, "item": list("54321"), "time": [5, 4, 3, 2, 1]})
    rows = reframed(frame).frame
    assert rows["split"].to_list() == ["train", "val", "test"]
    assert rows["history"].to_list() == [list("123"), list("123"), list("1234")] and rows["item"].to_list() == [
        list("123"),
        list("1234"),
        list("12345"),
    ]
    assert [len(leave_last_out("a", "x" * n)) for n in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_long_histories_are_learnt_in_pieces_that_lose_no_step() -> None:
    events = [str(i) for i in range(3 * LATEST)]
    pieces = [row[1] for row in leave_last_out("a", events) if row[3] == "train"]
    steps = {(a, b) for piece in pieces for a, b in zip(piece, piece[1:], strict=False)}
    assert max(map(len, pieces)) <= LATEST and steps == set(zip(events[:-3], events[1:-2], strict=True))


def test_odd_events_are_named_and_left_out() -> None:
    frame = pl.DataFrame(
        {
            "user": ["a", "a", "a", "a", "b", None, "a"],
            "item": ["x", "y", "x", "z", "x", "x", None],
            "time": [2, 2, 3, 1, 1, 1, 1],
            "rating": [5, 5, 5, 1, 5, 5, 5],
        }
    )
    table = reframed(frame)
    assert table.frame.filter(pl.col("split") == "test")["item"].to_list() == [["z", "x", "y"]], (
        "equal times keep the order of the rows"
    )
    said = " ".join(table.notes)
    assert "2 event(s) without" in said and "1 event(s) repeat" in said and "1 user(s) with a single event" in said
    with pytest.raises(DataError, match="three events"):
        reframed(frame, min_rating=4)
    with pytest.raises(UserError, match="options.user"):
        reframed(frame.rename({"user": "who"}))
    with pytest.raises(UserError, match="no column"):
        reframed(frame, item="itme")
    assert reframed(frame.rename({"user": "who"}), user="who", inference=True).frame["history"].to_list() == [
        ["z", "x", "y"],
        ["x"],
    ]


def test_scores_by_hand() -> None:
    lists = np.array([[3, 1, 2], [3, 1, 2], [0, 1, 2]])
    rank = rank_of(lists, np.array([3, 2, 9]))
    assert rank.tolist() == [0, 2, 3] and ndcg(rank, 2).tolist() == [1, 0, 0] and ndcg(rank, 3)[1] == 0.5
    out = scores({"said": lists, **graded(lists, np.array([3, 2, 9]), at=2)}, at=2, items=8)
    assert (
        out["ndcg"] == pytest.approx(1 / 3)
        and out["recall"] == pytest.approx(1 / 3)
        and out["recall_50"] == pytest.approx(2 / 3)
    )
    assert out["mrr"] == pytest.approx((1 + 1 / 3) / 3) and out["coverage"] == 3 / 8 and next(iter(out)) == "ndcg"


def test_what_was_met_is_never_listed() -> None:
    lists, values = best(
        np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]), [np.array([0, 1]), np.array([], int)], 3
    )
    assert lists.tolist() == [[2, 3, -1], [3, 2, 1]] and values[0, 2] == -np.inf


def test_ease_is_its_closed_form() -> None:
    met = many_hot([np.array(row) for row in ([0, 1], [0, 1], [2, 3], [2], [0, 0])], 4)
    assert met.max() == 1
    together = np.asarray((met.T @ met).todense(), float)
    weights = dict(candidates(together))["EASE (strength 30)"]
    assert np.diag(weights).tolist() == [0] * 4 and weights[0, 1] > weights[0, 2]
    for j in range(4):  # column j solves the ridge regression of item j on the others
        others = [k for k in range(4) if k != j]
        solved = np.linalg.solve(together[np.ix_(others, others)] + 30 * np.eye(3), together[others, j])
        assert weights[others, j] == pytest.approx(solved, abs=1e-9)


def test_the_latest_events_are_read_and_the_future_is_not() -> None:
    x, mask = torch.arange(1, 7).repeat(2, 1), torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    assert latest(x, mask, 3)[0].tolist() == [[4, 5, 6], [1, 2, 0]]
    from engineroom.core.batch import Signal
    from engineroom.core.config import Config

    for family in ("sasrec", "gru4rec"):
        torch.manual_seed(0)
        data = torch.randn(1, 6, 8)
        model = (
            get("backbones", family)
            .build(Signal(data, "sequence"), Config(), kind="words", size="small", members=1)
            .eval()
        )
        changed = data.clone()
        changed[:, 4:] = 9
        assert torch.allclose(
            model(Signal(data, "sequence")).map.data[:, :4],
            model(Signal(changed, "sequence")).map.data[:, :4],
            atol=1e-5,
        )


def test_known_tastes_are_found_and_all_comes_back(here: Path) -> None:
    events = chains()
    model = er.train(
        events, task="recommendation", steps=120, show="quiet", run="r", train__threads=1, train__precision="fp32"
    )
    assert (
        model.deep_metrics["ndcg"] > 0.8
        and model.deep_metrics["ndcg"] > model.manifest["baseline"]["metrics"]["ndcg"] > 0.15
    )
    new = pl.DataFrame({"user": ["n", "n", "n", "o"], "item": ["sea4", "sea3", "never", "sea11"], "time": [9, 8, 1, 1]})
    said = model.predict(new)
    assert said.columns == ["user", "rank", "item", "score", "because", "lift"] and said.height == 20
    assert said.filter(pl.col("rank") == 1)["item"].to_list() == ["sea5", "sea0"]
    assert (
        not set(said.filter(user="n")["item"]) & {"sea3", "sea4", "never"}
        and said["because"][0] in ("sea3", "sea4")
        and said["lift"][0] > 1.5
    )
    assert er.load("r").predict(new).equals(said)
    assert model.evaluate(events)["metrics"]["ndcg"] == pytest.approx(model.metrics["ndcg"], abs=1e-6)
    assert "Recall by length of the list" in Path("r/bundle/report.html").read_text()


def shelves(users: int = 160, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(events, items, users): everybody reads books of one shelf, in no order; whose shelf it is, their age tells."""
    rng = np.random.default_rng(seed)
    kinds = ("sea", "hill", "town", "moon")
    books = [(f"b{k}", f"Book number {k}", kinds[k % 4], 1900 + int(rng.integers(100))) for k in range(80)]
    rows, people = [], []
    for user in range(users):
        kind = int(rng.integers(4))
        people.append((f"u{user}", 20 + 10 * kind + int(rng.integers(8))))
        rows += [(f"u{user}", f"b{4 * int(k) + kind}", step) for step, k in enumerate(rng.choice(20, 7, replace=False))]
    events = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    return (
        events,
        pl.DataFrame(books, schema=["item", "title", "shelf", "year"], orient="row"),
        pl.DataFrame(people, schema=["user", "age"], orient="row"),
    )


def test_columns_become_words_about_items() -> None:
    items = shelves()[1].with_columns(
        new=pl.col("year") > 1950, tags=pl.Series([["a", "b"] if k % 2 else ["a"] for k in range(80)])
    )
    said = properties(items, "item")
    assert {"shelf: sea", "tags: a"} <= set(said["b0"]) and "shelf: hill" in said["b1"] and "tags: b" in said["b1"]
    assert sum(word.startswith("year: ") for word in said["b0"]) == 1 and ("new" in said["b0"]) == items["new"][0]
    assert not any("book" in word or "number" in word for word in said["b0"]), "a word that all have says nothing"
    assert titles(items, "item")["b3"] == "Book number 3" and titles(items.drop("title"), "item") == {}


def test_what_is_described_badly_is_said(tmp_path) -> None:
    events, items, _ = shelves(20)
    with pytest.raises(UserError, match="columns alone"):
        reframed(events, cold_start_fraction=0.2)
    with pytest.raises(UserError, match="describe"):
        reframed(events, item_columns="colour")
    items.with_columns(item=pl.col("item") + "x").write_csv(tmp_path / "items.csv")
    with pytest.raises(DataError, match="none of those"):
        reframed(events, item_table=str(tmp_path / "items.csv"))
    items.select("item").write_csv(tmp_path / "items.csv")
    with pytest.raises(DataError, match="says nothing"):
        reframed(events, item_table=str(tmp_path / "items.csv"))


def test_tables_without_a_header_are_matched_by_what_they_hold(tmp_path) -> None:
    (tmp_path / "films.item").write_text("".join(f"{k}|Film number {k}|{k % 2}|{1990 + k % 5}\n" for k in range(1, 41)))
    frame, key = open_side_table(str(tmp_path / "films.item"), "column_2", ("item",), {str(k) for k in range(1, 41)})
    assert (
        key == "column_1" and titles(frame, key)["7"] == "Film number 7" and "column_3" in properties(frame, key)["7"]
    )


def test_an_item_without_events_is_known_by_its_properties_alone() -> None:
    torch.manual_seed(0)
    state = get("modalities", "interaction_history").fit_with_hints(
        pl.Series("history", [["a", "b"], ["a"]]),
        limits=LimitsConfig(),
        facts={"catalogue": {"a": ["x"], "b": ["y"], "new": ["x"]}},
    )
    assert state["items"] == ["a", "b", "new"] and state["counts"] == [2, 1, 0] and state["met"] == 2
    stem = get("modalities", "interaction_history").stem([state], 8, "sequence").eval()
    vectors, own = stem.choices(3)
    assert own.tolist() == [1, 1, 0] and torch.equal(vectors[2], stem.about[state["properties"].index("x")])
    assert not torch.equal(vectors[0], vectors[2])
    assert isinstance(stem, ItemVectors) and stem(torch.tensor([[0]])).mask.tolist() == [[True, False]]


@pytest.mark.slow
def test_new_items_and_new_users_are_placed_by_their_columns(here: Path) -> None:
    events, items, people = shelves()
    items.write_csv("items.csv")
    people.write_csv("people.csv")
    options = {"item_table": "items.csv", "user_table": "people.csv"}
    how = {
        "task": "recommendation",
        "steps": 280,
        "show": "quiet",
        "train__threads": 1,
        "train__precision": "fp32",
        "train__lr": 4e-3,
    }
    model = er.train(events, run="r", options=options, **how)
    asked = pl.DataFrame(
        {"user": ["n", "o"], "item": [None, "b0"], "time": [None, 1]},
        schema={"user": pl.String, "item": pl.String, "time": pl.Int64},
    )
    pl.DataFrame({"user": ["n", "o"], "age": [53, 24]}).write_csv("people.csv")
    said = model.predict(asked)
    assert model.predict(asked.with_columns(user=pl.Series(["new", "newer"]))).height == 20, "nothing is known of them"
    people.write_csv("people.csv")
    own = said.filter(user="n")
    assert own.height == 10 and (own["item"].str.slice(1).cast(pl.Int64) % 4 == 3).mean() > 0.7, (
        "nothing but an age is known"
    )
    assert said["title"].str.starts_with("Book").all() and own["because"].is_null().all()
    assert (said.filter(user="o")["item"].str.slice(1).cast(pl.Int64) % 4 == 0).mean() > 0.7
    page = Path("r/bundle/report.html").read_text()
    assert "because of Book number" in page and "age " in page
    cold = er.train(events, run="cold", options=options | {"cold_start_fraction": 0.15}, **how)
    baseline = cold.manifest["baseline"]
    assert (
        cold.deep_metrics["recall"] > 0.6
        and baseline["words"] == "items alike by their columns"
        and baseline["metrics"]["recall"] > 0.6
    )
    assert all(cold.task.counts[k] == 0 for k in range(cold.task.met, 80)) and cold.task.met < 60
