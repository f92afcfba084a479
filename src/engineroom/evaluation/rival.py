"""The classical rival and the trivial predictor: trained on the same rows, calibrated and graded by the same code."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import polars as pl

from ..baselines._choose import choose
from ..core import registry
from ..core.columns import Schema
from .examine import Examination, examine


def face(
    frame: pl.DataFrame, schema: Schema, splits: dict[str, np.ndarray], truths: dict[str, np.ndarray], task, *, seed: int
) -> tuple[Examination, Examination, bytes]:
    """(rival, trivial, the rival as bytes for the bundle). `truths` holds the target of each split; rows without a known class are no use to learn from."""
    classes = task.outputs(schema.target) if task.kind != "number" else 0
    train, val = (usable(splits[name], truths[name]) for name in ("train", "val"))
    results = []
    dump = b""
    for name, baseline in (("rival", choose(schema, task.rival)[1]), ("trivial", registry.get("baselines", task.trivial))):
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a linear model cut short is still graded as it is
            fitted = baseline.fit(
                frame[train[0]], train[1], schema=schema, kind=task.kind, classes=classes, val=(frame[val[0]], val[1]), seed=seed
            )
        seconds = time.perf_counter() - begun
        calibration = (
            task.calibrate(task.plain(fitted.predict(frame[val[0]])), val[1])
            if name == "rival"
            else interval_only(task, fitted, frame[val[0]], val[1])
        )
        begun = time.perf_counter()
        answers = task.calibrated(task.plain(fitted.predict(frame[splits["test"]])), calibration)
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
        dump = dump or data
    return results[0], results[1], dump


def interval_only(task, fitted: Any, frame: pl.DataFrame, truth: np.ndarray) -> dict[str, float]:
    """The trivial predictor's probabilities are right as they are; its intervals must be widened like everybody's."""
    return task.calibrate(task.plain(fitted.predict(frame)), truth) if task.kind == "number" else {}


def usable(rows: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows with something to learn from: a number that is one, a class seen in training; every row of other kinds."""
    known = np.ones(len(rows), bool)
    if truth.ndim == 1 and truth.dtype != object:
        known = np.isfinite(truth) if truth.dtype.kind == "f" else truth >= 0
    return rows[known], truth[known]
