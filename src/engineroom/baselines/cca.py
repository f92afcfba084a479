"""Two sides matched by linear algebra: features of both, shortened, and canonical correlations between them (Hotelling
1936)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..core.schema import Schema
from ._estimator import Baseline, FittedBaseline, with_care
from .multimodal import BASELINE as MIXED

MOST_DIMENSIONS = 16


class LinearMatch(Baseline):
    output_types = ("matches",)
    max_rows = 20_000

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.cross_decomposition import PLSSVD
        from sklearn.preprocessing import StandardScaler

        facts = {"seed": seed}
        sides = [
            FittedBaseline("cca", "", kind, classes, Schema((column,)), dict(facts), {}) for column in schema.inputs
        ]
        features = []
        for side in sides:
            MIXED.shorten(frame, side)
            features.append(MIXED.features(frame, side))
        parts: dict = {}
        scaled = []
        for number, (side, x) in enumerate(zip(sides, features, strict=True)):
            parts |= {f"{number}.{name}": part for name, part in side.parts.items()}
            parts[f"{number}.scale"] = StandardScaler().fit(x)
            scaled.append(parts[f"{number}.scale"].transform(x))
        size = max(1, min(MOST_DIMENSIONS, *(x.shape[1] for x in scaled), len(frame) - 1))
        parts["match"] = PLSSVD(size).fit(*scaled)
        words = "features of both sides → directions in which they vary together (partial least squares)"
        return FittedBaseline(
            "cca", words, kind, classes, schema, {"seed": seed, "sides": [side.facts for side in sides]}, parts
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> dict[str, np.ndarray]:
        out = []
        for number, column in enumerate(fitted.schema.inputs):
            own = {
                name.removeprefix(f"{number}."): part
                for name, part in fitted.parts.items()
                if name.startswith(f"{number}.")
            }
            side = FittedBaseline(
                "cca", "", fitted.kind, fitted.classes, Schema((column,)), fitted.facts["sides"][number], own
            )
            out.append(own["scale"].transform(MIXED.features(frame, side)))
        asked, found = fitted.parts["match"].transform(*out)
        return {"embedding": unit(asked), "found": unit(found)}


def unit(x: np.ndarray) -> np.ndarray:
    return (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)).astype(np.float32)


BASELINE = LinearMatch()
