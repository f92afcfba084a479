"""Confusion matrix, scores by class and reliability diagram: by hand, with new classes, with ties, without rows."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.rendering.classification import confusion, per_class, reliability

RECORDS = {"truth": np.array([0, 0, 1, 1, 2, -1, 4]), "said": np.array([0, 1, 1, 1, 0, 1, 2])}
NONE = {name: np.zeros(0, int) for name in RECORDS}
NAMES = ["a", "b", "c"]


def test_confusion_by_hand() -> None:
    found = confusion(RECORDS, NAMES)[0].data
    assert found["values"] == [[1, 1, 0], [0, 2, 0], [1, 0, 0], [0, 0, 1]] and found["rows"] == [
        "a",
        "b",
        "c",
        "(not in training)",
    ]
    assert confusion(NONE, NAMES)[0].data["values"] == [[0, 0, 0]] * 3


def test_scores_by_class_by_hand() -> None:
    rows = {row[0]: row[1:] for row in per_class(RECORDS, NAMES).data["rows"]}
    assert rows == {"a": [2, 0.5, 0.5, 0.5], "b": [2, 0.5, 1.0, round(2 / 3, 3)], "c": [1, 0.0, 0.0, 0.0]}
    assert [row[0] for row in per_class(RECORDS, NAMES).data["rows"]] == ["c", "a", "b"], "the weakest first"
    assert [row[1:] for row in per_class(NONE, NAMES).data["rows"]] == [[0, 0.0, 0.0, 0.0]] * 3


def test_reliability_is_read_from_what_came_true_and_ties_stay_together() -> None:
    stated = np.repeat([0.2, 0.9], 50)
    found = reliability("deep", stated, np.concatenate([np.arange(50) < 10, np.arange(50) < 45]))
    assert found["x"] == pytest.approx([0.2, 0.9]) and found["y"] == pytest.approx([0.2, 0.9])
    assert reliability("deep", np.array([1 + 1e-7, 0.5]), np.array([True, True]))["y"] == [1.0, 1.0], (
        "rounding is forgiven"
    )
    assert reliability("deep", np.zeros(0), np.zeros(0, bool)) == {"name": "deep", "x": [], "y": []}
    rng = np.random.default_rng(0)
    honest = rng.random(20_000)
    found = reliability("deep", honest, rng.random(20_000) < honest)
    assert len(found["x"]) == 10 and np.allclose(found["x"], found["y"], atol=0.04)
