"""Overlap from counts: cases worked out by hand, the area under the curve against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, roc_auc_score

from engineroom.metrics import segmentation as metrics


def test_a_case_by_hand() -> None:
    truth = np.array([[0, 0, 1, 1], [0, 0, 1, 255]], np.uint8)  # 255: nobody knows
    said = np.array([[0, 1, 1, 1], [0, 0, 0, 0]], np.uint8)
    counts = metrics.confusion(truth, said, 2)
    assert counts.tolist() == [[3, 1], [1, 2]]
    assert metrics.overlap(counts).tolist() == [3 / 5, 2 / 4]
    assert metrics.dice(counts).tolist() == [6 / 8, 4 / 6]
    scores = metrics.scores(counts[None], None, None)
    assert scores["mean_iou"] == pytest.approx(0.55) and scores["pixel_accuracy"] == pytest.approx(5 / 7)
    assert scores["jaccard_distance"] == pytest.approx(0.45)


def test_counts_add_up_over_rows_and_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, 4, (2, 5, 12, 9))
    rows = np.stack([metrics.confusion(t, s, 4) for t, s in zip(truth, said, strict=True)])
    expected = jaccard_score(truth.ravel(), said.ravel(), average=None)
    assert np.allclose(metrics.overlap(rows.sum(0)), expected)
    assert metrics.scores(rows, None, None)["mean_iou"] == pytest.approx(expected.mean())


def test_a_class_that_is_nowhere_does_not_count() -> None:
    counts = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 0]])
    assert np.isnan(metrics.overlap(counts)[2]) and metrics.scores(counts[None], None, None)["mean_iou"] == 1.0
    assert np.isnan(metrics.scores(np.zeros((0, 2, 2), int), None, None)["mean_iou"])


def test_the_area_from_histograms_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(20_000) < 0.1
    p = 1 / (1 + np.exp(-rng.normal(2.0 * truth - 3, 1.5)))
    hits, alarms = metrics.histogram(p, truth), metrics.histogram(p, ~truth)
    assert metrics.area(hits, alarms) == pytest.approx(roc_auc_score(truth, p), abs=5e-4)
    assert np.isnan(metrics.area(hits, np.zeros_like(alarms)))


def test_every_threshold_has_its_counts() -> None:
    rng = np.random.default_rng(2)
    truth, p = rng.integers(0, 2, 500), rng.random(500)
    counts = metrics.counts_from(metrics.histogram(p, truth == 1), metrics.histogram(p, truth == 0))
    for place in (200, 256, 300):
        said = p >= metrics.threshold(place)
        assert np.array_equal(counts[place], metrics.confusion(truth, said.astype(int), 2))


def test_the_area_under_the_curve_of_very_sure_pixels_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    truth = rng.random(4000) < 0.3
    odds = rng.normal(-16, 1.5, 4000) + 1.0 * truth
    p = 1 / (1 + np.exp(-odds))
    found = metrics.area(metrics.histogram(p, truth), metrics.histogram(p, ~truth))
    assert found == pytest.approx(roc_auc_score(truth, p), abs=2e-3)
