"""Noise suppression the classical way: how loud the noise is in every band by what is quietest there for a while
(minimum statistics, Martin 2001), then Wiener's gain by a ratio that follows its own past (decision-directed, Ephraim &
Malah 1984). Its two numbers are chosen on the training recordings."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import polars as pl

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Predictions
from ...core.sampling import evenly
from ...core.schema import Schema
from ...layers.stft import SECONDS, window_size
from ...metrics.speech_enhancement import si_sdr
from .._estimator import Baseline, FittedBaseline

LOOKED = 40  # training recordings
LOUDER = (0.75, 1.5, 3.0, 6.0)  # noise is so many times its quietest moments …
FLOORS = (0.03, 0.1, 0.3)  # … and never more than this is taken away
BACK = 1.0  # seconds that are looked back
PAST = 0.98  # weight of the past


class Wiener(Baseline):
    output_types = ("sounds",)

    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        """y (N,) of (T, 2): clean, and with noise."""
        rate = int(schema.target.state["rate"])
        picked = evenly(len(y), LOOKED)
        scored = {
            (louder, floor): np.mean([si_sdr(filtered(y[k][:, 1], rate, louder, floor), y[k][:, 0]) for k in picked])
            for louder, floor in product(LOUDER, FLOORS)
        }
        louder, floor = max(scored, key=lambda pair: scored[pair])
        return FittedBaseline(
            "wiener",
            "Wiener's filter over minimum statistics",
            kind,
            classes,
            schema,
            {"louder": louder, "floor": floor},
            {},
        )

    def predict(self, frame: pl.DataFrame, fitted: FittedBaseline) -> Predictions:
        louder, floor = (float(fitted.facts[key]) for key in ("louder", "floor"))
        return {"wave": each_sound(lambda wave, rate: filtered(wave, rate, louder, floor), frame, fitted.schema)}


def each_sound(work: Callable[[np.ndarray, int], np.ndarray], frame: pl.DataFrame, schema: Schema) -> np.ndarray:
    """(N,) of what `work` makes of every sound (T,) float32 that is asked about, at its rate."""
    column = next(c for c in schema.inputs if c.modality == "noisy_speech")
    rows = registry.get("modalities", "noisy_speech").encode(frame[column.name], column.state, {}).rows()
    return objects([work(one.astype(np.float32) / 32768, column.state["rate"]) for one in rows])


def filtered(wave: np.ndarray, rate: int, louder: float, floor: float) -> np.ndarray:
    """(T,) → (T,) float32; knows the past alone."""
    from scipy.ndimage import minimum_filter1d
    from scipy.signal import istft, stft

    size = min(window_size(rate), max(8, len(wave)))
    if len(wave) < size:
        return wave.astype(np.float32)
    spectrum = stft(wave, rate, nperseg=size)[2]
    power = np.abs(spectrum) ** 2
    smooth = np.empty_like(power)
    level = power[:, 0]
    for k in range(power.shape[1]):
        level = smooth[:, k] = 0.85 * level + 0.15 * power[:, k]
    back = max(1, round(BACK / (SECONDS / 2)))
    quiet = minimum_filter1d(smooth, back, axis=1, origin=(back - 1) // 2, mode="nearest")
    noise = louder * quiet + 1e-12
    gain, before = np.empty_like(power), np.ones(len(power))
    for k in range(power.shape[1]):
        after = power[:, k] / noise[:, k]
        prior = PAST * before + (1 - PAST) * np.maximum(after - 1, 0)
        gain[:, k] = np.maximum(floor, prior / (1 + prior))
        before = gain[:, k] ** 2 * after
    out = istft(spectrum * gain, rate, nperseg=size)[1][: len(wave)]
    return np.pad(out, (0, len(wave) - len(out))).astype(np.float32)


BASELINE = Wiener()
