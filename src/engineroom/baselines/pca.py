"""Rows known again without a network: principal components of what a network would read (Hotelling 1933); validation
rows say whether whitened."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
from torch.nn.functional import adaptive_avg_pool1d, adaptive_avg_pool2d, one_hot

from ..core.batch import Batch
from ..core.schema import Schema
from ..data.dataset import Dataset, encode_table
from ..data.fields import Field
from ..data.two_views import LOOKS, view
from ..metrics.contrastive import graded
from ._estimator import Baseline, FittedBaseline, with_care

COMPONENTS = 64
# places of a picture's side, steps of a sequence, and words (hashed) that are told apart
SIDE, STEPS, WORDS = (16, 64, 1_024)
CATEGORIES = 32
AT_ONCE = 256  # rows
# by whether they are whitened
WORDING = {True: "principal components of the columns, whitened", False: "principal components of the columns"}


class Principal(Baseline):
    output_types = ("views",)
    max_rows = 5_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.decomposition import PCA
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        data = encode_table(frame, schema, target=False)
        x = np.concatenate([features(data, rows_of(data, start))[0] for start in range(0, len(data), AT_ONCE)])
        size = max(1, min(COMPONENTS, x.shape[1], len(x) - 1))
        found = []
        for whiten, words in WORDING.items():
            estimator = make_pipeline(
                StandardScaler(), PCA(size, whiten=whiten, svd_solver="randomized", random_state=seed)
            ).fit(x)
            fitted = FittedBaseline("pca", words, kind, classes, schema, {}, {"estimator": estimator})
            said = self.predict(val[0], fitted)
            found.append((float(graded(said["first"], said["second"])["loss"].mean()), fitted))
        return min(found, key=lambda pair: pair[0])[1]

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        data = encode_table(frame, fitted.schema, target=False)
        parts = [features(data, rows_of(data, start), LOOKS) for start in range(0, len(data), AT_ONCE)] or [
            [np.zeros((0, 1))] * 3
        ]
        out = {}
        for name, x in zip(
            ("embedding", "first", "second"), (np.concatenate(one) for one in zip(*parts, strict=True)), strict=True
        ):
            e = fitted.parts["estimator"].transform(x) if len(x) else x
            out[name] = (e / np.maximum(np.linalg.norm(e, axis=1, keepdims=True), 1e-9)).astype(np.float32)
        return out


def rows_of(data: Dataset, start: int) -> np.ndarray:
    return np.arange(start, min(len(data), start + AT_ONCE))


def features(data: Dataset, rows: np.ndarray, looks: int = 0) -> list[np.ndarray]:
    """(B, D) of the rows as they are, then of so many looks at them, drawn as the network's are."""
    batch = data.batch(rows)
    seen = [batch, *(view(batch, data.fields, 0, "look", int(rows[0]), k) for k in range(looks))]
    return [np.concatenate([numbers(one, field) for field in data.fields], 1) for one in seen]


def numbers(batch: Batch, one: Field) -> np.ndarray:
    """(B, D) plain numbers of one field: averaged places of pictures and sequences, counted words, classes one by
    one."""
    x = batch[one.name]
    if not x.is_floating_point() and x.ndim == 2 and f"{one.name}_mask" in batch.fields:  # words
        counts = torch.zeros(len(x), WORDS).scatter_add_(1, x.long() % WORDS, batch[f"{one.name}_mask"].float())
        return counts.log1p().numpy()
    if one.modality == "category":
        return one_hot(x.long().clamp(0, CATEGORIES - 1), CATEGORIES).flatten(1).float().numpy()
    x = torch.nan_to_num(x.float())
    if one.is_scalar or x.ndim == 2:
        return x.flatten(1).numpy()
    if x.ndim == 3:  # (B, T, C)
        return (
            adaptive_avg_pool1d(
                x.transpose(1, 2), min(STEPS, x.shape[1]) if f"{one.name}_mask" not in batch.fields else STEPS
            )
            .flatten(1)
            .numpy()
        )
    return adaptive_avg_pool2d(x.flatten(1, -3), (min(SIDE, x.shape[-2]), min(SIDE, x.shape[-1]))).flatten(1).numpy()


BASELINE = Principal()
