"""Spoken commands in a small language of our own, by synthetic voices: a wake word, what is wanted, and its slots; some
are said to nobody."""

from __future__ import annotations

import json
from typing import Any

from .synthetic_voices import RATE, aside, syllable

GRAMMAR = json.dumps(
    {
        "wake": "sami",
        "intents": {
            "light": ["tumo {room} {switch}"],
            "heat": ["tesi {room} {switch}"],
            "timer": ["mato {number}"],
            "music": ["soti {switch}"],
        },
        "slots": {"room": ["mimo", "sate", "tosu"], "switch": ["esu", "omi"], "number": ["osa", "emo", "ute", "isi"]},
    }
)
CALLED = 0.75  # share of commands that the wake word precedes
NOISE = (0.01, 0.2)  # deviation; a voice has about 0.15
ROWS = 360


def orders() -> Any:
    """360 recordings in several voices and more or less noise; the words of the language are pairs of syllables."""
    import numpy as np
    import polars as pl
    import soundfile

    rng, grammar = np.random.default_rng(0), json.loads(GRAMMAR)
    folder = aside("orders")
    paths, texts = [], []
    for k in range(ROWS):
        form = str(rng.choice([form for forms in grammar["intents"].values() for form in forms]))
        words = [
            str(rng.choice(grammar["slots"][word[1:-1]])) if word.startswith("{") else word for word in form.split()
        ]
        words = [grammar["wake"], *words] if rng.random() < CALLED else words
        pitch, parts = rng.uniform(90, 220), [np.zeros(int(0.1 * RATE))]
        for word in words:
            parts += [0.5 * syllable(*one, pitch, rng) for one in halves(word)] + [
                np.zeros(int(rng.uniform(0.05, 0.2) * RATE))
            ]
        wave = np.concatenate(parts)
        paths.append(str(folder / f"order{k:03d}.wav"))
        texts.append(" ".join(words))
        soundfile.write(paths[-1], (wave + rng.normal(0, rng.uniform(*NOISE), len(wave))).clip(-1, 1), RATE)
    return pl.DataFrame({"recording": paths, "text": texts})


def halves(word: str) -> list[tuple[str, str]]:
    """Consonant and vowel of each syllable: sami → s a, m i; esu → e, s u."""
    out, consonant = [], ""
    for letter in word:
        if letter in "aeiou":
            out.append((consonant, letter))
            consonant = ""
        else:
            consonant = letter
    return out
