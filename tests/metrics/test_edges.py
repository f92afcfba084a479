"""Scores where the rows cannot tell, and intervals: bounded in time, the same for the same seed, and honest about a
tie."""

from __future__ import annotations

import time

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.metrics import classification, multilabel, regression
from engineroom.metrics.bootstrap import LEAST, intervals, paired_difference

pytestmark = pytest.mark.filterwarnings("error")
RNG = np.random.default_rng(0)


def probabilities(rows: int, classes: int) -> np.ndarray:
    return np.random.default_rng(rows).dirichlet(np.ones(classes), rows)


@pytest.mark.parametrize("classes", [2, 3])
def test_no_rows_no_scores(classes: int) -> None:
    found = classification.scores(np.zeros(0, int), np.zeros((0, classes)))
    assert all(np.isnan(v) for v in found.values()) and set(found) == set(
        classification.scores(np.arange(4) % classes, probabilities(4, classes))
    )
    empty = np.zeros(0)
    assert all(np.isnan(v) for v in regression.scores(empty, empty, empty, empty).values())
    sets = np.zeros((0, classes), int)
    assert all(np.isnan(v) for v in multilabel.scores(sets, sets, sets.astype(float)).values())


@pytest.mark.parametrize("classes", [2, 4])
def test_one_class_alone_and_none_known(classes: int) -> None:
    p = probabilities(10, classes)
    alone = classification.scores(np.ones(10, int), p)
    assert (
        np.isnan(alone["roc_auc"])
        and np.isfinite([alone["accuracy"], alone["log_loss"], alone["balanced_accuracy"]]).all()
    )
    unknown = classification.scores(np.full(10, -1), p)
    assert (
        unknown["accuracy"] == unknown["f1_macro"] == unknown["balanced_accuracy"] == 0.0 and unknown["log_loss"] > 30
    )


def test_a_class_absent_from_the_rows_is_left_out_of_the_mean_curve() -> None:
    y, p = np.array([0, 1] * 20), probabilities(40, 3)
    expected = np.mean([sk.roc_auc_score(y == k, p[:, k]) for k in (0, 1)])
    assert classification.scores(y, p)["roc_auc"] == pytest.approx(expected)
    assert np.isnan(classification.scores(np.arange(120) % 60, probabilities(120, 60))["roc_auc"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_curves_with_ties_are_those_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    y, p = np.array([a for a, _ in rows]), np.array([b for _, b in rows]) / 6
    if y.any() and not y.all():
        assert classification.roc_auc(y, p) == pytest.approx(sk.roc_auc_score(y, p))
    if y.any():
        assert classification.average_precision(y, p) == pytest.approx(sk.average_precision_score(y, p))


def test_sure_and_wrong_is_finite_and_calibration_is_felt() -> None:
    y = np.array([0, 1] * 50)
    wrong = np.stack([y, 1 - y], 1).astype(float)
    found = classification.scores(y, wrong)
    assert (
        found["log_loss"] == pytest.approx(-np.log(np.finfo(float).eps))
        and found["ece"] == 1
        and found["brier"] == 1
        and found["f1"] == 0
    )
    right = np.where(RNG.random((5000, 1)) < 0.7, [[0.7, 0.3]], [[0.7, 0.3]])
    truth = (RNG.random(5000) > 0.7).astype(int)
    assert classification.scores(truth, right)["ece"] < 0.02
    assert classification.scores(truth, np.tile([[0.99, 0.01]], (5000, 1)))["ece"] > 0.25


def test_numbers_that_are_all_equal_have_no_r2() -> None:
    same = np.full(5, 3.0)
    found = regression.scores(same, same + 1, same, same + 2)
    assert np.isnan(found["r2"]) and found["rmse"] == 1 and found["coverage"] == 1 and found["median_ae"] == 1


def test_labels_that_never_occur_are_left_out_of_the_mean_precision() -> None:
    y = np.stack([np.arange(20) % 2, np.zeros(20, int)], 1)
    p = np.random.default_rng(1).random((20, 2))
    said = (p > 0.5).astype(int)
    found = multilabel.scores(y, said, p)
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(y[:, 0], p[:, 0]))
    assert found["hamming_loss"] == pytest.approx(sk.hamming_loss(y, said))


def mean(records: dict) -> dict[str, float]:
    return {"mean": float(records["truth"].mean()) if len(records["truth"]) else float("nan")}


def test_intervals_depend_on_the_seed_alone() -> None:
    records = {"truth": RNG.normal(size=300)}
    assert intervals(mean, records, seed=1) == intervals(mean, records, seed=1) != intervals(mean, records, seed=2)
    low, high = intervals(mean, records)["mean"]
    assert low < records["truth"].mean() < high and high - low == pytest.approx(
        4 * records["truth"].std() / 300**0.5, rel=0.2
    )


def test_resampling_takes_whole_rows() -> None:
    records = {"truth": np.arange(50), "probability": np.stack([np.arange(50), -np.arange(50)], 1)}

    def together(r: dict) -> dict[str, float]:
        assert (
            len(r["truth"]) == 50
            and (r["probability"][:, 0] == r["truth"]).all()
            and (r["probability"][:, 1] == -r["truth"]).all()
        )
        return {"different": len(np.unique(r["truth"])) / 50}

    low, high = intervals(together, records)["different"]
    assert 0.8 < low < 1.0 < high < 1.2, (
        "two thirds of the rows stand in a draw: where the score itself lies outside, the interval is moved to it"
    )


def test_when_time_runs_out_at_least_some_were_drawn() -> None:
    drawn = []

    def slow(records: dict) -> dict[str, float]:
        drawn.append(1)
        time.sleep(0.001)
        return mean(records)

    intervals(slow, {"truth": RNG.normal(size=30)}, n=100_000, budget_seconds=0.2)
    assert LEAST < len(drawn) < 400
    drawn.clear()
    intervals(slow, {"truth": RNG.normal(size=30)}, n=1000, budget_seconds=0)
    assert len(drawn) == LEAST + 1


def test_sixteen_thousand_rows_in_seconds() -> None:
    y, p = RNG.integers(0, 3, 16_000), probabilities(16_000, 3)
    begun = time.process_time()
    found = intervals(lambda r: classification.scores(r["truth"], r["probability"]), {"truth": y, "probability": p})
    assert time.process_time() - begun < 3 and all(low <= high for low, high in found.values())


def test_no_rows_and_scores_that_are_never_numbers() -> None:
    assert all(np.isnan(v) for v in intervals(mean, {"truth": np.zeros(0)})["mean"])
    assert all(np.isnan(v) for v in intervals(lambda r: {"never": float("nan")}, {"truth": np.zeros(5)})["never"])
    value, low, high, p = paired_difference(mean, {"truth": np.zeros(0)}, {"truth": np.zeros(0)}, "mean")
    assert np.isnan([value, low, high]).all() and p == 1


def test_a_tie_is_a_tie() -> None:
    truth = RNG.normal(size=200)
    assert paired_difference(mean, {"truth": truth}, {"truth": truth}, "mean") == (0.0, 0.0, 0.0, 1.0)
    noise = RNG.normal(0, 0.5, 200)
    value, low, high, p = paired_difference(mean, {"truth": truth}, {"truth": truth + noise - noise.mean()}, "mean")
    assert value == pytest.approx(0, abs=1e-9) and low < 0 < high and p > 0.5


def test_the_pair_is_drawn_together() -> None:
    """A steady gain is seen although each score alone is far too uncertain."""
    hard = RNG.normal(0, 10, 300)
    value, low, _high, p = paired_difference(
        mean, {"truth": hard + 0.1 + RNG.normal(0, 0.1, 300)}, {"truth": hard}, "mean"
    )
    assert 0 < low < value < 0.2 and p < 0.02
