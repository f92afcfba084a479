"""Rows by two players: columns go together, rare kinds can be asked for, shared values are spread and taken back, and
what is drawn by lot teaches."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core.errors import DataError
from engineroom.core.registry import get
from engineroom.heads.tabular_generator import row
from engineroom.modalities.tabular.row import MODALITY, discretise, spread_ties

RNG = np.random.default_rng(0)
FAST = {"show": "quiet", "train": {"threads": 1, "precision": "fp32"}}


def people(n: int = 1_200) -> pl.DataFrame:
    """Tall ones weigh more; the kind, one of which is rare, decides the colour; a third has no income, some of the
    others were not asked."""
    tall, kind = RNG.normal(170, 10, n), RNG.choice(["a", "b", "c"], n, p=[0.6, 0.35, 0.05])
    colour = np.array(["red", "green", "blue"])[np.searchsorted(["a", "b", "c"], kind)]
    income = np.where(RNG.random(n) < 1 / 3, 0.0, RNG.lognormal(8, 1, n).round())
    frame = pl.DataFrame(
        {
            "tall": tall.round(1),
            "heavy": tall - 100 + RNG.normal(0, 3, n),
            "kind": kind,
            "colour": colour,
            "income": income,
        }
    )
    return frame.with_columns(
        income=pl.when(pl.Series(RNG.random(n) < 0.2) & (pl.col("income") > 0)).then(None).otherwise(pl.col("income"))
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("counterfeit") / "run"
    return er.train(people(), recipe="tabular_gan", options={"condition_on": "kind"}, steps=700, run=str(run), **FAST)


@pytest.mark.slow
def test_columns_go_together_and_a_rare_kind_comes_when_it_is_asked_for(model) -> None:
    wishes = pl.DataFrame({"kind": ["a", "b", "c"] * 200, "noise": range(600)})
    made = model.predict(wishes)
    assert (
        made["kind"].to_list() == wishes["kind"].to_list() and made.select(people().columns).schema == people().schema
    )
    for kind, colour in (("a", "red"), ("b", "green"), ("c", "blue")):
        assert (made.filter(pl.col("kind") == kind)["colour"] == colour).mean() > 0.8, kind
    assert np.corrcoef(made["tall"], made["heavy"])[0, 1] > 0.7
    assert abs((made["income"] == 0).mean() - 1 / 3) < 0.15 and 0.02 < made["income"].null_count() / 600 < 0.3
    assert made.equals(model.predict(wishes)), "the same chance, the same rows"


@pytest.mark.slow
def test_it_is_graded_and_told_as_all_makers_of_rows_are(model) -> None:
    assert set(model.metrics) == {"frechet", "precision", "recall", "copied"} and model.metrics["precision"] > 0.3
    result = json.dumps(model.report(), ensure_ascii=False)
    for words in (
        "Train on synthetic, test on real",
        "Marginal distributions by column",
        "Privacy: distance to the nearest training row",
        "Discriminator scores",
        "Features behind the Fréchet distance",
        "Gaussian copula",
    ):
        assert words in result, words
    found = model.evaluate(people())
    assert found["metrics"]["frechet"] < 4 * max(0.3, model.metrics["frechet"])


def test_what_is_drawn_by_lot_is_whole_and_teaches() -> None:
    said, lots = torch.randn(400, 6, requires_grad=True), torch.randn(400, 9)
    made = row(said, lots, [(3, True), (2, False), (1, False)])
    assert made.shape == (400, 6) and set(made[:, :3].detach().round(decimals=4).unique().tolist()) == {-1.0, 1.0}
    assert torch.allclose(made[:, :3].sum(1), torch.tensor(-1.0)), "one class a row"
    absent = made[:, 4] > 0
    assert bool((made[absent, 3] == 0).all()) and torch.equal(made[:, 5], said[:, 5])
    made.square().mul(torch.randn_like(made)).sum().backward()
    assert said.grad is not None and bool((said.grad[:, :3].abs().sum(0) > 0).all())
    sure = torch.tensor([[2.0, 0.0, 0.0]]).expand(20_000, 3)
    shares = (row(sure, torch.randn(20_000, 3), [(3, True)]) > 0).float().mean(0)
    assert torch.allclose(shares, torch.softmax(sure[0], 0), atol=0.015), "a class is drawn as often as the maker says"


def test_values_that_many_share_are_spread_and_taken_back() -> None:
    frame = people(500)
    state = MODALITY.fit(frame.to_struct("x"), limits=None)  # type: ignore[arg-type]
    rows = torch.from_numpy(MODALITY.encode(frame.to_struct("x"), state, {}))
    spread = spread_ties(rows, torch.randn(rows.shape), state["columns"])
    place = sum(len(one["values"]) if one["kind"] == "class" else 1 + one["missing"] for one in state["columns"][:4])
    none = torch.from_numpy((frame["income"] == 0).fill_null(False).to_numpy())
    absent = torch.from_numpy(frame["income"].is_null().to_numpy())
    assert len(rows[none, place].unique()) == 1 and len(spread[none, place].unique()) > 100
    assert torch.equal(
        spread[absent],
        torch.cat([spread[absent, :place], rows[absent, place : place + 2], spread[absent, place + 2 :]], 1),
    )
    both = [discretise(x.numpy(), state["columns"]) for x in (rows, spread)]
    assert np.allclose(both[0][:, place], both[1][:, place], atol=0.02)


def test_rows_of_rare_kinds_come_oftener_than_they_are() -> None:
    kinds = np.repeat([1, 2], [950, 50])

    class Store:
        def take(self, rows: np.ndarray) -> np.ndarray:
            return kinds[rows][:, None]

    class Data:
        stores = {"block:category": Store()}

    task, rows = get("tasks", "tabular_gan"), np.arange(1_000)
    order = task.epoch_order(rows, lambda picked: picked, np.random.default_rng(0), Data())
    assert len(order) == 1_000 and 0.25 < (kinds[order] == 2).mean() < 0.5
    Data.stores = {}
    assert sorted(task.epoch_order(rows, lambda picked: picked, np.random.default_rng(0), Data())) == rows.tolist()


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        er.train(people(20), recipe="tabular_gan", show="quiet")
