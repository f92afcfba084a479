"""Decisions by cost: the alarm begins where the expected cost says so, the risk is calibrated, the options matter and
are checked."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core.batch import Batch
from engineroom.core.errors import UserError
from engineroom.core.schema import Column
from engineroom.metrics.cost_sensitive import found_on_top, scores
from engineroom.tasks._base import make_task
from engineroom.tasks.general.classification import log_odds

TARGET = Column("risk", "category", "target", {"values": ["bad", "good"], "counts": [30, 70]})


def bound(**options):
    return make_task("cost_sensitive", options).for_target(TARGET)


def test_the_rarer_class_is_looked_for_and_a_miss_costs_as_much_as_it_is_rare() -> None:
    task = bound()
    assert (task.positive, task.place) == ("bad", 0)
    assert task.false_negative_cost == pytest.approx(70 / 30, abs=1e-3) and task.threshold == pytest.approx(
        0.3, abs=1e-3
    )
    assert bound(positive="good").place == 1


@pytest.mark.parametrize(
    "options",
    [
        {"positive": "ugly"},
        {"false_negative_cost": -1},
        {"false_positive_cost": 0},
        {"review_rate": 2},
        {"loss_name": "hinge"},
        {"cost": 5},
        {"false_negative_cost": "much"},
        {"place": 1},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict) -> None:
    with pytest.raises(UserError):
        bound(**options)


def test_a_target_of_three_classes_is_no_decision() -> None:
    with pytest.raises(UserError, match="between two classes"):
        make_task("cost_sensitive", {}).for_target(
            Column("y", "category", "target", {"values": list("abc"), "counts": [1, 1, 1]})
        )


def test_a_task_without_options_says_so() -> None:
    with pytest.raises(UserError, match="no option"):
        make_task("regression", {"false_negative_cost": 5})


def test_costs_are_counted_by_hand() -> None:
    task = bound(false_negative_cost=5, false_positive_cost=1)
    risk = np.array([0.9, 0.2, 0.1, 0.16])  # of "bad", which is class 0; the alarm begins at 1/6
    truth = np.array([0, 0, 0, 1])
    records = task.score_rows({"probability": np.stack([risk, 1 - risk], 1)}, truth)
    assert records["said"].tolist() == [0, 0, 1, 1] and records["cost"].tolist() == [0, 0, 5, 0]
    dearer = bound(false_negative_cost=50, false_positive_cost=1).score_rows(
        {"probability": np.stack([risk, 1 - risk], 1)}, truth
    )
    assert dearer["said"].tolist() == [0, 0, 0, 0] and dearer["cost"].tolist() == [0, 0, 0, 1]
    assert task.compute_metrics(records)["cost"] == 1.25 and task.compute_metrics(records)["recall"] == pytest.approx(
        2 / 3
    )


def test_platt_brings_a_shifted_risk_back() -> None:
    rng = np.random.default_rng(0)
    true = rng.uniform(0.01, 0.6, 8000)
    truth = np.where(rng.uniform(size=8000) < true, 0, 1)
    shifted = 1 / (1 + np.exp(-(0.5 * log_odds(true) + 1.5)))
    answers = {"probability": np.stack([shifted, 1 - shifted], 1)}
    task = bound()
    back = task.apply_calibration(answers, task.fit_calibration(answers, truth))["probability"]
    assert np.abs(back[:, 0] - true).mean() < 0.02 < np.abs(shifted - true).mean()
    assert np.allclose(back.sum(1), 1)


def test_each_loss_is_another_one_and_all_prefer_the_truth() -> None:
    batch = Batch({"target": torch.tensor([1, 2, 2, 2])}, np.arange(4))
    right = torch.tensor([[[2.0, -2]], [[-2, 2]], [[-2, 2]], [[-2, 2]]])
    found = {
        kind: [float(bound(loss_name=kind).loss(o, batch).total) for o in (right, -right)]
        for kind in ("plain", "weighted", "focal")
    }
    assert all(good < bad for good, bad in found.values())
    assert len({round(good, 6) for good, _ in found.values()}) == 3


def test_equal_risks_at_the_border_count_by_their_mean() -> None:
    positive, risk = np.array([True, False, False, False, True]), np.full(5, 0.4)
    assert found_on_top(positive, risk, 0.4) == (pytest.approx(0.8), 2)
    assert found_on_top(positive, np.array([0.9, 0.1, 0.2, 0.3, 0.8]), 0.4) == (2.0, 2)


def test_scores_agree_with_scikit_learn() -> None:
    from sklearn import metrics as sk

    rng = np.random.default_rng(1)
    positive, risk = rng.uniform(size=300) < 0.2, rng.uniform(size=300).round(2)
    alarm = risk > 0.5
    ours = scores(positive, risk, alarm, np.zeros(300), 0.1)
    assert ours["precision"] == pytest.approx(sk.precision_score(positive, alarm))
    assert ours["recall"] == pytest.approx(sk.recall_score(positive, alarm))
    assert ours["average_precision"] == pytest.approx(sk.average_precision_score(positive, risk))
    assert ours["brier"] == pytest.approx(sk.brier_score_loss(positive, risk))


@pytest.mark.slow
def test_a_decision_is_trained_told_and_read_back(here) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    fraud = x[:, 0] + 0.5 * rng.normal(size=600) > 1.5
    table = pl.DataFrame({"amount": x[:, 0], "hour": x[:, 1], "case": np.where(fraud, "fraud", "fine")})
    model = er.train(
        table,
        target="case",
        recipe="cost_sensitive",
        options={"false_negative_cost": 20},
        steps=150,
        run="r",
        show="quiet",
    )
    assert model.manifest["model"]["networks"] == 5, (
        "few rows: the risk is calibrated on rows that the network which is asked never saw"
    )
    baseline = model.manifest["baseline"]
    assert baseline["calibration"]["slope"] < 1.5 and baseline["metrics"]["log_loss"] < 0.4, "so is the baseline's"
    out = er.load("r").predict(table)
    assert out.columns == ["prediction", "probability", "risk", "probability_fine", "probability_fraud"]
    assert ((out["risk"] >= 1 / 21) == (out["prediction"] == "fraud")).all()
    assert np.allclose(out["risk"], out["probability_fraud"])
    assert model.deep_metrics["roc_auc"] > 0.9
    titles = {e["title"] for s in model.report()["sections"] for e in s["exhibits"]}
    assert {
        "Expected cost by threshold",
        "Recall by share reviewed",
        "Calibration: stated risk against observed frequency",
        "Finding “fraud”: ROC",
    } <= titles
    parts = {"rows", "answer", "metrics", "deep", "baseline", "positive_class", "unknown_classes", "notes"}
    assert set(model.evaluate(table)) == parts
