"""What is said in recordings, and when. On strings of synthetic syllables that our own code speaks."""

from __future__ import annotations

from ._base import Recipe

WORDS = {"sa": ("s", "a"), "ti": ("t", "i"), "mu": ("m", "u"), "o": ("", "o"), "te": ("t", "e"), "si": ("s", "i"), "ma": ("m", "a"), "tu": ("t", "u")}


def strings():
    """320 recordings of one to five syllables out of eight, in several voices, with pauses and a little noise."""
    import tempfile
    from pathlib import Path

    import numpy as np
    import polars as pl
    import soundfile

    from ._voices import RATE, syllable

    rng = np.random.default_rng(0)
    folder = Path(tempfile.mkdtemp(prefix="engineroom-syllables-"))
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


RECIPE = Recipe(
    title="Write down what is said, and when",
    story="Convolutions and an LSTM give every unit a chance at every moment (CTC); a prefix beam search with a bigram of the transcripts reads it. Units are words where "
    "few are used, else characters (--set options.units=characters). Beside it: hidden Markov models with Gaussian states.",
    data="a table with a column of recordings and one of what is said in them (--target COLUMN)",
    answers="-o out.csv: the text and the moments of its words; -o out.srt: subtitles; -o out.ctm: time-marked words",
    target="text",
    demo=strings,
    settings={"task": "transcription"},
    minutes=1.5,
)
