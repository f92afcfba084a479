"""Dummy restorer, and the field's yardstick: enlarged by bicubic interpolation, else left as it is."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.schema import Schema
from ...layers.degradation import resized, scale_of
from ...modalities.vision._ragged_images import unpacked
from .._estimator import Baseline, FittedBaseline


class Untouched(Baseline):
    kinds = ("restored",)

    def fit(self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int) -> FittedBaseline:
        words = "bicubic interpolation" if classes > 1 else "the picture as it came"
        return FittedBaseline("bicubic", words, kind, classes, schema, {}, {})

    def answer(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        return {"picture": each(lambda one: enlarged(one, fitted.classes), frame, fitted.schema)}


def enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    return resized(picture, picture.shape[0] * scale, picture.shape[1] * scale)


def each(work, frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N,) of what `work` makes of every picture (h, w, 3) that is asked about."""
    column = next(c for c in schema.inputs if registry.get("modalities", c.modality).signal_type == "picture")
    found = unpacked(registry.get("modalities", column.modality).encode(frame[column.name], column.state, {}))
    return objects([work(one) for one in found])


def damage_of(schema: Schema) -> tuple[str, int]:
    kind = str(schema.target.state["damage"])
    return kind, scale_of(kind)


BASELINE = Untouched()
