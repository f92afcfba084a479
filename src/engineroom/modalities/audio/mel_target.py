"""A target: how a sentence sounds when it is spoken, as log-mel frames of 10 ms; mean and deviation of every band are
those of the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...layers.mel_spectrogram import LogMel
from .._base import Base, each_cell
from .audio import HIGHEST_RATE, SAMPLE, cut_recordings, decode
from .audio import MODALITY as AUDIO

MELS = 60
SECONDS = 20.0  # of a recording at most: a sentence
EDGE = 0.05  # seconds kept before and after the sound
QUIET = 0.01  # of the loudest, below which nothing is said yet


class Voice(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        rate = int(AUDIO.fit(values.cast(pl.String), limits=limits).get("rate", HIGHEST_RATE))
        known = values.drop_nulls().to_list()
        frames = [
            one
            for one in each_cell(
                known[:: max(1, len(known) // SAMPLE)],
                lambda cell: read_log_mel(cell, rate),
                {},
                np.zeros((0, MELS), np.float32),
            )
            if len(one)
        ]
        every = np.concatenate(frames) if frames else np.zeros((1, MELS), np.float32)
        return {
            "rate": rate,
            "mean": every.mean(0).round(4).tolist(),
            "deviation": (every.std(0) + 1e-2).round(4).tolist(),
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(T, MELS) float32 each, of mean 0 and deviation 1."""
        mean, deviation = np.array(state["mean"], np.float32), np.array(state["deviation"], np.float32)
        rows = each_cell(
            values.to_list(),
            lambda cell: (read_log_mel(cell, state["rate"]) - mean) / deviation,
            damaged,
            np.zeros((0, MELS), np.float32),
        )
        flat = np.concatenate(rows) if rows else np.zeros((0, MELS), np.float32)
        return Ragged(flat.astype(np.float32), np.array([len(row) for row in rows], np.int64))

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 3 and tensor.shape[2] == MELS

    def notices(self, values: pl.Series, state: State) -> list[str]:
        cut = cut_recordings(values, SECONDS) if values.dtype == pl.String else 0
        return (
            [f"{cut:,} of {len(values):,} recordings are longer than {SECONDS:g} s; the rest is not heard."]
            if cut
            else []
        )

    def to_html(self, value: Any, state: State) -> str:
        return AUDIO.to_html(value, state)


def read_log_mel(cell: Any, rate: int) -> np.ndarray:
    """A recording → (T, MELS) log power, without the silence before and after."""
    wave = decode(cell, rate=rate, seconds=SECONDS)
    loud = np.abs(wave)
    found = np.flatnonzero(loud > QUIET * loud.max(initial=0.0))
    if loud.max(initial=0.0) < 1e-4:
        raise ValueError("is silent: nothing is said")
    edge = int(EDGE * rate)
    wave = wave[max(0, found[0] - edge) : found[-1] + edge] * (0.9 / loud.max())
    mel: np.ndarray = LogMel(rate, mels=MELS).mel(32768 * torch.from_numpy(wave)[None])[0].T.numpy()
    return mel


MODALITY = Voice()
