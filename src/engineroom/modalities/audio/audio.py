"""A column of recordings: resampled to one rate, kept as int16 of one length; the log-mel picture is a layer, on
tensors."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...layers.augment import hide_stretch
from ...layers.mel_spectrogram import LogMel, overall
from .._base import Base, each_cell, mostly
from .._file_extensions import AUDIO_ENDINGS, as_pattern
from ._audio_decoding import open_sound

SAMPLE, HEARD = 400, 64  # recordings of which the length, and the loudness, is looked at
FULL = 0.9 * 32767  # the loudest sample
LOUD_APART = 20.0  # dB between the softest and the loudest of the training rows from which it is worth a word
COUNTED = 20_000  # recordings whose length is looked at
HIGHEST_RATE = 16_000  # Hz; speech and most events live below 8 kHz


class Audio(Base):
    needs_value = True
    layouts = ("grid", "sequence")
    signal_type = "picture"
    backbones = ("cnn", "transformer", "rnn", "mlp")

    def detect(self, values: pl.Series) -> float:
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls().head(200)
        return 0.98 if len(known) and mostly(known, as_pattern(AUDIO_ENDINGS)) else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        known = values.drop_nulls().to_list()
        picked = known[:: max(1, len(known) // SAMPLE)]
        damaged: dict[int, str] = {}
        facts = [f for f in each_cell(picked, describe, damaged, np.zeros(0)) if len(f)]
        if not facts:
            return {"rate": HIGHEST_RATE, "samples": HIGHEST_RATE, "seconds": limits.seconds}
        rates, seconds = np.array(facts).T
        rate = int(min(HIGHEST_RATE, np.median(rates)))
        length = min(limits.seconds, float(np.quantile(seconds, 0.95)))
        state: dict[str, Any] = {"rate": rate, "samples": max(400, int(length * rate)), "seconds": limits.seconds}
        return state if limits.scale == "each" else state | levels(picked[:: max(1, len(picked) // HEARD)], state)

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, samples) int16, mono; shorter recordings are followed by silence."""
        rate, samples = state["rate"], state["samples"]

        def work(cell: Any) -> np.ndarray:
            wave = decode(cell, rate=rate, seconds=samples / rate)[:samples]
            out = np.zeros(samples, np.int16)
            out[: len(wave)] = (scaled(wave, state) * 32767).astype(np.int16)
            return out

        return np.stack(each_cell(values.to_list(), work, damaged, np.zeros(samples, np.int16)))

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """Each recording starts a little earlier or later (up to a tenth), louder or softer, with a trace of noise
        below it."""
        x = fields[""].float()
        peak = x.abs().amax(1, keepdim=True) / FULL
        B, T = x.shape
        moves = (torch.rand(B, 1, generator=generator) * 2 - 1) * 0.1 * T
        index = torch.arange(T) - moves.long()
        x = torch.gather(x, 1, index.clamp(0, T - 1)) * ((index >= 0) & (index < T))
        gain = 10 ** ((torch.rand(B, 1, generator=generator) * 12 - 6) / 20)
        noise = torch.randn(B, T, generator=generator) * 10 ** (torch.rand(B, 1, generator=generator) * 1.5)
        return {**fields, "": x * gain + noise * peak.clamp(max=1.0)}

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """As `augment`, and a stretch is silent."""
        own = self.augment(fields, states[0], generator)
        return {**own, "": hide_stretch(own[""], generator)}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return LogMel(states[0]["rate"], layout=layout, width=width, loudness=states[0].get("loudness"))

    def notices(self, values: pl.Series, state: State) -> list[str]:
        cut = cut_recordings(values, state["samples"] / state["rate"])
        longest = state["samples"] / state["rate"]
        fix = "" if longest < state["seconds"] else f" (limits.seconds={state['seconds']:g})"
        found = (
            [f"{cut:,} of {len(values):,} recordings are longer than {longest:.3g} s{fix}; the rest is not heard."]
            if cut
            else []
        )
        spread = state.get("spread", 0.0)
        if spread > LOUD_APART:
            found.append(
                f"Recordings differ by {spread:.0f} dB in loudness, which is kept; --set limits.scale=each makes all "
                "equally loud."
            )
        return found

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.shape[1] == state["samples"]

    def to_html(self, value: Any, state: State) -> str:
        """A player (the first seconds, as a WAV inside the page) and the waveform."""
        import soundfile

        rate = state.get("rate", HIGHEST_RATE)
        try:
            wave = decode(value, rate=rate, seconds=4.0)
        except (OSError, ValueError, RuntimeError):
            return "<em>unreadable recording</em>"
        buffer = io.BytesIO()
        soundfile.write(buffer, wave, rate, format="OGG", subtype="VORBIS")
        sound = base64.b64encode(buffer.getvalue()).decode()
        name = html.escape(str(value).rsplit("/", 1)[-1][-60:])
        return (
            f'{waveform(wave)}<audio controls preload="none" '
            f'src="data:audio/ogg;base64,{sound}"></audio><small>{name}</small>'
        )


def decode(cell: Any, *, rate: int, seconds: float, channel: int = 0) -> np.ndarray:
    """A path or encoded bytes → (T,) float32 mono at `rate` Hz, the first `seconds` only (the rest is never read); a
    `channel` from 1 on, or 0: their mean.

    Raises OSError, RuntimeError or ValueError with a plain reason.
    """
    import soxr

    with open_sound(cell) as file:
        wave = file.read(int(seconds * file.samplerate) + 1, dtype="float32", always_2d=True)
        wave = wave[:, min(channel, wave.shape[1]) - 1] if channel else wave.mean(1)
        if not len(wave):
            raise ValueError("holds no sound (0 samples)")
        if not np.isfinite(wave).all():
            raise ValueError("holds samples that are no numbers")
        return soxr.resample(wave, file.samplerate, rate) if file.samplerate != rate else wave


def describe(cell: Any) -> np.ndarray:
    """(2,): rate in Hz, length in seconds; reads the header alone."""
    with open_sound(cell) as file:
        return np.array([file.samplerate, file.frames / file.samplerate])


def levels(cells: Sequence[Any], state: State) -> dict[str, Any]:
    """The column's one scale: `gain` that brings its loudest recording to the full range, mean and spread of
    `loudness`, decibels between the softest and the loudest."""
    waves = [
        wave
        for wave in each_cell(
            cells,
            lambda cell: decode(cell, rate=state["rate"], seconds=state["samples"] / state["rate"]),
            {},
            np.zeros(0),
        )
        if len(wave)
    ]
    peaks = np.array([float(np.abs(wave).max()) for wave in waves if np.abs(wave).max() > 1e-6])
    if not len(peaks):
        return {"gain": 1.0, "loudness": [0.0, 1.0], "spread": 0.0}
    gain = float(0.9 / peaks.max())
    frames = LogMel(state["rate"])
    heard = [float(overall(frames.mel(torch.from_numpy(wave * gain * 32767)[None].float()))) for wave in waves]
    return {
        "gain": round(gain, 6),
        "loudness": [round(float(np.mean(heard)), 4), round(max(1.0, float(np.std(heard))), 4)],
        "spread": round(float(20 * np.log10(peaks.max() / peaks.min())), 1),
    }


def scaled(wave: np.ndarray, state: State) -> np.ndarray:
    """(T,) at the column's scale, or at its own where the state has none."""
    peak = float(np.abs(wave).max(initial=0.0))
    gain = state.get("gain") or (0.9 / peak if peak > 1e-6 else 1.0)
    return (wave * gain).clip(-1.0, 1.0)


def cut_recordings(values: pl.Series, longest: float) -> int:
    """How many recordings go on after `longest` seconds."""
    cells = values.drop_nulls().head(COUNTED).to_list()
    return sum(
        len(facts) == 2 and float(facts[1]) > longest + 0.05 for facts in each_cell(cells, describe, {}, np.zeros(0))
    )


def waveform(wave: np.ndarray, width: int = 240, height: int = 48) -> str:
    """The outline of a sound as a small SVG."""
    parts = np.array_split(wave, min(width // 2, max(1, len(wave))))
    peak = max(1e-6, float(np.abs(wave).max(initial=0.0)))
    bars = "".join(
        f"M{2 * i} "
        f"{height / 2 * (1 - np.abs(p).max(initial=0) / peak):.1f}V"
        f"{height / 2 * (1 + np.abs(p).max(initial=0) / peak):.1f}"
        for i, p in enumerate(parts)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="waveform"><path d="{bars}" '
        'stroke="currentColor" '
        'stroke-width="1.4" fill="none"/></svg>'
    )


MODALITY = Audio()
