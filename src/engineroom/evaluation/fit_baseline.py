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



def face(
    frame: pl.DataFrame,
    schema: Schema,
    splits: dict[str, np.ndarray],
    truths: dict[str, np.ndarray],
    task,
    *,
    seed: int,
) -> FittedBaselines:
    """Both of them. `truths` holds the target of each split; rows without a known class are no use to learn from."""
    classes = task.output_size(schema.target) if task.output_type != "number" else 0
    train, val = (
        usable(splits[name], truths[name], classes if task.output_type == "classes" else 0) for name in ("train", "val")
    )
    results: list[EvaluationResult] = []
    found: dict[str, Any] = {}
    for name, estimator in (
        ("baseline", choose(schema, task.baseline)[1]),
        ("dummy", registry.get("baselines", task.dummy)),
    ):
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a linear model cut short is still graded as it is
            how = {"schema": schema, "kind": task.output_type, "classes": classes, "seed": seed}
            fitted = estimator.fit(frame[train[0]], train[1], val=(frame[val[0]], val[1]), **how)
            judge, unseen = fitted, val
            if (
                name == "baseline" and np.array_equal(train[0], val[0]) and len(val[0]) >= 2 * HELD
            ):  # every row teaches: who calibrates must not know it
                rest, unseen = held_out(train, seed)
                judge = estimator.fit(frame[rest[0]], rest[1], val=(frame[unseen[0]], unseen[1]), **how)
        seconds = time.perf_counter() - begun
        said = (task, judge, frame[unseen[0]], unseen[1])
        if name == "baseline":
            held_out_predictions = task.from_baseline(judge.predict(said[2]))
            calibration = task.fit_calibration(held_out_predictions, said[3])
        else:
            calibration = interval_only(*said)
        begun = time.perf_counter()
        answers = task.apply_calibration(task.from_baseline(fitted.predict(frame[splits["test"]])), calibration)
        rate = len(splits["test"]) / max(1e-6, time.perf_counter() - begun)
        data: bytes = fitted.dump()
        results.append(
            examine(
                name,
                fitted.words,
                answers,
                truths["test"],
                task,
                seed=seed,
                seconds=seconds,
                rate=rate,
                megabytes=len(data) / 1e6,
                calibration=calibration,
            )
        )
        if name == "baseline":
            taught = judge is fitted and np.array_equal(train[0], val[0])
            found = {
                "dump": data,
                "predictions": answers,
                "held_out_rows": np.zeros(0, int) if taught else unseen[0],
                "held_out": task.apply_calibration(held_out_predictions, calibration),
            }
    return FittedBaselines(results[0], results[1], **found)


def held_out(
    rows: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """((rows, truth) without every HELD-th by chance, those)."""
    order = numpy_generator(seed, "held").permutation(len(rows[0]))
    out = np.zeros(len(order), bool)
    out[order[::HELD]] = True
    return (rows[0][~out], rows[1][~out]), (rows[0][out], rows[1][out])


def interval_only(task, fitted: Any, frame: pl.DataFrame, truth: np.ndarray) -> dict[str, float]:
    """The dummy predictor's probabilities are right as they are; its intervals must be widened like everybody's."""
    return (
        task.fit_calibration(task.from_baseline(fitted.predict(frame)), truth) if task.output_type == "number" else {}
    )


def usable(rows: np.ndarray, truth: np.ndarray, classes: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows with something to learn from: a number that is one, a class seen in training; every row of other kinds."""
    known = np.ones(len(rows), bool)
    if truth.ndim == 1 and truth.dtype != object:
        known = np.isfinite(truth) if truth.dtype.kind == "f" else (truth >= 0) & ((truth < classes) | (classes == 0))
    return rows[known], truth[known]
