"""Ranks and recall by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics.retrieval import back, ranks, scores

EYE = np.eye(4)


def test_right_at_once_and_last_of_all() -> None:
    truth = np.array([5, 6, 7, 8])
    assert ranks(EYE, EYE, truth).tolist() == [0, 0, 0, 0]
    found = scores(ranks(EYE, EYE, truth), back(EYE, EYE, truth))
    assert found["mrr"] == found["recall_at_1"] == found["back_at_1"] == 1
    assert ranks(EYE, EYE[::-1], truth).tolist() == [3, 3, 3, 3]  # ties count against it


def test_a_thing_with_many_words_stands_once_among_those_to_find() -> None:
    truth = np.array([1, 1, 2])
    asked = np.array([[1.0, 0], [0.6, 0.8], [0, 1]])
    found = np.array([[1.0, 0], [1, 0], [0, 1]])
    assert ranks(asked, found, truth).tolist() == [0, 1, 0]
    assert back(asked, found, truth).tolist() == [True, True, True]
    assert scores(ranks(asked, found, truth), back(asked, found, truth))["mrr"] == pytest.approx((1 + 0.5 + 1) / 3)


def test_nothing_to_score() -> None:
    assert all(np.isnan(v) for v in scores(np.zeros(0), np.zeros(0)).values())
