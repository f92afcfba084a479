"""Average precision after COCO's rules: cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.metrics import detection as metrics
from engineroom.modalities._boxes import overlaps, suppressed

A, B = [0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9]


def said(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 6)


def true(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 5)


def test_overlap_by_hand() -> None:
    assert overlaps(np.array([A]), np.array([[0.1, 0.0, 0.3, 0.2], B, A]))[0] == pytest.approx([1 / 3, 0, 1])


def test_perfect_answers_and_none() -> None:
    rows = [metrics.match(said([*A, 0.9, 0], [*B, 0.8, 1]), true([*A, 0], [*B, 1]))]
    scores = metrics.scores(rows, np.array([[1, 1]]), np.array([0.5]))
    assert scores["map_50"] == scores["map"] == scores["f1"] == 1 and scores["map_gap"] == 0
    nothing = metrics.scores([metrics.match(said(), true([*A, 0]))], np.array([[1, 0]]), np.array([0.5]))
    assert nothing["map_50"] == 0 and nothing["recall"] == 0


def test_a_case_by_hand() -> None:
    """Two true boxes; answers by score: right, wrong, right. Recall 1/2 at precision 1, recall 1 at precision 2/3: 51 recalls of 1, 50 of 2/3."""
    rows = [metrics.match(said([*A, 0.9, 0], [0.3, 0, 0.4, 0.1, 0.8, 0], [*B, 0.7, 0]), true([*A, 0], [*B, 0]))]
    assert rows[0][:, 2].tolist() == [1, 0, 1]
    found = metrics.average_precision(rows, np.array([2, 0]))
    assert found[0, 0] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101) and np.isnan(found[1]).all()
    given = metrics.scores(rows, np.array([[2, 0]]), np.array([0.75]))
    assert given["precision"] == 0.5 and given["recall"] == 0.5


def test_overlap_decides_at_each_threshold() -> None:
    """IoU 0.72: right at 0.5 … 0.7, wrong from 0.75 on."""
    rows = [metrics.match(said([0.5, 0.5, 0.9, 0.788, 0.9, 0]), true([*B, 0]))]
    assert rows[0][0, 2:].tolist() == [1] * 5 + [0] * 5
    assert metrics.scores(rows, np.array([[1]]), np.array([0.0]))["map"] == pytest.approx(0.5)


def test_a_true_box_is_found_once_and_by_its_own_class() -> None:
    rows = metrics.match(said([*A, 0.9, 0], [*A, 0.8, 0], [*A, 0.95, 1]), true([*A, 0]))
    assert rows[:, :3].tolist() == [[0.95, 1, 0], [0.9, 0, 1], [0.8, 0, 0]]


def test_scores_are_taken_over_all_rows_together() -> None:
    """A wrong answer in one row, surer than the right one of another, costs precision there."""
    rows = [metrics.match(said([*A, 0.6, 0]), true([*A, 0])), metrics.match(said([*A, 0.9, 0]), true())]
    assert metrics.average_precision(rows, np.array([1]))[0, 0] == pytest.approx(0.5)


def test_what_is_said_twice_is_kept_once() -> None:
    near = [0.0, 0.0, 0.21, 0.2]
    kept = suppressed(said([*A, 0.5, 0], [*near, 0.9, 0], [*A, 0.7, 1], [*B, 0.6, 0]), most=0.5)
    assert kept[:, 4].tolist() == [0.9, 0.7, 0.6]
    assert len(suppressed(said([*A, 0.5, 0], [*near, 0.9, 0]), most=0.99)) == 2
