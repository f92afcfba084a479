"""Our scores are scikit-learn's, on any input."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.metrics import classification, multilabel, regression
from engineroom.metrics.bootstrap import intervals, paired_difference


@st.composite
def answers(draw):
    n, C, seed = draw(st.integers(6, 60)), draw(st.integers(2, 5)), draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    p = rng.random((n, C)).round(draw(st.integers(1, 6))) + 1e-3
    return np.concatenate([np.arange(C), rng.integers(0, C, n - C)]) if n > C else np.arange(C)[:n], p / p.sum(
        1, keepdims=True
    )


@settings(max_examples=60, deadline=None)
@given(answers())
def test_classification_agrees_with_scikit_learn(pair) -> None:
    y, p = pair
    said, C = p.argmax(1), p.shape[1]
    ours = classification.scores(y, p)
    expected = {
        "accuracy": sk.accuracy_score(y, said),
        "f1_macro": sk.f1_score(y, said, average="macro"),
        "balanced_accuracy": sk.balanced_accuracy_score(y, said),
        "log_loss": sk.log_loss(y, p, labels=range(C)),
    }
    if C == 2:
        expected |= {
            "roc_auc": sk.roc_auc_score(y, p[:, 1]),
            "average_precision": sk.average_precision_score(y, p[:, 1]),
            "f1": sk.f1_score(y, said),
            "brier": sk.brier_score_loss(y, p[:, 1]),
        }
    else:
        expected["roc_auc"] = sk.roc_auc_score(y, p, multi_class="ovr")
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-6), name


def test_a_class_unseen_in_training_counts_as_wrong_in_every_score() -> None:
    from sklearn import metrics as reference

    truth, p = (
        np.array([0, 1, 2, 3, 2, 0]),
        np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1], [0.7, 0.3], [0.4, 0.6], [0.3, 0.7]]),
    )
    scores, said = classification.scores(truth, p), p.argmax(1)
    wide = np.pad(p, ((0, 0), (0, 2)))
    assert scores["accuracy"] == pytest.approx(reference.accuracy_score(truth, said))
    assert scores["f1_macro"] == pytest.approx(reference.f1_score(truth, said, average="macro"))
    assert scores["balanced_accuracy"] == pytest.approx(reference.recall_score(truth, said, average="macro"))
    assert scores["log_loss"] == pytest.approx(reference.log_loss(truth, wide))
    assert scores["f1"] == pytest.approx(reference.f1_score(truth == 1, said == 1))
    assert scores["roc_auc"] == pytest.approx(reference.roc_auc_score(truth == 1, p[:, 1]))
    three = classification.scores(np.array([0, 1, 2, 3]), np.eye(4)[:, :3] * 0.7 + 0.1)
    assert three["roc_auc"] == pytest.approx((1 + 1 + 1 + 0.5) / 4)  # nobody can rank the unknown class
    assert classification.scores(np.array([0, -1]), p[:2])["accuracy"] == 0.5


def test_the_positive_class_is_the_one_that_is_named() -> None:
    from sklearn import metrics as reference

    truth, p = (
        np.array([0, 0, 1, 1, 1, 0]),
        np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3], [0.4, 0.6], [0.8, 0.2]]),
    )
    scores = classification.scores(truth, p, 0)
    assert scores["f1"] == pytest.approx(reference.f1_score(truth, p.argmax(1), pos_label=0))
    assert scores["average_precision"] == pytest.approx(reference.average_precision_score(truth == 0, p[:, 0]))


def test_regression_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    said = y + rng.normal(0, 0.3, 50)
    ours = regression.scores(y, said, said - 0.5, said + 0.5)
    assert ours["rmse"] == pytest.approx(sk.root_mean_squared_error(y, said)) and ours["mae"] == pytest.approx(
        sk.mean_absolute_error(y, said)
    )
    assert ours["r2"] == pytest.approx(sk.r2_score(y, said)) and ours["coverage"] == pytest.approx(
        np.mean(np.abs(y - said) <= 0.5)
    )


def test_label_sets_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 2, (40, 4)), rng.random((40, 4))
    said = (p > 0.5).astype(int)
    ours = multilabel.scores(y, said, p)
    assert ours["f1_micro"] == pytest.approx(sk.f1_score(y, said, average="micro")) and ours[
        "accuracy"
    ] == pytest.approx(sk.accuracy_score(y, said))
    assert ours["average_precision"] == pytest.approx(sk.average_precision_score(y, p))


def test_bootstrap_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        right = (rng.random(150) < 0.8).astype(float)
        low, high = intervals(lambda r: {"accuracy": r["truth"].mean()}, {"truth": right}, n=200, seed=seed)["accuracy"]
        hits += low <= 0.8 <= high
    assert 86 <= hits <= 100


def test_paired_difference_sees_a_small_steady_gain() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(400)
    score = lambda r: {"mean": float(r["truth"].mean())}
    value, low, high, p = paired_difference(score, {"truth": base + 0.01}, {"truth": base}, "mean")
    assert value == pytest.approx(0.01) and low > 0 and p < 0.05 and high < 0.02
