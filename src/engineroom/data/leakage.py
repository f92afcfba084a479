"""COLLECT: does a single column give the answer away? Learnt on one half of the training rows, judged on the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ..core.panels import Finding
from ..core.sampling import evenly
from ..core.schema import Column, Schema
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.datetime import to_timestamps
from ..modalities.tabular.number import to_floats

LEAK = {"classes": 0.999, "number": 0.9999}  # share of what guessing leaves open that the column explains
SUSPICION = 0.985
SAMPLE = 20_000
LEAST, SURE = 20, 80  # rows; with fewer than SURE a column is suspected, but not left out


def leaks(rows: pl.DataFrame, schema: Schema, task: str) -> Iterator[Finding]:
    """Scalar columns that tell the target alone."""
    if task not in LEAK or len(rows) < LEAST:
        return
    picked = rows[evenly(len(rows), SAMPLE)]
    picked = picked[np.random.default_rng(0).permutation(len(picked))]
    y = to_floats(picked[schema.target.name]) if task == "number" else codes(picked[schema.target.name])
    for column in schema.inputs:
        if column.modality not in ("number", "category", "datetime"):
            continue
        share = alone(picked[column.name], column, y)
        if share >= LEAK[task] and len(rows) >= SURE:
            yield Finding(
                "warning",
                f"Column {column.name!r} alone tells the target {schema.target.name!r} (almost) perfectly.",
                "It may be a copy of the answer, or known only afterwards.",
                f"It is left out; if it is honest, say --set columns.{column.name}.role=input",
                (column.name,),
                "ignore",
            )
        elif share >= SUSPICION:
            yield Finding(
                "warning",
                f"Column {column.name!r} alone explains {min(share, 0.9999):.2%} of the target.",
                "Is it known at the time of prediction?",
                f"If not: --set columns.{column.name}.role=ignore",
            )


def alone(values: pl.Series, column: Column, y: np.ndarray) -> float:
    """How much of the second half's target, beyond the best guess, the column explains after a look at the first half;
    1 = all."""
    half = len(y) // 2
    if column.modality == "category":
        said = by_value(codes(values), y, half)
    else:
        x = to_floats(values if column.modality == "number" or values.dtype.is_numeric() else to_timestamps(values))
        x = np.nan_to_num(x, nan=-1e30, posinf=1e30, neginf=-1e30).clip(-1e30, 1e30)
        said = by_tree(x, y, half)
    truth = y[half:]
    if y.dtype.kind == "f":
        spread = float(((truth - truth.mean()) ** 2).sum())
        explained = 1 - float(((said - truth) ** 2).sum()) / spread if spread > 0 else 0.0
        return max(explained, in_step(x[half:], truth)) if column.modality != "category" else explained
    guess = float((truth == np.bincount(y).argmax()).mean())
    return (float((said == truth).mean()) - guess) / max(1e-9, 1 - guess)


def by_value(x: np.ndarray, y: np.ndarray, half: int) -> np.ndarray:
    """For every value the usual class, or the mean, of its rows in the first half; for an unknown value that of all."""
    known, place = np.unique(x[:half], return_inverse=True)
    if y.dtype.kind == "f":
        usual, overall = np.bincount(place, y[:half]) / np.bincount(place), y[:half].mean()
    else:
        counts = np.zeros((len(known), int(y.max()) + 1), np.int32)
        np.add.at(counts, (place, y[:half]), 1)
        usual, overall = counts.argmax(1), np.bincount(y[:half]).argmax()
    found = np.minimum(np.searchsorted(known, x[half:]), len(known) - 1)
    return np.where(known[found] == x[half:], usual[found], overall)


def by_tree(x: np.ndarray, y: np.ndarray, half: int) -> np.ndarray:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if y.dtype.kind == "f":
        tree = DecisionTreeRegressor(max_leaf_nodes=256, random_state=0)
    else:
        tree = DecisionTreeClassifier(max_leaf_nodes=max(8, 2 * len(np.unique(y))), random_state=0)
    return tree.fit(x[:half, None], y[:half]).predict(x[half:, None])


def in_step(x: np.ndarray, y: np.ndarray) -> float:
    """Squared correlation of values or of ranks: a copy of the target in other units, or bent."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    ranked = [np.unique(v, return_inverse=True)[1].astype(float) for v in (x, y)]
    return max(float(np.corrcoef(a, b)[0, 1]) ** 2 for a, b in ((x, y), (ranked[0], ranked[1])))


def codes(values: pl.Series) -> np.ndarray:
    """(N,) a number per distinct word, missing counting as a word."""
    return to_strings(values).fill_null("").rank("dense").to_numpy().astype(int) - 1
