"""Distances between made and real: known answers of normal distributions, and what copying looks like."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics.generation import frechet, precision_recall, scores

RNG = np.random.default_rng(0)


def test_frechet_of_normal_distributions_is_known() -> None:
    """|μ₁ − μ₂|² + Σ (σ₁ − σ₂)² where the axes are independent."""
    a = RNG.normal(0, 1, (40_000, 3))
    b = RNG.normal(0, 1, (40_000, 3)) * [1, 2, 1] + [0.5, 0, 0]
    assert frechet(a, b) == pytest.approx(0.25 + 1.0, rel=0.05)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-6)


def test_precision_falls_for_strangers_and_recall_for_sameness() -> None:
    real = RNG.normal(size=(300, 4))
    assert precision_recall(real, RNG.normal(size=(300, 4)))[0] > 0.8
    assert precision_recall(real, RNG.normal(size=(300, 4)) + 9) == (0.0, 0.0)
    precision, recall = precision_recall(real, 0.05 * RNG.normal(size=(300, 4)))
    assert precision > 0.9 and recall < 0.3, "always the same one is like real ones, but few real ones are like it"


def test_copies_are_counted() -> None:
    real = np.concatenate([RNG.normal(size=(200, 4)), RNG.integers(0, 3, (200, 1)), RNG.uniform(5, 9, (200, 1))], 1)
    made = real.copy()
    made[:50, -1] = 0.1
    made[:20, -2] += 1
    found = scores({"truth": real, "made": made})
    assert found["copied"] == pytest.approx(0.25, abs=0.02) and found["frechet"] == pytest.approx(0, abs=1e-6)
    assert found["as_asked"] == pytest.approx(0.9)
    assert "as_asked" not in scores({"truth": real * [1, 1, 1, 1, np.nan, 1], "made": made}), "nothing to tell apart"


def test_too_few_to_say() -> None:
    one = np.ones((1, 3))
    assert np.isnan(frechet(one, one)) and np.isnan(precision_recall(one, one)[0])
