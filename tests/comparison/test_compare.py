"""Side by side: the same rows for all, a paired test that sees what is there and nothing else, and plain words where
models cannot meet."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import engineroom as er
from conftest import command, house_table
from engineroom.comparison.align import column
from engineroom.comparison.report import compare, judge
from engineroom.comparison.significance import Pair, holm
from engineroom.core import registry
from engineroom.core.errors import UserError
from engineroom.metrics.bootstrap import paired_difference

RNG = np.random.default_rng(0)
QUIET = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three trained on the same rows (two of them alike), one on other rows, one on another question."""
    root = tmp_path_factory.mktemp("compare")
    house_table(240).write_csv(root / "houses.csv")
    house_table(80, seed=5).write_csv(root / "other.csv")
    data = str(root / "houses.csv")
    er.train(data, target="sold", run=str(root / "a"), steps=60, **QUIET)
    er.train(
        data,
        target="sold",
        run=str(root / "blind"),
        steps=5,
        columns={"area": {"role": "ignore"}, "price": {"role": "ignore"}},
        **QUIET,
    )
    er.train(house_table(100, seed=3), target="sold", run=str(root / "elsewhere"), steps=5, **QUIET)
    er.train(data, target="price", run=str(root / "price"), steps=5, **QUIET)
    return root


def test_a_better_model_is_found_better_on_stored_answers(runs) -> None:
    result = compare([runs / "a", runs / "blind"], page=runs / "page.html")
    assert result["rows"] == 36 or result["rows"] > 10
    (pair,) = result["pairs"]
    assert pair["better"] == "a" and pair["low"] > 0 and pair["p"] < 0.05 and result["verdict"]["use"] == "a"
    stored = er.load(str(runs / "a")).metrics
    assert result["sides"][0]["scores"]["accuracy"] == pytest.approx(stored["accuracy"])
    assert result["sides"][0]["cost"]["parameters"] > 0 and result["sides"][0]["cost"]["rows_per_second"] > 0
    assert sum(result["agreement"].values()) == result["rows"]
    first = result["disagreements"][0]
    assert first["split"] and first["a"]["said"] == "right" and first["blind"]["wrong"]
    page = (runs / "page.html").read_text("utf-8")
    assert (
        "Calibration" in page
        and "Example by example" in page
        and '="http' not in page.replace('="http://www.w3.org', "")
    )


def test_new_data_are_answered_by_all(runs) -> None:
    result = er.compare(str(runs / "a"), str(runs / "blind"), data=str(runs / "other.csv"))
    assert result["rows"] == 80 and not result["warnings"]
    evaluated = er.evaluate(str(runs / "a"), str(runs / "other.csv"))["metrics"]
    assert result["sides"][0]["scores"] == pytest.approx(evaluated)
    flattered = er.compare(str(runs / "a"), str(runs / "blind"), data=str(runs / "houses.csv"))
    assert "learnt from" in flattered["warnings"][0]


def test_a_model_against_itself_is_no_better(runs) -> None:
    result = compare([runs / "a", runs / "a"])
    assert result["pairs"][0]["value"] == 0 and result["pairs"][0]["better"] == "" and not result["disagreements"]
    assert len({side["name"] for side in result["sides"]}) == 2


def test_models_that_cannot_meet_are_refused_in_words(runs) -> None:
    with pytest.raises(UserError, match="alone"):
        compare([runs / "a"])
    with pytest.raises(UserError, match="different questions"):
        compare([runs / "a", runs / "price"])
    with pytest.raises(UserError, match="same rows") as caught:
        compare([runs / "a", runs / "elsewhere"])
    assert "--data" in caught.value.fix


def test_the_command_line_prints_json_and_writes_what_is_asked(runs) -> None:
    done = command("compare", "a", "blind", "--json", "-o", "apart.csv", cwd=runs)
    result = json.loads(done.stdout)
    assert result["page"] == "compare.html" and (runs / "compare.html").exists()
    table = pl.read_csv(runs / "apart.csv")
    assert table.height == len(result["disagreements"]) and {"row", "a said", "blind wrong"} <= set(table.columns)


@pytest.mark.slow
def test_the_paired_test_keeps_its_promise() -> None:
    """Of two equally good predictors one is called better in about 5 % of draws, not more; a real difference is
    found."""
    task = registry.get("tasks", "classification")

    def graded(truth: np.ndarray, right: float) -> dict:
        said = np.where(RNG.random(len(truth)) < right, truth, 1 - truth)
        p = np.stack([1 - said, said], 1) * 0.8 + 0.1
        return task.score_rows({"probability": p}, truth)

    def p(ours: float, theirs: float) -> float:
        truth = RNG.integers(0, 2, 150)
        return paired_difference(task.compute_metrics, graded(truth, ours), graded(truth, theirs), "accuracy", n=200)[3]

    assert np.mean([p(0.8, 0.8) < 0.05 for _ in range(40)]) <= 0.2
    assert np.mean([p(0.95, 0.6) < 0.05 for _ in range(5)]) == 1


def test_several_looks_are_corrected() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.5, 0.9])).max() <= 1


def test_the_cheapest_of_equals_is_advised() -> None:
    task = registry.get("tasks", "classification")
    sides = [
        {"name": n, "scores": {"accuracy": s}, "cost": {"parameters": c}}
        for n, s, c in (("big", 0.9, 100), ("small", 0.89, 10), ("bad", 0.5, 1))
    ]
    pairs = [
        Pair(a, b, "accuracy", 0.1, 0, 0.2, p, w)
        for a, b, p, w in (("big", "small", 0.6, ""), ("big", "bad", 0.01, "big"), ("small", "bad", 0.01, "small"))
    ]
    assert judge(sides, pairs, task)["use"] == "small"


def test_stored_columns_are_arrays_again() -> None:
    assert column(pl.Series([[1.0, 2.0], [3.0, 4.0]])).shape == (2, 2)
    ragged = column(pl.Series([[1, 2], [3]]))
    assert ragged.dtype == object and ragged[1].tolist() == [3]
