"""Rows by classical means: every column keeps its own spread, and one matrix says how the columns go together (Gaussian
copula, Sklar 1959; Patki et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.sampling import evenly
from ...core.schema import Schema
from ...modalities.tabular.row import EDGE, spans
from .._estimator import Baseline, FittedBaseline

SMALL = 1e-6


class Copula(Baseline):
    output_types = ("rows",)
    max_rows = 50_000

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        target = schema.target
        kept = frame[evenly(frame.height, self.max_rows)]
        rows = registry.get("modalities", "row").encode(kept[target.name], target.state, {})
        rng = np.random.default_rng(seed)
        given = conditions(kept, schema)
        hidden = np.concatenate([given, latent(rows, target.state["columns"], rng)], 1)
        matrix = np.corrcoef(hidden, rowvar=False).reshape(hidden.shape[1], -1)
        matrix = np.nan_to_num(matrix) + SMALL * np.eye(len(matrix))
        np.fill_diagonal(matrix, 1 + SMALL)
        facts = {
            "seed": seed,
            "matrix": matrix.round(6).tolist(),
            "n_conditions": given.shape[1],
            "middle": given.mean(0).tolist(),
            "scale": (given.std(0) + SMALL).tolist(),
        }
        return FittedBaseline(
            "gaussian_copula",
            "a Gaussian copula: each column's own spread, and correlations",
            kind,
            0,
            schema,
            facts,
            {},
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        """(N, W) vectors of rows, drawn anew for each."""
        facts, columns = fitted.facts, fitted.schema.target.state["columns"]
        matrix, n_conditions = np.array(facts["matrix"]), facts["n_conditions"]
        rng = np.random.default_rng(facts["seed"])
        given = (conditions(frame, fitted.schema) - np.array(facts["middle"]).reshape(1, -1)) / np.array(
            facts["scale"]
        ).reshape(1, -1)
        cross = (
            np.linalg.solve(matrix[:n_conditions, :n_conditions], matrix[:n_conditions, n_conditions:])
            if n_conditions
            else np.zeros((0, len(matrix)))
        )
        spread = (
            matrix[n_conditions:, n_conditions:] - matrix[n_conditions:, :n_conditions] @ cross
            if n_conditions
            else matrix
        )
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(values.clip(0))
        hidden = (given @ cross if n_conditions else 0) + rng.standard_normal((frame.height, len(spread))) @ root.T
        return seen(hidden, columns)


def conditions(frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N, D): what says what is to be made, as numbers; classes one by one but for the first."""
    parts = [np.zeros((frame.height, 0))]
    for column in schema.inputs:
        if column.modality == "number":
            parts.append(
                np.nan_to_num(registry.get("modalities", "number").encode(frame[column.name], column.state, {}))[
                    :, None
                ]
            )
        elif column.modality == "category":
            codes = (
                np.asarray(registry.get("modalities", "category").encode(frame[column.name], column.state, {}))
                .astype(int)
                .ravel()
            )
            parts.append(np.eye(len(column.state["values"]) + 1)[codes][:, 2:])
    return np.concatenate(parts, 1)


def latent(rows: np.ndarray, columns: Sequence[Any], rng: np.random.Generator) -> np.ndarray:
    """(N, W) → (N, D): a normal number for each column (and for each gap); a class is drawn within its share of the
    ranks."""
    from scipy.special import ndtri

    out = []
    for one, span in zip(columns, spans(columns), strict=True):
        part = rows[:, span]
        if one["kind"] == "class":
            ends = np.concatenate([[0.0], np.cumsum(one["shares"])])
            code = part.argmax(1)
            out.append(
                ndtri((ends[code] + rng.random(len(code)) * (ends[code + 1] - ends[code])).clip(SMALL, 1 - SMALL))
            )
        else:
            out += [part[:, k].astype(np.float64) for k in range(part.shape[1])]
    return np.stack(out, 1)


def seen(hidden: np.ndarray, columns: Sequence[Any]) -> np.ndarray:
    """(N, D) → (N, W): the way back."""
    from scipy.special import ndtr

    out, place = [], 0
    for one in columns:
        if one["kind"] == "class":
            ends = np.cumsum(one["shares"])[:-1]
            code = np.searchsorted(ends, ndtr(hidden[:, place]))
            out.append(2 * np.eye(len(one["values"]))[code] - 1)
            place += 1
            continue
        out.append(hidden[:, place : place + 1 + one["missing"]].clip(-EDGE, EDGE))
        place += 1 + one["missing"]
    return np.concatenate(out, 1).astype(np.float32)


BASELINE = Copula()
