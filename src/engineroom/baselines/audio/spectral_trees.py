"""Sound: statistics of the spectrum over time, then randomised trees (Geurts et al. 2006)."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core import registry
from ...core.schema import Column, Schema
from .._estimator import Baseline, FittedBaseline, several, split_labels, with_care

MELS, PARTS = 40, 4


class Audio(Baseline):
    max_rows = 20_000  # rows learnt from, evenly taken

    def fits(self, schema: Schema) -> float:
        return 1.0 if [c.modality for c in schema.inputs] == ["audio"] else 0.0

    @with_care
    def fit(
        self, frame: pl.DataFrame, y: np.ndarray, *, schema: Schema, kind: str, classes: int, val, seed: int
    ) -> FittedBaseline:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        y, constant = split_labels(y, kind)
        fitted = FittedBaseline(
            "spectral_trees", "spectral statistics → extra trees", kind, classes, schema, {"constant": constant}, {}
        )
        make = ExtraTreesRegressor if kind == "number" else ExtraTreesClassifier
        estimator = several(make(200, n_jobs=2, random_state=seed), kind)
        fitted.parts["estimator"] = estimator.fit(self.features(frame, fitted), y)
        return fitted

    def features(self, frame: pl.DataFrame, fitted: FittedBaseline) -> np.ndarray:
        return audio_features(frame, fitted.schema.inputs[0])


def audio_features(frame: pl.DataFrame, column: Column) -> np.ndarray:
    """(N, F): log-mel and cepstra by part of the clip, centroid, roll-off, zero crossings, loudness over time."""
    modality = registry.get("modalities", "audio")
    out = [
        describe(wave.astype(np.float32) / 32768, column.state["rate"])
        for start in range(0, frame.height, 256)
        for wave in modality.encode(frame[column.name].slice(start, 256), column.state, {})
    ]
    return np.stack(out) if out else np.zeros((0, 1), np.float32)


def describe(wave: np.ndarray, rate: int) -> np.ndarray:
    from scipy.fft import dct
    from scipy.signal import stft

    from ...layers.mel_spectrogram import mel_filters

    size = 2 ** int(np.ceil(np.log2(rate * 0.025)))
    loud = np.flatnonzero(np.abs(wave) > 0.01)  # silence around the sound says nothing
    wave = wave[loud[0] : loud[-1] + 1] if len(loud) > size else np.pad(wave, (0, max(0, size - len(wave))))
    power = np.abs(stft(wave, rate, nperseg=size, noverlap=size - rate // 100)[2]) ** 2
    mel = np.log(mel_filters(rate, size, MELS) @ power + 1e-8)
    cepstra = dct(mel, axis=0, norm="ortho")[:20]
    frequency = np.linspace(0, rate / 2, len(power))[:, None]
    total = power.sum(0) + 1e-9
    centroid, rolloff = (power * frequency).sum(0) / total, (np.cumsum(power, 0) < 0.85 * total).sum(0)
    crossings = np.mean(np.diff(np.signbit(wave)))
    parts = [
        mel.mean(1),
        mel.std(1),
        cepstra.mean(1),
        cepstra.std(1),
        np.abs(np.diff(cepstra, axis=1)).mean(1) if cepstra.shape[1] > 1 else np.zeros(20),
    ]
    parts += [piece.mean(1) for piece in np.array_split(cepstra, PARTS, axis=1) if piece.shape[1]] + [
        np.zeros(20)
    ] * max(0, PARTS - cepstra.shape[1])
    parts.append(
        np.array(
            [
                centroid.mean(),
                centroid.std(),
                rolloff.mean(),
                rolloff.std(),
                crossings,
                len(wave) / rate,
                np.log(total).std(),
            ]
        )
    )
    return np.nan_to_num(np.concatenate(parts)).astype(np.float32)


BASELINE = Audio()
