"""Voices made by our own code, plainly synthetic: a buzzing source through the resonances of vowels (formant synthesis,
Klatt 1980)."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

RATE = 8_000
# Peterson & Barney 1952
VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
CONSONANTS = ("s", "t", "m", "")


def aside(name: str) -> Path:
    """A folder for recordings, until this process ends: what a run learns of them stays in its own directory."""
    folder = tempfile.mkdtemp(prefix=f"engineroom-{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


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
        source = lfilter(
            [1 - radius], [1, -2 * radius * np.cos(2 * np.pi * min(centre, 3_800) / RATE), radius**2], source
        )
    voiced = source * np.hanning(length) ** 0.5
    voiced /= np.abs(voiced).max() + 1e-9
    hiss = rng.standard_normal(int(RATE * (0.09 if sound == "s" else 0.02)))
    before = {"s": np.diff(hiss, prepend=0) * 0.15, "t": hiss * 0.4, "m": voiced[: RATE // 16] * 0.3, "": hiss[:0]}[
        sound
    ]
    return np.concatenate([before, voiced])


def voices() -> Any:
    """120 mumbled sentences of synthetic syllables, each a WAV file in a temporary folder."""
    import numpy as np
    import polars as pl
    import soundfile

    rng = np.random.default_rng(0)
    folder = aside("voices")
    paths = []
    for k in range(120):
        pitch, parts = rng.uniform(85, 230), []
        for _ in range(int(rng.integers(6, 12))):
            parts += [
                syllable(str(rng.choice(CONSONANTS)), str(rng.choice(list(VOWELS))), pitch, rng),
                np.zeros(int(rng.uniform(0, 0.12) * RATE)),
            ]
        paths.append(str(folder / f"voice{k:03d}.wav"))
        soundfile.write(paths[-1], 0.5 * np.concatenate(parts), RATE)
    return pl.DataFrame({"clean": paths})


WORDS = {
    "sa": ("s", "a"),
    "ti": ("t", "i"),
    "mu": ("m", "u"),
    "o": ("", "o"),
    "te": ("t", "e"),
    "si": ("s", "i"),
    "ma": ("m", "a"),
    "tu": ("t", "u"),
}


def strings() -> Any:
    """320 recordings of one to five syllables out of eight, in several voices, with pauses and a little noise."""
    import numpy as np
    import polars as pl
    import soundfile

    rng = np.random.default_rng(0)
    folder = aside("syllables")
    paths, texts = [], []
    for k in range(320):
        words, pitch = rng.choice(list(WORDS), int(rng.integers(1, 6))).tolist(), rng.uniform(90, 220)
        parts = [np.zeros(int(0.1 * RATE))]
        for word in words:
            parts += [0.5 * syllable(*WORDS[word], pitch, rng), np.zeros(int(rng.uniform(0.03, 0.2) * RATE))]
        wave = np.concatenate(parts)
        paths.append(str(folder / f"string{k:03d}.wav"))
        texts.append(" ".join(words))
        soundfile.write(paths[-1], (wave + rng.normal(0, 0.01, len(wave))).clip(-1, 1), RATE)
    return pl.DataFrame({"recording": paths, "text": texts})


def readings() -> Any:
    """240 sentences of two to six syllables out of twelve, all in one voice that never hurries."""
    import numpy as np
    import polars as pl
    import soundfile

    rng = np.random.default_rng(0)
    known = {**WORDS, "mo": ("m", "o"), "so": ("s", "o"), "ta": ("t", "a"), "e": ("", "e")}
    folder = aside("readings")
    paths, texts = [], []
    for k in range(240):
        words = rng.choice(list(known), int(rng.integers(2, 7))).tolist()
        parts = [
            part for word in words for part in (0.5 * syllable(*known[word], 120.0, rng), np.zeros(int(0.06 * RATE)))
        ]
        paths.append(str(folder / f"reading{k:03d}.wav"))
        texts.append(" ".join(words))
        soundfile.write(paths[-1], np.concatenate(parts).clip(-1, 1), RATE)
    return pl.DataFrame({"recording": paths, "text": texts})
