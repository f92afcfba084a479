"""A column of recordings of which only log-mel frames are kept, as synthesis makes them: how loud every band is, every 10 ms, and nothing of the phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ..core.config import LimitsConfig
from ..core.protocols import Ragged, State
from ..core.signals import Signal
from ..layers.spectrogram import LogMel
from ..layers.vocoder import guessed, standing
from ._base import Base, each_cell
from .audio import HIGHEST_RATE, decode
from .audio import MODALITY as AUDIO
from .voice import MELS, SECONDS

SILENCE = float(np.log(1e-6))  # what a frame without sound holds
LOUDEST = 0.9
ROUNDS, SHARP = 6, 5  # of the guess that a network begins with: of phases, of bins
MOST = 60.0  # seconds: a bundle's example cannot ask for more


class Mel(Base):
    layouts = ("sequence",)
    kind = "steps"
    families = ("vocos",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"rate": int(AUDIO.fit(heard_in(values), limits=limits).get("rate", HIGHEST_RATE))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(N, MELS) float32 each, natural logarithms of power."""
        frames = LogMel(state["rate"], mels=MELS)

        def work(cell: Any) -> np.ndarray:
            found: np.ndarray = frames.mel(torch.from_numpy(whole_frames(cell, frames))[None].float())[0].T.numpy()
            return found

        rows = each_cell(heard_in(values).to_list(), work, damaged, np.zeros((0, MELS), np.float32))
        return Ragged(np.concatenate(rows) if rows else np.zeros((0, MELS), np.float32), np.array([len(row) for row in rows], np.int64))

    def keys(self, values: pl.Series) -> pl.Series:
        return heard_in(values).fill_null("")

    def stem(self, states: Sequence[State], width: int, layout: Any) -> nn.Module:
        return Guess(states[0]["rate"])

    def absent(self, x: Tensor, states: Sequence[State]) -> Tensor:
        return torch.full_like(x, SILENCE)

    def check(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 3 and tensor.shape[2] == MELS and tensor.shape[1] <= 100 * MOST

    def show(self, value: Any, state: State) -> str:
        return AUDIO.show(value["source"] if isinstance(value, dict) else value, state)


class Guess(nn.Module):
    """(B, N, MELS), mask (B, N) → sequence Signal (B, N, MELS + 2 · bins): the frames, and real and imaginary parts of the spectrum that a few rounds of
    Griffin and Lim's make of them, standing still. A network begins with that guess, as whoever restores a picture begins with the picture as it came."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.frames = LogMel(rate, mels=MELS)
        self.least = -(-self.frames.size // self.frames.hop) + 1  # frames of a window of sound

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        with torch.no_grad(), torch.autocast("cuda" if x.is_cuda else "cpu", enabled=False):
            mel = x.float() if mask is None else x.float().masked_fill(~mask[..., None], SILENCE)
            N = mel.shape[1]
            whole = nn.functional.pad(mel, (0, 0, 0, max(0, self.least - N)), value=SILENCE)
            magnitude, phase = guessed(whole, self.frames, ROUNDS, SHARP)
            spectrum = (magnitude * phase * standing(whole.shape[1], self.frames, x.device)).transpose(1, 2)[:, :N]
            return Signal(torch.cat([mel, spectrum.real, spectrum.imag], 2), "sequence", mask)


def heard_in(values: pl.Series) -> pl.Series:
    """The recordings of cells that say {source}, or of plain ones."""
    return (values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values).cast(pl.String)


def whole_frames(cell: Any, frames: LogMel) -> np.ndarray:
    """A recording → (T,) int16 of one loudness, T a multiple of the hop and a window at least."""
    wave = decode(cell, rate=frames.hop * 100, seconds=SECONDS)
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < 1e-4:
        raise ValueError("is silent: there is nothing to learn from")
    wave = np.pad(wave, (0, max(0, frames.size - len(wave))))
    wave = np.pad(wave, (0, -len(wave) % frames.hop))
    return (wave * (LOUDEST * 32767 / peak)).astype(np.int16)


MODALITY = Mel()
