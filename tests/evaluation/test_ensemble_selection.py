"""What answers: the deep model, the classical baseline, or their weighted average, by validation rows alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import engineroom as er
from conftest import command, house_table
from engineroom.core.errors import UserError
from engineroom.evaluation.ensemble_selection import Selection, average, combine, select
from engineroom.tasks._base import make_task


def numbers(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"value": values, "low": values - 1, "high": values + 1}


def test_independent_errors_are_averaged_by_their_variances() -> None:
    """Of two unbiased predictions the best weight is that of the inverse variances: 0.8 for deviations 1 and 2."""
    rng, task = np.random.default_rng(0), make_task("regression", {})
    y = rng.normal(0, 5, 4_000)
    deep, baseline = numbers(y + rng.normal(0, 1, 4_000)), numbers(y + rng.normal(0, 2, 4_000))
    found = select(task, deep, baseline, y)
    assert found.use == "blend" and found.weight == pytest.approx(0.8, abs=0.05)
    pooled = combine(task, deep, baseline, found)
    by_hand = found.weight * deep["value"] + (1 - found.weight) * baseline["value"]
    assert np.allclose(pooled["value"], by_hand)
    rmse = float(np.sqrt(((by_hand - y) ** 2).mean()))
    assert rmse == pytest.approx(found.scores["blend"]) and rmse < min(found.scores["deep"], found.scores["baseline"])
    inside = ((y >= pooled["low"]) & (y <= pooled["high"])).mean()
    assert inside == pytest.approx(0.9, abs=0.01), "the blend's interval is calibrated itself"


def test_one_that_adds_nothing_is_left_out() -> None:
    rng, task = np.random.default_rng(0), make_task("regression", {})
    y = rng.normal(0, 5, 500)
    good, bad = numbers(y + rng.normal(0, 0.1, 500)), numbers(rng.normal(0, 50, 500))
    assert select(task, good, bad, y).use == "deep"
    assert select(task, bad, good, y).use == "baseline"
    assert select(task, bad, numbers(np.full(500, np.nan)), y).use == "deep", "a score that is none never wins"


def test_too_few_rows_and_tasks_of_the_network_alone_choose_nothing() -> None:
    y = np.arange(10.0)
    found = select(make_task("regression", {}), numbers(y + 5), numbers(y), y)
    assert found.use == "deep" and "too few" in found.reason
    assert select(make_task("image_generation", {}), {}, {}, y).use == "deep"


def test_chances_of_ragged_rows_are_averaged_row_by_row() -> None:
    deep, baseline = np.empty(2, object), np.empty(2, object)
    deep[:] = [np.array([[1.0, 0.0]]), np.array([[0.5, 0.5], [0.2, 0.8]])]
    baseline[:] = [np.array([[0.0, 1.0]]), np.array([[1.0, 0.0], [0.2, 0.8]])]
    found = average({"probability": deep}, {"probability": baseline}, 0.75, ("probability", "whole"))["probability"]
    assert found[0].tolist() == [[0.75, 0.25]] and found[1].tolist() == [[0.625, 0.375], [0.2, 0.8]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> er.Model:
    """A line that three steps cannot teach a network, and a linear baseline knows."""
    path = tmp_path_factory.mktemp("line") / "r"
    return er.train(house_table(400), target="price", run=str(path), steps=10, show="quiet", train__threads=1)


def test_predict_and_evaluate_use_what_validation_recommends(run: er.Model) -> None:
    houses = house_table(100, seed=1)
    assert run.selection.use == run.manifest["answer"]["use"] == "baseline"
    best, deep, baseline = (run.predict(houses, use=use)["prediction"] for use in ("best", "deep", "baseline"))
    assert best.equals(baseline) and not best.equals(deep)
    found = run.evaluate(houses)
    for name, said in (("metrics", best), ("deep", deep), ("baseline", baseline)):
        assert found[name]["rmse"] == pytest.approx(float(((said - houses["price"]) ** 2).mean() ** 0.5))
    assert found["answer"] == "baseline" and run.evaluate(houses, use="deep")["metrics"] == found["deep"]
    assert run.metrics["rmse"] == run.manifest["baseline"]["metrics"]["rmse"] < run.deep_metrics["rmse"]
    records = pl.read_parquet(run.path / "records.parquet")
    assert run.metrics["rmse"] == pytest.approx(float(((records["said"] - records["truth"]) ** 2).mean() ** 0.5))


def test_a_blend_is_the_weighted_mean_of_both(run: er.Model) -> None:
    model, houses = er.load(str(run.path)), house_table(50, seed=2)
    with pytest.raises(UserError, match="no blend"):
        model.predict(houses, use="blend")
    model.selection = Selection("blend", "asked for", 0.25, {}, {"widen": 0.0})
    deep, baseline, best = (model.predict(houses, use=use)["prediction"] for use in ("deep", "baseline", "best"))
    assert np.allclose(best, 0.25 * deep + 0.75 * baseline)
    assert any("0.25 × deep model + 0.75 × classical baseline" in note for note in model.notes)


def test_the_command_line_says_who_answers_and_takes_another(run: er.Model, tmp_path: Path) -> None:
    house_table(30, seed=3).write_csv(tmp_path / "new.csv")
    done = command("predict", run.path, "new.csv", cwd=tmp_path)
    assert "Answered by the classical baseline" in done.stderr
    deep = command("predict", run.path, "new.csv", "--with", "deep", cwd=tmp_path)
    assert "Answered by" not in deep.stderr and deep.stdout != done.stdout
    graded = json.loads(command("evaluate", run.path, "new.csv", "--json", cwd=tmp_path).stdout)
    assert graded["answer"] == "baseline" and graded["metrics"] == graded["baseline"]
    table = command("evaluate", run.path, "new.csv", "--with", "deep", cwd=tmp_path).stdout
    assert "› deep" in table
    refused = command("predict", run.path, "new.csv", "--with", "both", cwd=tmp_path, check=2)
    assert "best, deep, baseline, blend" in refused.stderr


def test_an_explanation_is_of_the_network_and_says_so(run: er.Model, tmp_path: Path) -> None:
    house_table(20, seed=4).write_csv(tmp_path / "new.csv")
    done = command("explain", run.path, "new.csv", "--rows", 1, "--method", "occlusion", cwd=tmp_path)
    assert "predict answers with the baseline; what is explained is the deep model" in done.stdout
    shown = float(next(line for line in done.stdout.splitlines() if line.startswith("row 0: ")).split()[2])
    deep = run.predict(house_table(20, seed=4), use="deep")["prediction"][0]
    assert shown == pytest.approx(deep, rel=1e-2)


def test_the_report_says_which_part_earned_it(run: er.Model) -> None:
    verdict = run.report()["verdict"]
    assert verdict["answer"] == "baseline"
    assert any("predict answers with the classical baseline: rmse on" in line for line in verdict["why"])
