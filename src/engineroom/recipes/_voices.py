"""Voices made by our own code, plainly synthetic: a buzzing source through the resonances of vowels (formant synthesis, Klatt 1980)."""

from __future__ import annotations

from typing import Any

RATE = 8_000
VOWELS = {"a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410), "u": (300, 870, 2240)}  # Peterson & Barney 1952
CONSONANTS = ("s", "t", "m", "")


def syllable(sound: str, vowel: str, pitch: float, rng: Any):
    """(T,) float: a consonant and a vowel of about a third of a second."""
    import numpy as np
    from scipy.signal import lfilter

    length = int(RATE * rng.uniform(0.16, 0.3))
    time = np.arange(length) / RATE
    phase = np.cumsum(pitch * (1 + 0.08 * np.sin(2 * np.pi * 3 * time + rng.uniform(0, 6)) - 0.2 * time)) / RATE
    source = 2 * (phase % 1) - 1 + 0.03 * rng.standard_normal(length)
    for formant in VOWELS[vowel]:
        centre, wide = formant * rng.uniform(0.95, 1.05), 60 + 0.05 * formant
        radius = np.exp(-np.pi * wide / RATE)
        source = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * min(centre, 3_800) / RATE), radius**2], source)
    voiced = source * np.hanning(length) ** 0.5
    voiced /= np.abs(voiced).max() + 1e-9
    hiss = rng.standard_normal(int(RATE * (0.09 if sound == "s" else 0.02)))
    before = {"s": np.diff(hiss, prepend=0) * 0.15, "t": hiss * 0.4, "m": voiced[: RATE // 16] * 0.3, "": hiss[:0]}[sound]
    return np.concatenate([before, voiced])
