"""Sequences of letters or tokens: which one stands where (as the field's ridge on one-hot residues), or how often each
occurs; a linear model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Column, Schema
from ...modalities.text.tokens import to_tokens
from .._estimator import Baseline, FittedBaseline, linear_tries, pick, split_labels, with_care

MOST_PLACES = 4_096  # where all rows are of one length up to this, places are told apart
RARE = 2  # features in fewer rows teach nothing


class Sequence(Baseline):
    max_rows = 20_000

    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] in (["tokens"], ["aligned_sequence"]) else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        y, constant = split_labels(y, kind)
        rows = to_tokens(frame[schema.inputs[0].name], schema.inputs[0].state["letters"])
        length = len(rows[0]) if len({len(row) for row in rows}) == 1 and len(rows[0]) <= MOST_PLACES else 0
        fitted = FittedBaseline(
            "one_hot_linear", "", kind, classes, schema, {"constant": constant, "length": length}, {}
        )
        counts: dict[str, int] = {}
        for row in rows:
            for name in set(named(row, length)):
                counts[name] = counts.get(name, 0) + 1
        fitted.facts["features"] = sorted(name for name, count in counts.items() if RARE <= count < len(rows)) or [
            "nothing"
        ]
        tries = linear_tries(kind, alphas=(0.3, 3.0, 30.0), strengths=(0.1, 1.0, 10.0), rounds=200)
        name, fitted.parts["estimator"] = pick(
            tries, self.features(frame, fitted), y, (self.features(val[0], fitted), val[1]), kind
        )
        fitted.words = f"{'which letter stands where' if length else 'how often each token and pair occurs'} → {name}"
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        column, length = fitted.schema.inputs[0], fitted.facts["length"]
        return sequence_features(frame, column, fitted.facts["features"], length)


def sequence_features(frame: pl.DataFrame, column: Column, features: list[str], length: int) -> Any:
    """(N, features) sparse: 1 where a letter stands at its place, else the root of how often it occurs."""
    from scipy.sparse import csr_matrix

    place = {name: i for i, name in enumerate(features)}
    rows, columns = [], []
    for number, row in enumerate(to_tokens(frame[column.name], column.state["letters"])):
        found = [place[name] for name in named(row, length) if name in place]
        rows += [number] * len(found)
        columns += found
    counted = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(frame.height, len(features)))
    counted.sum_duplicates()
    counted.data = np.sqrt(counted.data)
    return counted


def named(row: list[str], length: int) -> list[str]:
    """The features of one row: letters with their places, or tokens and pairs of them."""
    if length:
        return [f"{place} {token}" for place, token in enumerate(row[:length])]
    return [*row, *(f"{a} {b}" for a, b in pairwise(row))]


BASELINE = Sequence()
