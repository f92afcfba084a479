"""Strings of digits, joined from single spoken ones (fsdd_spoken_digits) with pauses and noise, for transcription.
Takes of the test part are never in the rest.

python bench/spoken_strings.py DIGITS OUT        then: engineroom train OUT/strings.csv --recipe speech_recognition
--target text
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import soundfile

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
COUNTS = {"train": 1_600, "test": 200}
RATE = 8_000
LONGEST = 7  # digits a string
PAUSE = (0.05, 0.4)  # seconds
NOISE = (12.0, 30.0)  # dB of speech above the noise


def clips(folder: Path) -> dict[str, list[tuple[str, np.ndarray]]]:
    """{speaker: [(word, wave)]} of files named DIGIT_SPEAKER_TAKE."""
    found: dict[str, list[tuple[str, np.ndarray]]] = {}
    for path in sorted(folder.glob("*.flac")):
        digit, speaker, _ = path.stem.split("_")
        found.setdefault(speaker, []).append((NAMES[int(digit)], soundfile.read(path, dtype="float32")[0]))
    return found


def string(spoken: list[tuple[str, np.ndarray]], rng: np.random.Generator) -> tuple[str, np.ndarray]:
    picked = [spoken[int(k)] for k in rng.integers(len(spoken), size=int(rng.integers(1, LONGEST + 1)))]
    parts = [np.zeros(int(RATE * 0.1), np.float32)]
    for _, wave in picked:
        parts += [
            wave / max(1e-6, np.abs(wave).max()) * rng.uniform(0.4, 0.8),
            np.zeros(int(RATE * rng.uniform(*PAUSE)), np.float32),
        ]
    whole = np.concatenate(parts)
    colour = np.fft.irfft(
        np.fft.rfft(rng.standard_normal(len(whole)))
        / np.maximum(np.arange(len(whole) // 2 + 1), 1) ** rng.uniform(0, 0.6),
        len(whole),
    )
    noise = colour / colour.std() * np.sqrt(np.mean(whole**2)) * 10 ** (-rng.uniform(*NOISE) / 20)
    return " ".join(word for word, _ in picked), (whole + noise).clip(-1, 1)


def main(digits: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for part, count in COUNTS.items():
        speakers = clips(digits / part)
        (out / part).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            text, wave = string(speakers[sorted(speakers)[k % len(speakers)]], rng)
            path = out / part / f"string{k:04d}.flac"
            soundfile.write(path, wave, RATE)
            rows.append((str(path), text, part))
    with open(out / "strings.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("recording", "text", "split"), *rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
