"""Verification and search scores against cases worked out by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics import metric_learning as metrics
from engineroom.metrics.metric_learning import equal_error, pairs, places, rates, threshold_for


def scores(e: np.ndarray, truth: np.ndarray, row: np.ndarray) -> dict[str, float]:
    return metrics.scores(e, truth, row, places(e, truth))


def circle(*degrees: float) -> np.ndarray:
    angle = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def test_perfectly_apart() -> None:
    e, truth = circle(0, 5, 90, 95), np.array([1, 1, 2, 2])
    found = scores(e, truth, np.arange(4))
    assert (
        found["eer"] == 0
        and found["roc_auc"] == 1
        and found["recall_at_1"] == 1
        and found["accepted_at_1_percent"] == 1
    )


def test_one_swap_is_counted() -> None:
    same = np.array([True, False, True, False])
    similarity = np.array([0.9, 0.8, 0.7, 0.1])
    assert equal_error(similarity, same)[0] == pytest.approx(0.5)
    assert places(circle(0, 10, 11, 90), np.array([1, 1, 2, 2])).tolist() == [0, 1, 2, 0]
    assert scores(circle(0, 10, 11, 90), np.array([1, 1, 2, 2]), np.arange(4))["recall_at_1"] == 0.5


def test_area_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 8, 60)
    e = rng.normal(size=(60, 6)) + 0.8 * rng.normal(size=(8, 6))[truth]
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    similarity, same = pairs(e, truth, np.arange(60))
    assert len(same) == 60 * 59 / 2
    assert scores(e, truth, np.arange(60))["roc_auc"] == pytest.approx(roc_auc_score(same, similarity))
    threshold = threshold_for(similarity, same, 0.05)
    assert (similarity[~same] >= threshold).mean() <= 0.05 + 1 / (~same).sum()


def test_equal_answers_say_nothing() -> None:
    e, truth = np.ones((6, 1)), np.array([1, 1, 2, 2, 3, 3])
    found = scores(e, truth, np.arange(6))
    assert found["eer"] == pytest.approx(0.5) and found["roc_auc"] == pytest.approx(0.5)


def test_a_row_drawn_twice_is_no_mate_of_itself() -> None:
    e, truth, row = circle(0, 0, 90, 45), np.array([1, 1, 1, 2]), np.array([0, 0, 1, 2])
    assert places(e[1:], truth[1:]).tolist() == [1, 1, -1]  # the stranger at 45° is nearer than the only mate
    assert len(pairs(e, truth, row)[0]) == 5


def test_nobody_with_a_mate() -> None:
    assert all(np.isnan(v) for v in scores(circle(0, 50), np.array([1, 2]), np.arange(2)).values())


def test_the_score_that_chooses_is_there_even_where_nothing_can_be_scored() -> None:
    from engineroom.core import registry

    task = registry.get("tasks", "metric_learning")
    nothing, something = (
        scores(circle(0, 50), np.array([1, 2]), np.arange(2)),
        scores(circle(0, 5, 90), np.array([1, 1, 2]), np.arange(3)),
    )
    assert nothing.keys() == something.keys() >= {task.monitor, task.primary_metric, *task.higher, *task.lower}


def test_curves_take_ties_at_once() -> None:
    thresholds, strangers, friends = rates(np.array([0.5, 0.5, 0.2]), np.array([True, False, True]))
    assert thresholds.tolist() == [0.5, 0.2] and strangers.tolist() == [1, 1] and friends.tolist() == [0.5, 1]
