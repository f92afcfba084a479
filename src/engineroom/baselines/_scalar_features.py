"""Scalar columns as features for trees: numbers as they stand, few categories as categories, many by how often they
occur and by the target's mean.

A column of many levels as numbers in the order of its spelling tells trees nothing and lets them learn single rows by
heart. Its target encoding is cross-fitted (scikit-learn's TargetEncoder after Micci-Barreca 2001), so that no training
row sees its own target.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.schema import Column, Schema

SCALAR = ("number", "category", "datetime", "multilabel")
MOST_LEVELS = 254  # scikit-learn's histograms hold no more
SURE_LEVELS = 30  # levels that are always few enough
ROWS_A_LEVEL = 20  # beyond, a level needs so many training rows to stand as a category of its own
MOST_CLASSES = 20  # of the target: a target encoding has a feature for each
FOLDS = 5


def wide_columns(schema: Schema, rows: int | None = None) -> list[str]:
    """Categories of too many levels to be told apart one by one; with `rows`, also of too few training rows a level."""
    most = MOST_LEVELS if rows is None else min(MOST_LEVELS, max(SURE_LEVELS, rows // ROWS_A_LEVEL))
    return [c.name for c in schema.inputs if c.modality == "category" and len(c.state["values"]) > most]


def scalar_features(
    frame: pl.DataFrame, schema: Schema, wide: Collection[str] | None = None
) -> tuple[np.ndarray, list[bool]]:
    """(N, F) float64 with NaN for missing, and which features are categories. Columns that are `wide` say how often
    their value occurs in training."""
    wide = wide_columns(schema) if wide is None else wide
    parts: list[np.ndarray] = [np.zeros((frame.height, 0))]
    categorical: list[bool] = []
    for column in schema.inputs:
        if column.modality not in SCALAR:
            continue
        is_category = column.modality == "category" and column.name not in wide
        values = features_of(frame, column, is_category).reshape(frame.height, -1)
        parts.append(values)
        categorical += [is_category] * values.shape[1]
    return np.concatenate(parts, 1), categorical


def features_of(frame: pl.DataFrame, column: Column, is_category: bool) -> np.ndarray:
    """(N,) or (N, F) float64: one column."""
    modality = registry.get("modalities", column.modality)
    if column.modality == "number":
        return np.asarray(modality.decode(frame[column.name], column.state), np.float64)
    encoded = np.asarray(modality.encode(frame[column.name], column.state, {}), np.float64)
    if is_category:
        return np.where(encoded == 0, np.nan, encoded - 1)
    if column.modality == "category":
        return np.log1p(np.concatenate([[0.0], np.asarray(column.state["counts"], np.float64)]))[encoded.astype(int)]
    return encoded


def codes_of(frame: pl.DataFrame, schema: Schema, wide: Collection[str]) -> np.ndarray:
    """(N, W) codes of the `wide` columns, 0 = missing or never seen."""
    modality = registry.get("modalities", "category")
    columns = [modality.encode(frame[name], schema[name].state, {}) for name in wide]
    return np.stack(columns, 1).astype(np.int64) if columns else np.zeros((frame.height, 0), np.int64)


def learn_scalars(frame: pl.DataFrame, y: np.ndarray, fitted: Any, seed: int) -> tuple[np.ndarray, list[bool]]:
    """Features of the training rows, and which are categories; `fitted` keeps what `read_scalars` needs for other
    rows."""
    wide = wide_columns(fitted.schema, frame.height)
    fitted.facts["wide"] = wide
    x, categorical = scalar_features(frame, fitted.schema, wide)
    encoder = make_encoder(y, fitted.kind) if wide else None
    if encoder is None:
        return x, categorical
    codes = codes_of(frame, fitted.schema, wide)
    means = cross_fitted(encoder, codes, y, fitted.kind, seed)
    fitted.parts["target_encoder"] = encoder.fit(codes, y)
    return np.concatenate([x, means], 1), categorical + [False] * means.shape[1]


def cross_fitted(encoder: Any, codes: np.ndarray, y: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """(N, W · classes) the target's mean of every level, each row's from folds that it is not in."""
    from sklearn.base import clone
    from sklearn.model_selection import KFold, StratifiedKFold

    classes = np.unique(y) if kind == "classes" else np.zeros(0)
    width = len(classes) if len(classes) > 2 else 1
    out = np.zeros((len(y), codes.shape[1], width))
    folds = (StratifiedKFold if kind == "classes" else KFold)(FOLDS, shuffle=True, random_state=seed)
    for learn, judge in folds.split(codes, y):
        one = clone(encoder).fit(codes[learn], y[learn])
        # a rare class may be missing from a fold
        there = np.searchsorted(classes, one.classes_) if width > 1 else np.zeros(1, np.int64)
        out[np.ix_(judge, np.arange(codes.shape[1]), there)] = one.transform(codes[judge]).reshape(
            len(judge), codes.shape[1], -1
        )
    return out.reshape(len(y), -1)


def read_scalars(frame: pl.DataFrame, fitted: Any) -> np.ndarray:
    """(N, F) as `learn_scalars` gave them."""
    wide = fitted.facts.get("wide", wide_columns(fitted.schema))
    x = scalar_features(frame, fitted.schema, wide)[0]
    if "target_encoder" not in fitted.parts or not frame.height:
        return x
    return np.concatenate([x, fitted.parts["target_encoder"].transform(codes_of(frame, fitted.schema, wide))], 1)


def make_encoder(y: np.ndarray, kind: str) -> Any:
    """A target encoder for this kind of target, or None where it has none: label sets, very many classes, too few rows
    to cross-fit."""
    from sklearn.preprocessing import TargetEncoder

    if kind == "number":
        return TargetEncoder(target_type="continuous") if len(y) >= 2 * FOLDS else None
    counts = np.unique(y, return_counts=True)[1] if kind == "classes" else np.zeros(0)
    if not 2 <= len(counts) <= MOST_CLASSES or np.sort(counts)[-2] < FOLDS:
        return None
    return TargetEncoder(target_type="binary" if len(counts) == 2 else "multiclass")
