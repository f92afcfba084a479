"""Recommendation: events become histories in the order of time, what was met is never recommended, known tastes are found by deep and classical."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.baselines.ease import candidates, many_hot
from engineroom.core.errors import DataError, UserError
from engineroom.core.registry import get
from engineroom.core.table import Table
from engineroom.metrics.ranking import best, ndcg, rank_of, scores
from engineroom.modalities.events import company, latest
from engineroom.tasks._histories import LATEST, parts
from engineroom.tasks._options import make_task


def reframed(frame: pl.DataFrame, *, asking: bool = False, **options) -> Table:
    return make_task("recommendation", options).reframe(Table(frame), None, asking=asking)


def chains(users: int = 220, seed: int = 0) -> pl.DataFrame:
    """Two tastes, and in each the next item is the one after the last, round a ring of twelve."""
    rng, rows = np.random.default_rng(seed), []
    for user in range(users):
        taste, place = rng.choice(["sea", "hill"]), int(rng.integers(12))
        rows += [(f"u{user}", f"{taste}{(place + step) % 12}", step) for step in range(int(rng.integers(5, 9)))]
    return pl.DataFrame(rows, schema=["user", "item", "time"], orient="row").sample(fraction=1.0, shuffle=True, seed=seed)


def test_the_last_event_tests_and_the_one_before_validates() -> None:
    frame = pl.DataFrame({"user": ["a"] * 5, "item": list("54321"), "time": [5, 4, 3, 2, 1]})
    rows = reframed(frame).frame
    assert rows["split"].to_list() == ["train", "val", "test"]
    assert rows["history"].to_list() == [list("123"), list("123"), list("1234")] and rows["item"].to_list() == [list("123"), list("1234"), list("12345")]
    assert [len(parts("a", "x" * n)) for n in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_long_histories_are_learnt_in_pieces_that_lose_no_step() -> None:
    events = [str(i) for i in range(3 * LATEST)]
    pieces = [row[1] for row in parts("a", events) if row[3] == "train"]
    steps = {(a, b) for piece in pieces for a, b in zip(piece, piece[1:], strict=False)}
    assert max(map(len, pieces)) <= LATEST and steps == set(zip(events[:-3], events[1:-2], strict=True))


def test_odd_events_are_named_and_left_out() -> None:
    frame = pl.DataFrame(
        {"user": ["a", "a", "a", "a", "b", None, "a"], "item": ["x", "y", "x", "z", "x", "x", None], "time": [2, 2, 3, 1, 1, 1, 1], "rating": [5, 5, 5, 1, 5, 5, 5]}
    )
    table = reframed(frame)
    assert table.frame.filter(pl.col("split") == "test")["item"].to_list() == [["z", "x", "y"]], "equal times keep the order of the rows"
    said = " ".join(table.notes)
    assert "2 event(s) without" in said and "1 event(s) repeat" in said and "1 user(s) with a single event" in said
    with pytest.raises(DataError, match="three events"):
        reframed(frame, least=4)
    with pytest.raises(UserError, match="options.user"):
        reframed(frame.rename({"user": "who"}))
    with pytest.raises(UserError, match="no column"):
        reframed(frame, item="itme")
    assert reframed(frame.rename({"user": "who"}), user="who", asking=True).frame["history"].to_list() == [["z", "x", "y"], ["x"]]


def test_scores_by_hand() -> None:
    lists = np.array([[3, 1, 2], [3, 1, 2], [0, 1, 2]])
    rank = rank_of(lists, np.array([3, 2, 9]))
    assert rank.tolist() == [0, 2, 3] and ndcg(rank, 2).tolist() == [1, 0, 0] and ndcg(rank, 3)[1] == 0.5
    out = scores({"rank": rank, "said": lists}, at=2, items=8)
    assert out["ndcg"] == pytest.approx(1 / 3) and out["recall"] == pytest.approx(1 / 3) and out["recall_50"] == pytest.approx(2 / 3)
    assert out["coverage"] == 3 / 8 and next(iter(out)) == "ndcg"


def test_what_was_met_is_never_listed() -> None:
    lists, values = best(np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]), [np.array([0, 1]), np.array([], int)], 3)
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


def test_company_is_who_is_met_together() -> None:
    assert company([["a", "b"], ["a", "b"], ["c", "a"]], ["a", "b", "c"])[1][0] == 0
    assert company([["z"]], []) == []


def test_the_latest_events_are_read_and_the_future_is_not() -> None:
    x, mask = torch.arange(1, 7).repeat(2, 1), torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    assert latest(x, mask, 3)[0].tolist() == [[4, 5, 6], [1, 2, 0]]
    from engineroom.core.config import Config
    from engineroom.core.signals import Signal

    for family in ("causal", "causal_rnn"):
        torch.manual_seed(0)
        data = torch.randn(1, 6, 8)
        model = get("families", family).build(Signal(data, "sequence"), Config(), kind="words", size="small", members=1).eval()
        changed = data.clone()
        changed[:, 4:] = 9
        assert torch.allclose(model(Signal(data, "sequence")).map.data[:, :4], model(Signal(changed, "sequence")).map.data[:, :4], atol=1e-5)


def test_known_tastes_are_found_and_all_comes_back(here: Path) -> None:
    events = chains()
    model = er.train(events, task="recommendation", steps=120, show="quiet", run="r", train__threads=1)
    assert model.metrics["ndcg"] > 0.8 and model.metrics["ndcg"] > model.manifest["rival"]["metrics"]["ndcg"] > 0.15
    new = pl.DataFrame({"user": ["n", "n", "n", "o"], "item": ["sea4", "sea3", "never", "sea11"], "time": [9, 8, 1, 1]})
    said = model.predict(new)
    assert said.columns == ["user", "rank", "item", "score", "because"] and said.height == 20
    assert said.filter(pl.col("rank") == 1)["item"].to_list() == ["sea5", "sea0"]
    assert not set(said.filter(user="n")["item"]) & {"sea3", "sea4", "never"} and said["because"][0] in ("sea3", "sea4")
    assert er.load("r").predict(new).equals(said)
    assert model.evaluate(events)["metrics"]["ndcg"] == pytest.approx(model.metrics["ndcg"], abs=1e-6)
    assert "How long a list finds it" in Path("r/bundle/report.html").read_text()
