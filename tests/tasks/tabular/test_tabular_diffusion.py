"""Rows made: columns go together as they did, classes are asked for, gaps stay gaps; vectors and rows are the same
thing twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engineroom as er
from conftest import command
from engineroom.core.errors import DataError, UserError
from engineroom.modalities.tabular.row import MODALITY, discretise, to_table
from engineroom.rendering.train_on_synthetic import worth

RNG = np.random.default_rng(0)


def people(n: int = 1_200) -> pl.DataFrame:
    """Tall ones weigh more; the kind decides the colour in nine of ten; a third has no income, a quarter of the others
    was not asked."""
    tall = RNG.normal(170, 10, n)
    kind = RNG.choice(["a", "b", "c"], n)
    colour = np.where(
        RNG.random(n) < 0.9, np.array(["red", "green", "blue"])[np.searchsorted(["a", "b", "c"], kind)], "red"
    )
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
        income=pl.when(pl.Series(RNG.random(n) < 0.25) & (pl.col("income") > 0)).then(None).otherwise(pl.col("income"))
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("synthetic") / "run"
    return er.train(
        people(),
        target="colour",
        recipe="tabular_diffusion",
        steps=500,
        run=str(run),
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )


@pytest.mark.slow
def test_columns_go_together_as_they_did(model) -> None:
    made = model.predict(pl.DataFrame({"noise": range(1_000)}))
    real = people()
    assert made.columns == real.columns and made.schema == real.schema
    assert np.corrcoef(made["tall"], made["heavy"])[0, 1] > 0.85
    agree = made.filter(pl.col("kind") == "b").select((pl.col("colour") == "green").mean()).item()
    assert 0.75 < agree <= 1.0
    assert abs((made["income"] == 0).mean() - 0.4) < 0.12 and abs(made["income"].null_count() / 1_000 - 1 / 6) < 0.1
    assert set(model.metrics) == {"frechet", "precision", "recall", "copied"}
    assert model.metrics["frechet"] < model.manifest["baseline"]["metrics"]["frechet"]
    assert made.equals(model.predict(pl.DataFrame({"noise": range(1_000)}))), "the same chance, the same rows"
    assert model.predict(real[:3]).columns == real.columns, "the real table as a wish for as many rows"


@pytest.mark.slow
def test_the_report_tells_what_made_rows_teach(model) -> None:
    result = json.dumps(model.report(), ensure_ascii=False)
    for words in (
        "Train on synthetic, test on real",
        "made by the network",
        "real training rows",
        "Marginal distributions by column",
        "Privacy: distance to the nearest training row",
    ):
        assert words in result, words


@pytest.mark.slow
def test_kinds_can_be_asked_for(tmp_path: Path) -> None:
    people().write_csv(tmp_path / "people.csv")
    command(
        "train",
        "people.csv",
        "--recipe",
        "tabular_diffusion",
        "--set",
        "options.condition_on=kind",
        "--steps",
        400,
        "--run",
        "r",
        "--quiet",
        cwd=tmp_path,
    )
    pl.DataFrame({"kind": ["a"] * 100 + ["c"] * 100, "noise": range(200)}).write_csv(tmp_path / "wishes.csv")
    command("predict", "r", "wishes.csv", "-o", "made.csv", cwd=tmp_path)
    made = pl.read_csv(tmp_path / "made.csv")
    assert made["kind"].to_list() == ["a"] * 100 + ["c"] * 100
    assert (made["colour"][:100] == "red").mean() > 0.8 and (made["colour"][100:] == "blue").mean() > 0.7


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few"):
        er.train(people(20), recipe="tabular_diffusion", show="quiet")
    with pytest.raises(DataError, match="no column 'colours'"):
        er.train(people(), target="colours", recipe="tabular_diffusion", show="quiet")
    with pytest.raises(DataError, match="No column can be made"):
        er.train(
            pl.DataFrame({"story": [f"a story of its own, number {k}" for k in range(100)]}),
            recipe="tabular_diffusion",
            show="quiet",
        )
    with pytest.raises(UserError, match="steps cannot"):
        er.train(people(), recipe="tabular_diffusion", options={"steps": 0}, show="quiet")


def test_trees_taught_by_shuffled_rows_know_nothing() -> None:
    frame = people()
    state = MODALITY.fit(frame.to_struct("x"), limits=None) | {"judge": "colour"}  # type: ignore[arg-type]
    rows = MODALITY.encode(frame.to_struct("x"), state, {})
    shuffled = MODALITY.encode(frame.with_columns(pl.col("colour").shuffle(0)).to_struct("x"), state, {})
    scores = worth(state, {"real": rows[:600], "shuffled": shuffled[:600]}, rows[600:])["scores"]
    assert scores["real"] > 0.85 and scores["shuffled"] < 0.55
    assert worth(state | {"judge": "nothing"}, {"real": rows}, rows) == {}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-3, 3).map(float)), min_size=30, max_size=80),
    st.lists(st.sampled_from(["a", "b", "", None, "<c>"]), min_size=80, max_size=80),
)
def test_vectors_and_rows_are_the_same_twice(numbers: list, classes: list) -> None:
    frame = pl.DataFrame(
        {"x": pl.Series(numbers, dtype=pl.Float64), "c": pl.Series(classes[: len(numbers)], dtype=pl.String)}
    )
    state = MODALITY.fit(frame.to_struct("r"), limits=None)  # type: ignore[arg-type]
    rows = MODALITY.encode(frame.to_struct("r"), state, {})
    assert rows.shape == (len(numbers), state["width"]) and np.isfinite(rows).all()
    back = to_table(rows, state["columns"])
    assert back["x"].is_null().to_list() == frame["x"].is_null().to_list()
    assert back["c"].fill_null("").to_list() == frame["c"].fill_null("").to_list()
    again = MODALITY.encode(back.to_struct("r"), state, {})
    assert np.allclose(discretise(rows, state["columns"]), discretise(again, state["columns"]), atol=0.3)
