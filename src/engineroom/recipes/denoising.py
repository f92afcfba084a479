"""Speech without the noise around it. On voices and noise that our own code makes."""

from __future__ import annotations

from ._base import Recipe


def voices():
    """60 mumbled sentences of synthetic syllables, each a WAV file in a temporary folder."""
    import tempfile
    from pathlib import Path

    import numpy as np
    import polars as pl
    import soundfile

    from ._voices import CONSONANTS, RATE, VOWELS, syllable

    rng = np.random.default_rng(0)
    folder = Path(tempfile.mkdtemp(prefix="engineroom-voices-"))
    paths = []
    for k in range(60):
        pitch, parts = rng.uniform(85, 230), []
        for _ in range(int(rng.integers(6, 12))):
            parts += [syllable(str(rng.choice(CONSONANTS)), str(rng.choice(list(VOWELS))), pitch, rng), np.zeros(int(rng.uniform(0, 0.12) * RATE))]
        paths.append(str(folder / f"voice{k:02d}.wav"))
        soundfile.write(paths[-1], 0.5 * np.concatenate(parts), RATE)
    return pl.DataFrame({"clean": paths})


RECIPE = Recipe(
    title="Take the noise out of speech",
    story="Clean recordings and noise are mixed anew in every batch, at any level, so that data are never used up; a recurrent network (GRU) opens and closes a gate for "
    "every band of every frame, and never looks ahead: it also works as a stream. Beside it: Wiener's filter over minimum statistics. Without recordings of noise, noise is made.",
    data="folders speech/ and noise/ of recordings (train/ and test/ around them, if you like), or a folder of clean recordings alone; "
    "--set options.noise=NAME says what the noise is called",
    answers="-o FOLDER: a WAV a recording; -o out.csv: how long and loud it is, and what was odd about it",
    target="clean",
    demo=voices,
    settings={"task": "denoising"},
    minutes=1.5,
)
