"""The classical baseline and the dummy predictor: trained on the same rows, calibrated and graded by the same code."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..baselines._select import choose
from ..core import registry
from ..core.batch import Predictions
from ..core.schema import Schema
from ..core.seeds import numpy_generator
from .evaluate import EvaluationResult, examine

HELD = 5  # one in so many rows


@dataclass(frozen=True)
class FittedBaselines:
    """The classical baseline and the dummy on the test rows; the baseline's calibrated predictions for them and for
    rows that it did not learn from."""

    baseline: EvaluationResult
    dummy: EvaluationResult
    dump: bytes  # the baseline, for the bundle
    predictions: Predictions  # for the test rows
    held_out_rows: np.ndarray  # (V,) of the table; none where every row taught it
    held_out: Predictions


def fit_baselines(
    frame: pl.DataFrame,
    schema: Schema,
    splits: dict[str, np.ndarray],
    targets: dict[str, np.ndarray],
    task,
    *,
    seed: int,
) -> FittedBaselines:
    """Both of them. `targets` holds the target of each split; rows without a known class are no use to learn from."""
    classes = task.output_size(schema.target) if task.output_type != "number" else 0
    train, val = (
        usable(splits[name], targets[name], classes if task.output_type == "classes" else 0)
        for name in ("train", "val")
    )
    estimators = {"baseline": choose(schema, task.baseline)[1], "dummy": registry.get("baselines", task.dummy)}
    found: dict[str, Any] = {}
    for name, estimator in estimators.items():
        begun = time.perf_counter()
        fitted, for_calibration, unseen = fit_estimator(
            name, estimator, frame, train, val, schema=schema, kind=task.output_type, classes=classes, seed=seed
        )
        seconds = time.perf_counter() - begun
        held_out_predictions = task.from_baseline(for_calibration.predict(frame[unseen[0]]))
        # the dummy's probabilities are right as they are; its intervals must be widened like everybody's
        calibrated = name == "baseline" or task.output_type == "number"
        calibration = task.fit_calibration(held_out_predictions, unseen[1]) if calibrated else {}
        begun = time.perf_counter()
        predictions = task.apply_calibration(task.from_baseline(fitted.predict(frame[splits["test"]])), calibration)
        rate = len(splits["test"]) / max(1e-6, time.perf_counter() - begun)
        dump = fitted.dump()
        costs = {"seconds": seconds, "rate": rate, "megabytes": len(dump) / 1e6, "calibration": calibration}
        found[name] = examine(name, fitted.words, predictions, targets["test"], task, seed=seed, **costs)
        if name == "baseline":
            taught = for_calibration is fitted and np.array_equal(train[0], val[0])
            found |= {
                "dump": dump,
                "predictions": predictions,
                "held_out_rows": unseen[0][:0] if taught else unseen[0],
                "held_out": task.apply_calibration(held_out_predictions, calibration),
            }
    return FittedBaselines(**found)


def fit_estimator(
    name: str,
    estimator: Any,
    frame: pl.DataFrame,
    train: tuple[np.ndarray, np.ndarray],
    val: tuple[np.ndarray, np.ndarray],
    **params: Any,
) -> tuple[Any, Any, tuple[np.ndarray, np.ndarray]]:
    """(the fitted estimator, the one to calibrate with, (rows, targets) that the latter has not seen)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a linear model cut short is still graded as it is
        fitted = estimator.fit(frame[train[0]], train[1], val=(frame[val[0]], val[1]), **params)
        if name != "baseline" or not np.array_equal(train[0], val[0]) or len(val[0]) < 2 * HELD:
            return fitted, fitted, val
        # every row is learned from: a second fit, which has not seen some of them, is for the calibration
        rest, unseen = held_out(train, params["seed"])
        second = estimator.fit(frame[rest[0]], rest[1], val=(frame[unseen[0]], unseen[1]), **params)
    return fitted, second, unseen


def held_out(
    rows: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """((rows, targets) without every HELD-th by chance, those)."""
    order = numpy_generator(seed, "held").permutation(len(rows[0]))
    out = np.zeros(len(order), bool)
    out[order[::HELD]] = True
    return (rows[0][~out], rows[1][~out]), (rows[0][out], rows[1][out])


def usable(rows: np.ndarray, targets: np.ndarray, classes: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows with something to learn from: a number that is one, a class seen in training; every row of other kinds."""
    known = np.ones(len(rows), bool)
    if targets.ndim == 1 and targets.dtype != object:
        known = (
            np.isfinite(targets)
            if targets.dtype.kind == "f"
            else (targets >= 0) & ((targets < classes) | (classes == 0))
        )
    return rows[known], targets[known]
