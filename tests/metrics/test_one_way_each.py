"""Rank correlation, intervals of means, temperatures and averages of weights: by a library, and once each."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import bootstrap, rankdata
from sklearn.dummy import DummyClassifier

from engineroom.baselines._estimator import sharpness
from engineroom.core import registry
from engineroom.explanation.faithfulness import rank_correlation as likeness
from engineroom.metrics.bootstrap import mean_interval
from engineroom.metrics.regression import rank_correlation
from engineroom.objectives._ema import follow_weights

RNG = np.random.default_rng(0)


def test_rank_correlation_is_that_of_mean_ranks() -> None:
    a = RNG.integers(0, 9, 60).astype(float)
    b = a + RNG.normal(size=60) * 4
    by_hand = np.corrcoef(rankdata(a), rankdata(b))[0, 1]
    assert rank_correlation(a, b) == pytest.approx(by_hand, abs=1e-12) == likeness(a, b)
    assert np.isnan(rank_correlation(a, np.ones(60))) and likeness(a, np.ones(60)) == 0.0
    assert np.isnan(rank_correlation(a[:1], b[:1])) and likeness(a[:2], b[:2]) == 0.0


def test_intervals_of_means_are_scipy_s_percentile_intervals() -> None:
    values = RNG.gamma(2.0, size=(80, 3))
    low, high = mean_interval(values, np.random.default_rng(0), 4_000)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=4_000, random_state=1).confidence_interval
    assert low.shape == (3,) and np.allclose(low, theirs.low, atol=0.03) and np.allclose(high, theirs.high, atol=0.03)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_temperature_is_the_factor_by_which_the_logits_are_off(factor: float) -> None:
    true = RNG.normal(size=(4_000, 5)) * 1.5
    p = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    y = (p.cumsum(1) < RNG.random((4_000, 1))).sum(1)
    stated = np.exp(true * factor) / np.exp(true * factor).sum(1, keepdims=True)
    task = registry.get("tasks", "classification")
    assert task.fit_calibration({"probability": stated}, y)["temperature"] == pytest.approx(factor, rel=0.08)

    class Estimator:
        classes_ = np.arange(5)

        def decision_function(self, x: np.ndarray) -> np.ndarray:
            return x

    assert sharpness(Estimator(), true / 3, y) == pytest.approx(3, rel=0.08)
    assert sharpness(DummyClassifier().fit(true, y), true, y) == 1.0, "what states probabilities needs none"


def test_the_average_of_weights_moves_by_the_share_that_is_new() -> None:
    mean, learner = (
        torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3)),
        torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3)),
    )
    before = copy.deepcopy(mean)
    learner[1].running_mean += 2
    follow_weights(mean, learner, 8)
    for was, now, other in zip(before.parameters(), mean.parameters(), learner.parameters(), strict=True):
        assert torch.equal(now, torch.lerp(was, other, 0.5))
    assert torch.equal(mean[1].running_mean, learner[1].running_mean)
