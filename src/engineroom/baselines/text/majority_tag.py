"""Dummy answer for labelled tokens: the shares of the labels, for every token alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...modalities.text.tokens import to_tokens
from .._estimator import Baseline, FittedBaseline


class CommonTag(Baseline):
    kinds = ("tags",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        state = schema.target.state
        first = int(bool(state["wholes"]))
        facts = {"shares": shares(np.concatenate([row[first:] for row in y]), len(state["values"]))}
        if first:
            facts["whole"] = shares(np.array([row[0] for row in y]), len(state["wholes"]))
        return FittedBaseline("majority_tag", "always the commonest label", kind, classes, schema, facts, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Any:
        column = next(c for c in fitted.schema.inputs if c.modality == "tokens")
        rows = to_tokens(frame[column.name], column.state["letters"])
        out = np.empty(len(rows), object)
        for i, row in enumerate(rows):
            out[i] = np.tile(fitted.facts["shares"], (len(row), 1))
        answers: dict[str, np.ndarray] = {"probability": out}
        return answers | ({"whole": np.tile(fitted.facts["whole"], (len(rows), 1))} if "whole" in fitted.facts else {})


def shares(codes: np.ndarray, labels: int) -> list[float]:
    counts = np.bincount(codes[(codes >= 0) & (codes < labels)], minlength=labels)
    return [float(share) for share in counts / max(1, counts.sum())]


BASELINE = CommonTag()
