"""Series: random convolution kernels (ROCKET, Dempster et al. 2020) and interval statistics, then ridge regression; on
few rows extremely randomised trees over the steps themselves (Geurts et al. 2006) where these do better on folds of the
training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Column, Schema
from ...modalities.series.series import bridge, to_steps
from .._estimator import Baseline, FittedBaseline, sharpness, split_labels, with_care

KERNELS = 1000
LONGEST = 512
BLOCK = 8_000_000  # answers held at once
FEW, FOLDS, TREES = 2_000, 5, 200  # rows up to which both are tried


class Series(Baseline):
    max_rows = 10_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] == ["series"] else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.linear_model import RidgeClassifierCV, RidgeCV
        from sklearn.multioutput import MultiOutputClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        lengths = [len(to_steps(cell)) for cell in frame[schema.inputs[0].name]]
        y, constant = split_labels(y, kind)
        facts = {
            "constant": constant,
            "seed": seed,
            "length": int(min(LONGEST, max(9, np.median(lengths or [9])))),
            "steps": 0,
        }
        fitted = FittedBaseline(
            "rocket", "random convolution kernels + interval statistics → ridge", kind, classes, schema, facts, {}
        )
        alphas = np.logspace(-2, 4, 13)
        if kind == "labels":
            from sklearn.linear_model import LogisticRegression

            estimator = make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression(C=0.01, max_iter=100)))
        else:
            estimator = make_pipeline(
                StandardScaler(), RidgeCV(alphas) if kind == "number" else RidgeClassifierCV(alphas)
            )
        x = self.features(frame, fitted)
        if kind != "labels" and len(y) <= FEW:
            estimator, x = self.better_on_folds(frame, y, fitted, (estimator, x), min(LONGEST, max(lengths, default=0)))
        fitted.parts["estimator"] = estimator.fit(x, y)
        if kind == "classes":
            facts["sharpness"] = sharpness(estimator, self.features(val[0], fitted), val[1])
        return fitted

    def better_on_folds(
        self, frame: pl.DataFrame, y: np.ndarray, fitted: FittedBaseline, ridge: tuple[Any, np.ndarray], steps: int
    ) -> tuple[Any, np.ndarray]:
        """(estimator, its features): ridge on kernels, or trees on steps where their score on folds (accuracy, R²) is
        higher."""
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
        from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

        number = fitted.kind == "number"
        if len(y) < 2 * FOLDS or (not number and np.bincount(y)[np.unique(y)].min() < FOLDS):
            return ridge
        folds = (KFold if number else StratifiedKFold)(FOLDS, shuffle=True, random_state=fitted.facts["seed"])
        trees = (ExtraTreesRegressor if number else ExtraTreesClassifier)(TREES, random_state=fitted.facts["seed"])
        column, facts = fitted.schema.inputs[0], fitted.facts
        x = step_features(frame, column, steps, facts["length"])
        scores = [cross_val_score(one, features, y, cv=folds).mean() for one, features in (ridge, (trees, x))]
        if scores[1] <= scores[0]:
            return ridge
        facts["steps"] = steps
        fitted.words = "steps + interval statistics → extra trees"
        return trees, x

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        column, facts = fitted.schema.inputs[0], fitted.facts
        if facts["steps"]:
            return step_features(frame, column, facts["steps"], facts["length"])
        return series_features(frame, column, facts["length"], facts["seed"])


def series_features(frame: pl.DataFrame, column: Column, length: int, seed: int) -> np.ndarray:
    """(N, F) float32; unequal lengths are brought to one, the length itself is a feature."""
    rows = standardised(frame, column)
    x = resampled(rows, column.state["channels"], length)
    return np.concatenate([kernels(x, seed), intervals(x), lengths_of(rows)], 1)


def step_features(frame: pl.DataFrame, column: Column, steps: int, length: int) -> np.ndarray:
    """(N, F) float32: the first `steps` steps as they come, NaN after the end, and the interval statistics of the
    whole."""
    rows, channels = standardised(frame, column), column.state["channels"]
    first = np.full((len(rows), steps, channels), np.nan, np.float32)
    for row, values in zip(first, rows, strict=True):
        row[: len(values)] = values[:steps]
    return np.concatenate(
        [first.reshape(len(rows), -1), intervals(resampled(rows, channels, length)), lengths_of(rows)], 1
    )


def standardised(frame: pl.DataFrame, column: Column) -> list[np.ndarray]:
    """(T, C) each, in the column's deviations, gaps bridged; a cell that is no such series is two steps of zeros."""
    channels, rows = column.state["channels"], []
    for cell in frame[column.name]:
        steps = to_steps(cell)
        if not len(steps) or steps.shape[1] != channels:
            steps = np.zeros((2, channels))
        rows.append((bridge(steps) - column.state["mean"]) / column.state["std"])
    return rows


def resampled(rows: list[np.ndarray], channels: int, length: int) -> np.ndarray:
    """(N, C, length) float32 by linear interpolation."""
    out = np.zeros((len(rows), channels, length), np.float32)
    for row, steps in zip(out, rows, strict=True):
        position = np.linspace(0, len(steps) - 1, length)
        row[:] = [np.interp(position, np.arange(len(steps)), c) for c in steps.T]
    return out


def lengths_of(rows: list[np.ndarray]) -> np.ndarray:
    """(N, 1) float32."""
    return np.array([len(steps) for steps in rows], np.float32)[:, None]


def kernels(x: np.ndarray, seed: int) -> np.ndarray:
    """(N, C, T) → (N, 2·KERNELS): share of positive answers and the largest answer of each random kernel.

    Kernels of one size, dilation and padding answer together: a thousand small convolutions would spend their time on
    being called.
    """
    import torch
    import torch.nn.functional as F

    parts = []
    for (_size, dilation, padding), weights, biases in kernel_groups(x.shape[1], x.shape[2], seed):
        rows = max(1, BLOCK // (len(weights) * x.shape[2]))
        w, b = torch.from_numpy(weights), torch.from_numpy(biases)
        answers = []
        for start in range(0, max(1, len(x)), rows):
            with torch.no_grad():
                answer = F.conv1d(torch.from_numpy(x[start : start + rows]), w, b, dilation=dilation, padding=padding)
            answers.append(np.concatenate([(answer > 0).float().mean(2).numpy(), answer.amax(2).numpy()], 1))
        parts.append(np.concatenate(answers))
    return np.concatenate(parts, 1)


def kernel_groups(C: int, T: int, seed: int) -> list[tuple[tuple[int, int, int], np.ndarray, np.ndarray]]:
    """[((size, dilation, padding), weights (K, C, size), biases (K,)), …], KERNELS in all: drawn as in ROCKET,
    dilations powers of 2."""
    generator = np.random.default_rng(seed)
    groups: dict[tuple[int, int, int], list[tuple[np.ndarray, float]]] = {}
    for _ in range(KERNELS):
        size = min(int(generator.choice([7, 9, 11])), T if T % 2 else T - 1)
        dilation = 2 ** int(generator.integers(0, int(np.log2(max(1, (T - 1) // max(1, size - 1)))) + 1))
        padding = (size - 1) * dilation // 2 if generator.random() < 0.5 else 0
        weight = np.zeros((C, size), np.float32)
        chosen = generator.choice(C, min(C, int(2 ** generator.uniform(0, np.log2(min(C, size) + 1)))), replace=False)
        drawn = generator.normal(size=(len(chosen), size))
        weight[chosen] = drawn - drawn.mean(1, keepdims=True)
        groups.setdefault((size, dilation, padding), []).append((weight, generator.uniform(-1, 1)))
    return [
        (shape, np.stack([w for w, _ in drawn]), np.array([b for _, b in drawn], np.float32))
        for shape, drawn in sorted(groups.items())
    ]


def intervals(x: np.ndarray) -> np.ndarray:
    """Mean, deviation and slope of the whole, the halves and the quarters: of the series, its differences and its
    spectrum (log)."""
    spectrum = np.log(np.abs(np.fft.rfft(x, axis=2))[:, :, 1:] + 1e-3).astype(np.float32)
    out = []
    for values in (x, np.diff(x, axis=2), spectrum):
        for parts in (1, 2, 4):
            for piece in np.array_split(values, parts, axis=2):
                if piece.shape[2]:
                    out += [piece.mean(2), piece.std(2), piece[:, :, -1] - piece[:, :, 0]]
    return np.concatenate(out, 1)


BASELINE = Series()
