"""Sound from frames the classical way: phases are found by going to and fro (Griffin & Lim 1984). How often is chosen
on the training recordings."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from ...layers.griffin_lim import griffin_lim
from ...metrics.vocoder import levelled, log_spectral
from ...modalities.audio import mel_target
from .._estimator import Baseline, FittedBaseline

LOOKED = 6  # training recordings
ROUNDS = (16, 32, 64)


class GriffinLim(Baseline):
    output_types = ("waves",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) of (T,) recordings."""
        picked = evenly(len(y), LOOKED)
        found = {}
        for rounds in ROUNDS:
            said = made(frame[picked], schema, rounds)
            found[rounds] = np.mean(
                [
                    log_spectral(levelled(one[: len(true)], true), true, classes)
                    for one, true in zip(said, y[picked], strict=True)
                ]
            )
        best = min(ROUNDS, key=lambda rounds: found[rounds])
        return FittedBaseline(
            "griffin_lim", f"Griffin and Lim's phases, {best} rounds", kind, classes, schema, {"rounds": best}, {}
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        return {"wave": made(frame, fitted.schema, int(fitted.facts["rounds"]))}


def made(frame: pl.DataFrame, schema: Schema, rounds: int) -> np.ndarray:
    """(N,) of (T,) float32."""
    column = next(c for c in schema.inputs if c.modality == "mel_frames")
    rows = registry.get("modalities", "mel_frames").encode(frame[column.name], column.state, {}).rows()
    return objects(
        [
            griffin_lim(one[:, : mel_target.MELS].astype(np.float32), int(column.state["rate"]), rounds=rounds)
            for one in rows
        ]
    )


BASELINE = GriffinLim()
