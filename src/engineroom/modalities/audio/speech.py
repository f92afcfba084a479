"""A column of recordings in which somebody speaks: read whole, in their own lengths; the network hears log-mel frames
of 10 ms."""

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
from ...layers.mel_spectrogram import LogMel, hide_bands
from .._base import Base, each_cell
from ._noise_mixing import LONGEST, ragged
from .audio import HIGHEST_RATE, decode
from .audio import MODALITY as AUDIO

MELS = 40
SHORTEST = 0.2  # seconds; shorter recordings are followed by silence


class Speech(Base):
    needs_value = True
    layouts = ("sequence",)
    signal_type = "steps"
    backbones = ("deepspeech",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"rate": int(AUDIO.fit(values.cast(pl.String), limits=limits).get("rate", HIGHEST_RATE))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(T,) int16 each, of one loudness. A cell {source, channel} is one of several speakers."""
        rate = state["rate"]

        def work(cell: Any) -> np.ndarray:
            source, channel = (cell["source"], cell["channel"]) if isinstance(cell, dict) else (cell, 0)
            wave = decode(source, rate=rate, seconds=LONGEST, channel=channel)
            wave = np.pad(wave, (0, max(0, int(SHORTEST * rate) - len(wave))))
            peak = float(np.abs(wave).max(initial=0.0))
            return (wave * (0.9 * 32767 / peak if peak > 1e-6 else 0.0)).astype(np.int16)

        return ragged(each_cell(values.to_list(), work, damaged, np.zeros(int(SHORTEST * rate), np.int16)))

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """Louder or softer, with a trace of noise."""
        x = fields[""].float()
        gain = 10 ** ((torch.rand(len(x), 1, generator=generator) * 12 - 9) / 20)
        noise = torch.randn(x.shape, generator=generator) * 10 ** (torch.rand(len(x), 1, generator=generator) * 2)
        return {**fields, "": x * gain + noise}

    def canonical(self, values: pl.Series) -> pl.Series:
        return (
            (values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values)
            .cast(pl.String)
            .fill_null("")
        )

    def stem(self, states: Sequence[State], width: int, layout: Any) -> nn.Module:
        return SpeechMel(states[0]["rate"], layout="sequence", mels=MELS)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] <= LONGEST * state["rate"] + 1

    def to_html(self, value: Any, state: State) -> str:
        return AUDIO.to_html(value["source"] if isinstance(value, dict) else value, state)


class SpeechMel(LogMel):
    """(B, T) samples in int16 scale, mask (B, T) → sequence Signal (B, frames, mels), every recording brought to mean 0
    and deviation 1."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mel = self.mel(x)
        frames = torch.arange(mel.shape[2], device=x.device) * self.hop
        lengths = torch.full((len(x),), x.shape[1], device=x.device) if mask is None else mask.sum(1)
        heard = frames < lengths[:, None]  # (B, frames)
        weight = heard[:, None].float()
        count = weight.sum(2, keepdim=True) * mel.shape[1]
        mean = (mel * weight).sum((1, 2), keepdim=True) / count
        spread = (((mel - mean) * weight).square().sum((1, 2), keepdim=True) / count).sqrt()
        mel = (mel - mean) / (spread + 1e-3)
        if self.training:
            mel = hide_bands(mel, 1, 0.2)
        return Signal((mel * weight).transpose(1, 2), "sequence", heard)


MODALITY = Speech()
