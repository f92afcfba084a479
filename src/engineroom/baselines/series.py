"""Series: random convolution kernels (ROCKET, Dempster et al. 2020) and interval statistics, then ridge regression."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.columns import Column, Schema
from ..modalities.series import bridge, to_steps
from ._store import Fitted, constants

KERNELS = 1000
LONGEST = 512


class Series:
    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] == ["series"] else 0.0

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> Fitted:
        from sklearn.linear_model import RidgeClassifierCV, RidgeCV
        from sklearn.multioutput import MultiOutputClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        lengths = [len(to_steps(cell)) for cell in frame[schema.inputs[0].name]]
        facts = {"constant": constants(y, kind), "seed": seed, "length": int(min(LONGEST, max(9, np.median(lengths))))}
        fitted = Fitted("series", "random convolution kernels + interval statistics → ridge", kind, classes, schema, facts, {})
        alphas = np.logspace(-2, 4, 13)
        if kind == "labels":
            from sklearn.linear_model import LogisticRegression

            estimator = make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression(C=0.01, max_iter=100)))
        else:
            estimator = make_pipeline(StandardScaler(), RidgeCV(alphas) if kind == "number" else RidgeClassifierCV(alphas))
        fitted.parts["estimator"] = estimator.fit(self.features(frame, fitted), y)
        facts["sharpness"] = 4.0
        return fitted

    def features(self, frame: pl.DataFrame, fitted: Fitted) -> np.ndarray:
        return series_features(frame, fitted.schema.inputs[0], fitted.facts["length"], fitted.facts["seed"])


def series_features(frame: pl.DataFrame, column: Column, length: int, seed: int) -> np.ndarray:
    """(N, F) float32; unequal lengths are brought to one, the length itself is a feature."""
    channels = column.state["channels"]
    rows, lengths = [], []
    for cell in frame[column.name]:
        steps = to_steps(cell)
        if not len(steps) or steps.shape[1] != channels:
            steps = np.zeros((2, channels))
        steps = (bridge(steps) - column.state["mean"]) / column.state["std"]
        lengths.append(len(steps))
        place = np.linspace(0, len(steps) - 1, length)
        rows.append(np.stack([np.interp(place, np.arange(len(steps)), c) for c in steps.T]))
    x = np.stack(rows).astype(np.float32) if rows else np.zeros((0, channels, length), np.float32)
    return np.concatenate([kernels(x, seed), intervals(x), np.array(lengths, np.float32)[:, None]], 1)


def kernels(x: np.ndarray, seed: int) -> np.ndarray:
    """(N, C, T) → (N, 2·KERNELS): share of positive answers and the largest answer of each random kernel."""
    import torch
    import torch.nn.functional as F

    generator = np.random.default_rng(seed)
    N, C, T = x.shape
    out = np.zeros((N, 2 * KERNELS), np.float32)
    data = torch.from_numpy(x)
    for k in range(KERNELS):
        size = int(generator.choice([7, 9, 11]))
        size = min(size, T if T % 2 else T - 1)
        dilation = int(2 ** generator.uniform(0, np.log2(max(1.01, (T - 1) / (size - 1))))) if size > 1 else 1
        chosen = generator.choice(C, min(C, int(2 ** generator.uniform(0, np.log2(min(C, size) + 1)))), replace=False)
        weight = generator.normal(size=(1, len(chosen), size))
        weight -= weight.mean(2, keepdims=True)
        padding = (size - 1) * dilation // 2 if generator.random() < 0.5 else 0
        with torch.no_grad():
            answer = F.conv1d(
                data[:, chosen],
                torch.from_numpy(weight.astype(np.float32)),
                torch.tensor([generator.uniform(-1, 1)], dtype=torch.float32),
                dilation=dilation,
                padding=padding,
            )[:, 0]
        out[:, 2 * k], out[:, 2 * k + 1] = (answer > 0).float().mean(1).numpy(), answer.amax(1).numpy()
    return out


def intervals(x: np.ndarray) -> np.ndarray:
    """Mean, deviation and slope of the whole, the halves and the quarters, of the series and its differences."""
    out = []
    for values in (x, np.diff(x, axis=2)):
        for parts in (1, 2, 4):
            for piece in np.array_split(values, parts, axis=2):
                if piece.shape[2]:
                    out += [piece.mean(2), piece.std(2), piece[:, :, -1] - piece[:, :, 0]]
    return np.concatenate(out, 1)


BASELINE = Series()
