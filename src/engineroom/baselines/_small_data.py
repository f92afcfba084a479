"""Few rows: no one classical learner is best on all small tables, so a handful are tried on folds of the training rows
and the best stands as the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np

SMALL = 2_000  # rows up to which the choice is worth its time
FOLDS = 5
GENTLE: dict[str, Any] = {"learning_rate": 0.05, "max_iter": 80, "max_leaf_nodes": 7, "min_samples_leaf": 10}
TREES = 1_000  # in all, where there are many classes
# columns from which trees look at a random few at each split: boosting takes minutes there, and its gain is not seen
WIDE = 1_000
STRENGTHS = (0.03, 0.3)
ALPHAS = (1.0, 30.0)


def best_of(
    x: np.ndarray, y: np.ndarray, *, categorical: list[bool], kind: str, seed: int
) -> tuple[str, dict[str, Any], Any]:
    """(words, how its features are spread or {}, the unfitted estimator): what does best on folds of the training rows
    x (N, F), y (N,)."""
    how = spreading(x, categorical)
    if x.shape[1] >= WIDE:
        tries = wide_candidates(kind, seed)
    else:
        tries = candidates(kind, categorical, seed, len(np.unique(y)) if kind == "classes" else 1)
    wide = spread(x, how)
    losses = [fold_loss(estimator, wide if linear else x, y, kind, seed) for _, linear, estimator in tries]
    nothing = fold_loss(constant(kind), np.zeros((len(x), 1)), y, kind, seed)
    if min(losses) > nothing:  # what is left is to be held more tightly
        tries += tight_candidates(kind, seed)
        losses += [
            fold_loss(estimator, wide if linear else x, y, kind, seed) for _, linear, estimator in tries[len(losses) :]
        ]
    words, linear, estimator = tries[int(np.argmin(losses))]
    return (
        words + ("; no better than the constant on folds" if min(losses) > nothing else ""),
        how if linear else {},
        estimator,
    )


def constant(kind: str) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if kind == "number" else DummyClassifier(strategy="prior")


def tight_candidates(kind: str, seed: int) -> list[tuple[str, bool, Any]]:
    """Learners that cannot go far from the constant."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    trees = ExtraTreesRegressor if kind == "number" else ExtraTreesClassifier
    out: list[tuple[str, bool, Any]] = [
        ("extremely randomised trees", False, trees(100, min_samples_leaf=5, random_state=seed))
    ]
    return [
        *out,
        ("ridge regression (α=1000)", True, Ridge(alpha=1000.0))
        if kind == "number"
        else ("logistic regression (C=0.001)", True, LogisticRegression(C=0.001, max_iter=500)),
    ]


def candidates(kind: str, categorical: list[bool], seed: int, classes: int) -> list[tuple[str, bool, Any]]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    known: dict[str, Any] = {"random_state": seed, "early_stopping": False} | (
        {"categorical_features": categorical} if any(categorical) else {}
    )
    trees = HistGradientBoostingRegressor if kind == "number" else HistGradientBoostingClassifier
    rounds = max(20, TREES // classes)  # one tree a class and round
    gentle = {**GENTLE, "max_iter": min(GENTLE["max_iter"], rounds)}
    out = [
        ("gradient-boosted trees", False, trees(**known, max_iter=min(100, rounds))),
        ("small gradient-boosted trees", False, trees(**known, **gentle)),
    ]
    if kind == "number":
        return out + [(f"ridge regression (α={a:g})", True, Ridge(alpha=a)) for a in ALPHAS]
    return out + [(f"logistic regression (C={c:g})", True, LogisticRegression(C=c, max_iter=500)) for c in STRENGTHS]


def wide_candidates(kind: str, seed: int) -> list[tuple[str, bool, Any]]:
    """Very many columns: forests whose splits see few columns, and linear models held tightly."""
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, Ridge

    number = kind == "number"
    forest, extra = (
        (RandomForestRegressor, ExtraTreesRegressor) if number else (RandomForestClassifier, ExtraTreesClassifier)
    )
    settings: dict[str, Any] = {"n_estimators": 200, "max_features": "sqrt", "random_state": seed}
    out: list[tuple[str, bool, Any]] = [
        ("random forest", False, forest(**settings)),
        ("extremely randomised trees", False, extra(**settings)),
    ]
    if number:
        return [*out, *((f"ridge regression (α={a:g})", True, Ridge(alpha=a)) for a in (100.0, 1_000.0, 10_000.0))]
    return [
        *out,
        *(
            (f"logistic regression (C={c:g})", True, LogisticRegression(C=c, max_iter=200))
            for c in (0.0003, 0.003, 0.03)
        ),
    ]


def fold_loss(estimator: Any, x: np.ndarray, y: np.ndarray, kind: str, seed: int) -> float:
    """Mean log loss, or mean squared error, on folds that the estimator did not see."""
    from sklearn.base import clone
    from sklearn.model_selection import KFold, StratifiedKFold

    rare = kind == "classes" and np.bincount(y)[np.unique(y)].min() < FOLDS
    folds = (KFold if kind == "number" or rare else StratifiedKFold)(FOLDS, shuffle=True, random_state=seed)
    total = 0.0
    for learn, judge in folds.split(x, y):
        if kind == "classes" and (y[learn] == y[learn[0]]).all():  # nothing to tell apart: it can only say this class
            total -= float(np.log(np.where(y[judge] == y[learn[0]], 1.0, 1e-4)).sum())
            continue
        fitted = clone(estimator).fit(fillable(x[learn]), y[learn])
        if kind == "number":
            total += float(((fitted.predict(x[judge]) - y[judge]) ** 2).sum())
            continue
        p = np.full((len(judge), int(y.max()) + 1), 1e-4)
        p[:, fitted.classes_] = np.maximum(1e-4, fitted.predict_proba(x[judge]))
        total -= float(np.log(p[np.arange(len(judge)), y[judge]]).sum())
    return total / len(y)


def fillable(x: np.ndarray) -> np.ndarray:
    """(N, F) without columns that are empty throughout, which scikit-learn's histograms refuse: a constant teaches as
    little."""
    empty = np.isnan(x).all(0)
    return np.where(empty, 0.0, x) if empty.any() else x


def spreading(x: np.ndarray, categorical: list[bool]) -> dict[str, Any]:
    """What `spread` must know of the training rows (N, F): a level count a category, mean and deviation a number."""
    columns: list[dict[str, float]] = []
    for values, is_category in zip(x.T, categorical, strict=True):
        known = values[np.isfinite(values)]
        if is_category:
            columns.append({"levels": int(known.max(initial=-1)) + 1})
        else:
            missing = float(len(known) < len(values))
            deviation = float(known.std()) or 1.0 if len(known) else 1.0
            columns.append(
                {"mean": float(known.mean()) if len(known) else 0.0, "deviation": deviation, "missing": missing}
            )
    return {"columns": columns}


def spread(x: np.ndarray, how: dict[str, Any]) -> np.ndarray:
    """(N, F) with NaN → (N, G) for linear models: categories as flags, numbers in their own spread, and a flag for
    those that were missing in training."""
    parts: list[np.ndarray] = [np.zeros((len(x), 0))]
    for values, column in zip(x.T, how["columns"], strict=True):
        if "levels" in column:
            parts.append(values[:, None] == np.arange(column["levels"]))
        else:
            scaled = np.nan_to_num((values - column["mean"]) / column["deviation"])
            parts.append(np.stack([scaled, np.isnan(values)], 1) if column["missing"] else scaled[:, None])
    return np.concatenate(parts, 1).astype(np.float64)
