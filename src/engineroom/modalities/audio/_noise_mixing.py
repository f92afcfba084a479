"""Clean sound and noise, mixed by a cell's own word or anew in every batch; recordings of any length as ragged rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base
from .audio import decode

LONGEST = 3_600.0  # seconds of a recording that is asked about
SECONDS = 8.0  # of a recording that teaches or judges
LOUDEST = 0.9  # of what int16 holds
MADE = "made"  # in place of a recording of noise: noise made by chance


class Sounds(Base):
    """A sound that is the answer to another, at the rate at which that one is heard."""

    paired_with = "steps"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {}

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        return {**state, "rate": other.get("rate", 8_000)}

    def to_html(self, value: Any, state: State) -> str:
        return ""


def mixed(cell: Mapping[str, Any], rate: int) -> np.ndarray:
    """A cell {source, noise, part, level, least, chance} → (T, 2) int16: clean, and with noise `level` dB below it over
    the whole. A recording of fewer than
    `least` seconds has noise alone before and after it."""
    rng = np.random.default_rng([11, int(cell["chance"])])
    clean = decode(cell["source"], rate=rate, seconds=SECONDS)
    silent = max(0, int(cell["least"] * rate) - len(clean))
    before = int(rng.integers(silent + 1))
    whole = np.pad(clean, (before, silent - before))
    noise = stretch(cell["noise"], cell["part"], len(whole), rate, rng)
    return as_int16(*at_level(whole, noise, float(cell["level"]), loudness(whole)))


def stretch(
    noise: str, part: tuple[float, float] | list[float], samples: int, rate: int, rng: np.random.Generator
) -> np.ndarray:
    """(samples,) anywhere in the given part of a recording of noise, or of noise made now."""
    if noise == MADE:
        return made(samples, rate, rng)
    whole = noise_of(noise, rate)
    held = whole[int(part[0] * len(whole)) : int(part[1] * len(whole))]
    held = held if len(held) else whole
    held = np.tile(held, -(-(samples + 1) // len(held))) if len(held) <= samples else held
    start = int(rng.integers(len(held) - samples))
    return held[start : start + samples]


@lru_cache(maxsize=64)
def noise_of(path: str, rate: int) -> np.ndarray:
    return decode(path, rate=rate, seconds=120.0)


def made(samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of a random colour, with a hum in every other."""
    slope = rng.uniform(0, 1.2)
    bands = np.fft.rfft(rng.standard_normal(samples)) / np.maximum(np.arange(samples // 2 + 1), 1) ** slope
    noise = np.fft.irfft(bands, samples)
    noise /= max(1e-9, noise.std())
    if rng.random() < 0.5:
        tone = rng.uniform(50, 300) * np.arange(samples) / rate
        noise = noise + rng.uniform(0.3, 1.5) * np.sin(2 * np.pi * tone)
    return noise.astype(np.float32)


def at_level(clean: np.ndarray, noise: np.ndarray, level: float, loud: float) -> tuple[np.ndarray, np.ndarray]:
    """(clean, clean + noise so that the clean sound, which is `loud`, is `level` dB above it)."""
    scale = loud / max(1e-9, loudness(noise)) * 10 ** (-level / 20)
    return clean, clean + scale * noise


def loudness(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if len(wave) else 0.0


def as_int16(clean: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """(T, 2) int16, both by one factor, so that neither is clipped."""
    both = np.stack([clean, noisy], 1)
    return (both * (32767 * LOUDEST / max(1e-6, float(np.abs(both).max(initial=0.0))))).astype(np.int16)


def ragged(rows: list[np.ndarray], columns: tuple[int, ...] = ()) -> Ragged:
    """(T, …) int16 each → one ragged array."""
    flat = np.concatenate(rows) if rows else np.zeros((0, *columns), np.int16)
    return Ragged(flat, np.array([len(row) for row in rows], np.int64))
