"""A baseline forged out of trusted types alone: no tree reads outside its arrays, goes round in circles, or answers
another question."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from engineroom.baselines._estimator import FittedBaseline, load
from engineroom.core import registry
from engineroom.core.errors import BundleError
from engineroom.core.schema import Column, Schema

NUMBER = {"mean": 0.0, "std": 1.0, "edges": [0.0, 1.0]}
SCHEMA = Schema(
    (
        Column("c", "category", "input", {"values": ["a", "b", "c"]}),
        Column("x", "number", "input", NUMBER),
        Column("y", "category", "target"),
    )
)
FRAME = pl.DataFrame({"c": ["a", "b", "c", "b"] * 30, "x": np.arange(120.0) % 7})
X = np.stack([np.arange(120.0) % 4, np.arange(120.0) % 7], 1)
Y = (X[:, 0] % 2 + (X[:, 1] > 3)).astype(int)
BOOSTED = registry.get("baselines", "gradient_boosting").fit(
    FRAME, Y, schema=SCHEMA, kind="classes", classes=3, val=(FRAME, Y), seed=0
)


def around(estimator: Any) -> FittedBaseline:
    return FittedBaseline(
        "gradient_boosting", "a stranger's", "classes", 3, SCHEMA, {"constant": []}, {"estimator": estimator}
    )


def forest() -> FittedBaseline:
    return around(ExtraTreesClassifier(5, random_state=0).fit(X, Y))


def boosted() -> FittedBaseline:
    return copy.deepcopy(BOOSTED)


def refused(baseline: FittedBaseline) -> None:
    with pytest.raises(BundleError, match="baseline is damaged") as caught:
        load(baseline.dump())
    assert len(str(caught.value).splitlines()) <= 3


def test_good_ones_are_read() -> None:
    labels = around(MultiOutputClassifier(ExtraTreesClassifier(3)).fit(X, np.stack([Y > 0, Y > 1], 1)))
    for baseline in (
        forest(),
        boosted(),
        labels,
        around(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)),
    ):
        load(baseline.dump())
    assert (load(BOOSTED.dump()).predict(FRAME) == BOOSTED.predict(FRAME)).all()


def set_child(side: str, value: int) -> Callable[[FittedBaseline], None]:
    def change(baseline: FittedBaseline) -> None:
        getattr(baseline.parts["estimator"].estimators_[2].tree_, side)[0] = value

    return change


def set_width(baseline: FittedBaseline) -> None:
    """Every tree and the forest say that they read one feature, and read two."""
    baseline.parts["estimator"].n_features_in_ = 1
    for one in baseline.parts["estimator"].estimators_:
        one.n_features_in_ = one.tree_.n_features = 1


def set_nodes(baseline: FittedBaseline) -> None:
    baseline.parts["estimator"].estimators_[0].tree_.n_features = 10**6
    baseline.parts["estimator"].estimators_[0].tree_.feature[0] = 10**5


FORGED_FOREST = {
    "far": set_child("children_left", 10**9),
    "below": set_child("children_right", -5),
    "round": set_child("children_left", 0),
    "feature": set_child("feature", 2),
    "no feature": set_child("feature", -3),
    "width": set_width,
    "features": set_nodes,
    "silent": lambda baseline: delattr(baseline.parts["estimator"], "n_features_in_"),
    "strangers": lambda baseline: baseline.parts["estimator"].estimators_.append(LogisticRegression().fit(X, Y)),
    "crowd": lambda baseline: setattr(baseline.parts["estimator"], "n_jobs", 5000),
}


@pytest.mark.parametrize("forge", FORGED_FOREST.values(), ids=FORGED_FOREST)
def test_forged_forests_are_refused(forge: Callable[[FittedBaseline], None]) -> None:
    baseline = forest()
    forge(baseline)
    refused(baseline)
    nested = around(make_pipeline(StandardScaler(), MultiOutputClassifier(ExtraTreesClassifier(2)).fit(X, Y[:, None])))
    nested.parts["estimator"][-1].estimators_[0] = baseline.parts["estimator"]
    refused(nested)


def set_node(field: str, value: float) -> Callable[[FittedBaseline], None]:
    def change(baseline: FittedBaseline) -> None:
        predictor = baseline.parts["estimator"]._predictors[3][0]
        predictor.nodes = predictor.nodes.copy()
        where = np.flatnonzero(
            (predictor.nodes["is_leaf"] == 0) & ((predictor.nodes["is_categorical"] == 1) | (field != "bitset_idx"))
        )[0]
        predictor.nodes[field][where] = value

    return change


def set_predictor(**changed: Any) -> Callable[[FittedBaseline], None]:
    return lambda baseline: vars(baseline.parts["estimator"]._predictors[3][0]).update(changed)


def set_estimator(**changed: Any) -> Callable[[FittedBaseline], None]:
    return lambda baseline: vars(baseline.parts["estimator"]).update(changed)


def set_numbers_to_categories(baseline: FittedBaseline) -> None:
    baseline.parts["estimator"]._bin_mapper.is_categorical_ = np.zeros(2, np.uint8)


FORGED_BOOSTING = {
    "far": set_node("left", 4 * 10**9),
    "round": set_node("right", 0),
    "feature": set_node("feature_idx", 2),
    "no feature": set_node("feature_idx", -1),
    "categories": set_node("bitset_idx", 10**6),
    "no categories": set_predictor(raw_left_cat_bitsets=np.zeros((0, 8), np.uint32)),
    "narrow categories": set_predictor(raw_left_cat_bitsets=np.zeros((9, 1), np.uint32)),
    "unknown categories": set_numbers_to_categories,
    "no nodes": lambda baseline: set_predictor(nodes=baseline.parts["estimator"]._predictors[3][0].nodes[:0])(baseline),
    "cut nodes": lambda baseline: set_predictor(nodes=baseline.parts["estimator"]._predictors[3][0].nodes[:1])(
        baseline
    ),
    "width": lambda baseline: set_estimator(n_features_in_=1, _preprocessor=None)(baseline),
    "classes": set_estimator(n_trees_per_iteration_=10**12),
    "in fit": set_estimator(_in_fit=True),
    "endless": set_estimator(n_features_in_=10**15),
}


@pytest.mark.parametrize("forge", FORGED_BOOSTING.values(), ids=FORGED_BOOSTING)
def test_forged_boosting_is_refused(forge: Callable[[FittedBaseline], None]) -> None:
    baseline = boosted()
    forge(baseline)
    refused(baseline)


@pytest.mark.parametrize(
    "forge",
    [
        FORGED_FOREST["far"],
        FORGED_FOREST["width"],
        lambda baseline: setattr(baseline.parts["estimator"], "_max_features", 1),
    ],
)
def test_forged_isolation_forests_are_refused(forge: Callable[[FittedBaseline], None]) -> None:
    baseline = around(IsolationForest(n_estimators=5, random_state=0).fit(X))
    assert load(baseline.dump()).parts["estimator"].score_samples(X).shape == (120,)
    forge(baseline)
    refused(baseline)


@pytest.mark.parametrize(
    "estimator",
    [
        SVC(),
        KNeighborsClassifier(algorithm="kd_tree"),
        GradientBoostingClassifier(n_estimators=2),
        AdaBoostClassifier(n_estimators=2),
    ],
    ids=lambda one: type(one).__name__,
)
def test_estimators_that_no_baseline_is_made_of_are_refused(estimator: Any) -> None:
    refused(around(estimator.fit(X, Y)))


def test_a_tree_outside_its_estimator_is_refused() -> None:
    refused(around(make_pipeline(StandardScaler(), forest().parts["estimator"].estimators_[0].tree_)))
    refused(around(LogisticRegression().set_params(C=BOOSTED.parts["estimator"]._predictors[0][0])))


@pytest.mark.parametrize(
    "change",
    [
        {"coef_": np.zeros((3, 9))},
        {"classes_": np.array([0, 1, 77])},
        {"n_features_in_": 5},
        {"intercept_": np.zeros(7)},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_together_give_one_error(change: dict[str, Any]) -> None:
    baseline = around(LogisticRegression().fit(X, Y))
    vars(baseline.parts["estimator"]).update(change)
    with pytest.raises(BundleError, match="cannot answer"):
        load(baseline.dump()).predict(FRAME)
