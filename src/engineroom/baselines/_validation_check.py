"""A baseline is looked at on validation rows before it stands as an opponent: one that diverged, or is worse than the
constant, is replaced.

Boosted trees diverge where a class has one or two rows (raw scores of 80,000). Whatever is replaced is said in the
baseline's words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

LEAST_ROWS = 20  # validation rows
RARE = 5  # training rows of a class below which boosted trees may diverge
FLOOR = 1e-3  # least probability in the log loss that compares: a wrong answer costs at most 7 nats
KINDS = ("classes", "number")


def check_baseline(
    fitted: Any, features: Any, frame: pl.DataFrame, y: np.ndarray, val: tuple[pl.DataFrame, np.ndarray], seed: int
) -> None:
    """Replace the estimator of `fitted` where it is worse than the constant on the validation rows, or where rare
    classes may have made it diverge and another does better; `features(frame)` are what it reads."""
    from sklearn.base import is_classifier, is_regressor

    estimator = fitted.parts.get("estimator")
    if (
        fitted.kind not in KINDS
        or not (is_classifier(estimator) or is_regressor(estimator))
        or len(val[1]) < LEAST_ROWS
    ):
        return
    if len(y) == len(val[1]) and np.array_equal(y, val[1]):  # every row teaches: folds have chosen
        return
    nothing, found = constant_loss(y, val[1], fitted), loss_of(fitted, val)
    rare = fitted.kind == "classes" and np.bincount(y)[np.unique(y)].min() < RARE
    worse = is_worse(found, nothing)
    if not worse and not (rare and is_boosted(fitted.parts["estimator"])):
        return
    first, words = fitted.parts["estimator"], fitted.words
    tried = [(found, words, first)]
    x = features(frame)
    for name, make, rows in replacements(first, x, y, fitted.kind, seed):
        fitted.parts["estimator"] = make.fit(x[rows], y[rows])
        tried.append((loss_of(fitted, val), name, make))
    best = min(tried, key=lambda one: one[0])
    fitted.parts["estimator"] = best[2]
    if best[2] is not first:
        why = (
            f"worse than the constant on validation rows ({shown(found, fitted.kind)} against "
            f"{shown(nothing, fitted.kind)})"
            if worse
            else "worse on validation rows"
        )
        fitted.words = f"{best[1]} (instead of {words}: {why})"
    if is_worse(best[0], nothing):
        fitted.words += "; no better than the constant on validation rows"


def replacements(first: Any, x: Any, y: np.ndarray, kind: str, seed: int) -> list[tuple[str, Any, np.ndarray]]:
    """(words, unfitted estimator, rows to learn from): other learners, more strongly regularised, and the same one
    without its rarest classes."""
    from scipy.sparse import issparse
    from sklearn.base import clone
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    every = np.arange(len(y))
    leaf = max(2, len(y) // 2_000)
    if issparse(x):
        if kind == "number":
            return [("ridge regression (α=30)", Ridge(alpha=30.0), every)]
        return [("logistic regression (C=0.1)", LogisticRegression(C=0.1, max_iter=200), every)]
    if kind == "number":
        return [
            ("extremely randomised trees", ExtraTreesRegressor(100, min_samples_leaf=leaf, random_state=seed), every)
        ]
    out = [("extremely randomised trees", ExtraTreesClassifier(100, min_samples_leaf=leaf, random_state=seed), every)]
    counts = np.bincount(y)
    common = np.flatnonzero(counts[y] >= RARE)
    if len(common) < len(y) and len(np.unique(y[common])) > 1:
        left = int((counts[np.unique(y)] < RARE).sum())
        out.append(
            (
                f"{'gradient-boosted trees' if is_boosted(first) else 'the same learner'} without {left} classes of "
                f"fewer than {RARE} rows",
                clone(first),
                common,
            )
        )
    return out


def is_boosted(estimator: Any) -> bool:
    return type(estimator).__name__.startswith("HistGradientBoosting")


def loss_of(fitted: Any, val: tuple[pl.DataFrame, np.ndarray]) -> tuple[float, float]:
    """(log loss with a floor, share of wrong answers) of classes, (mean squared error, the same) of numbers."""
    said = fitted.predict(val[0])
    if fitted.kind == "number":
        error = float(((said - val[1]) ** 2).mean())
        return (error, error) if np.isfinite(error) else (np.inf, np.inf)
    own = np.clip(said[np.arange(len(said)), val[1]], FLOOR, 1)
    return float(-np.log(own).mean()), float((said.argmax(1) != val[1]).mean())


def constant_loss(y: np.ndarray, truth: np.ndarray, fitted: Any) -> tuple[float, float]:
    """The same of an answer that is always the training mean, or the training shares."""
    if fitted.kind == "number":
        error = float(((y.mean() - truth) ** 2).mean())
        return error, error
    shares = np.bincount(y, minlength=fitted.classes) / len(y)
    return float(-np.log(np.clip(shares[truth], FLOOR, 1)).mean()), float((truth != shares.argmax()).mean())


def is_worse(found: tuple[float, float], nothing: tuple[float, float]) -> bool:
    """By both measures: probabilities that are too sure are calibrated later, and rare classes leave the share of wrong
    answers as it is."""
    return found[0] > nothing[0] and found[1] >= nothing[1]


def shown(loss: tuple[float, float], kind: str) -> str:
    return f"accuracy {1 - loss[1]:.3f}" if kind == "classes" else f"rmse {loss[0] ** 0.5:.4g}"
