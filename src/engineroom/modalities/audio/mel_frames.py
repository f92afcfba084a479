"""A column of recordings of which only log-mel frames are kept, as synthesis makes them: how loud every band is, every
10 ms, and nothing of the phases.

Beside the frames goes what Griffin and Lim's rounds make of them: it is worked out once, not in every step, and a
network begins with it, as one who restores a picture begins with the picture as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...layers.griffin_lim import guessed, standing
from ...layers.mel_spectrogram import LogMel
from .._base import Base, each_cell
from .audio import HIGHEST_RATE, cut_recordings, decode
from .audio import MODALITY as AUDIO
from .mel_target import MELS, SECONDS

SILENCE = float(np.log(1e-6))  # what a frame without sound holds
LOUDEST = 0.9
MOST = 60.0  # seconds: a bundle's example cannot ask for more


class Mel(Base):
    layouts = ("sequence",)
    signal_type = "steps"
    backbones = ("vocos",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"rate": int(AUDIO.fit(heard_in(values), limits=limits).get("rate", HIGHEST_RATE))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(N, MELS + hop) float16 each: a frame's natural logarithms of power, and the samples that are guessed from
        its middle to that of the next."""
        frames = LogMel(state["rate"], mels=MELS)
        blank = np.zeros((0, MELS + frames.hop), np.float16)

        def work(cell: Any) -> np.ndarray:
            return beside_guess(
                frames.mel(torch.from_numpy(whole_frames(cell, frames))[None].float())[0].T.numpy(), state["rate"]
            )

        rows = each_cell(heard_in(values).to_list(), work, damaged, blank)
        return Ragged(np.concatenate(rows) if rows else blank, np.array([len(row) for row in rows], np.int64))

    def canonical(self, values: pl.Series) -> pl.Series:
        return heard_in(values).fill_null("")

    def stem(self, states: Sequence[State], width: int, layout: Any) -> nn.Module:
        return Guess(states[0]["rate"])

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        return torch.cat([torch.full_like(x[..., :MELS], SILENCE), torch.zeros_like(x[..., MELS:])], -1)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return (
            tensor.ndim == 3
            and tensor.shape[2] == MELS + LogMel(state["rate"], mels=MELS).hop
            and tensor.shape[1] <= 100 * MOST
        )

    def notices(self, values: pl.Series, state: State) -> list[str]:
        cut = cut_recordings(values, SECONDS) if values.dtype == pl.String else 0
        return (
            [f"{cut:,} of {len(values):,} recordings are longer than {SECONDS:g} s; the rest is not heard."]
            if cut
            else []
        )

    def to_html(self, value: Any, state: State) -> str:
        return AUDIO.to_html(value["source"] if isinstance(value, dict) else value, state)


class Guess(nn.Module):
    """(B, N, MELS + hop), mask (B, N) → sequence Signal (B, N, MELS + 2 · bins): the frames, and real and imaginary
    parts of the guess, standing still."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.frames = LogMel(rate, mels=MELS)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        frames = self.frames
        with torch.autocast("cuda" if x.is_cuda else "cpu", enabled=False):
            mel, wave = x.float().split([MELS, frames.hop], 2)
            mel = mel if mask is None else mel.masked_fill(~mask[..., None], SILENCE)
            N = mel.shape[1]
            wave = nn.functional.pad(wave[:, :-1].flatten(1), (0, max(0, frames.size - (N - 1) * frames.hop)))
            spectrum = torch.stft(wave, frames.size, frames.hop, window=frames.window, return_complex=True)[..., :N]
            spectrum = (spectrum * standing(N, frames, x.device)).transpose(1, 2)
            return Signal(torch.cat([mel, spectrum.real, spectrum.imag], 2), "sequence", mask)


def beside_guess(mel: np.ndarray, rate: int) -> np.ndarray:
    """(N, MELS) → (N, MELS + hop) float16."""
    hop = LogMel(rate, mels=MELS).hop
    wave = np.zeros(len(mel) * hop, np.float32)
    found = guessed(mel, rate)
    wave[: len(found)] = found
    return np.concatenate([mel, wave.reshape(len(mel), hop)], 1).astype(np.float16)


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
