"""Speech without the noise around it. On voices and noise that our own code makes."""

from __future__ import annotations

from ._base import Recipe
from ._data.synthetic_voices import voices

RECIPE = Recipe(
    title="Take the noise out of speech",
    story="Clean recordings and noise are mixed anew in every batch, at any level, so that data are never used up; a "
    "recurrent network (GRU) opens and closes a gate for "
    "every band of every frame, and never looks ahead: it also works as a stream. Beside it: Wiener's filter over "
    "minimum statistics. Without recordings of noise, noise is made.",
    data="folders speech/ and noise/ of recordings (train/ and test/ around them, if you like), or a folder of clean "
    "recordings alone; "
    "--set options.noise=NAME says what the noise is called",
    answers="-o FOLDER: a WAV a recording; -o out.csv: how long and loud it is, and what was odd about it",
    target="clean",
    demo=voices,
    settings={"task": "speech_enhancement"},
    minutes=1.5,
    expect="12.8 dB of SI-SDR gained on voices of our own making, the Wiener filter 1.9",
)
