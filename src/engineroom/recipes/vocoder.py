"""A voice's own vocoder. On sentences of synthetic syllables that our own code speaks, in one voice."""

from __future__ import annotations

from ._base import Recipe
from ._data.synthetic_voices import readings

RECIPE = Recipe(
    title="Turn log-mel frames into sound, in a voice that was recorded",
    story="Recordings teach themselves: only their frames are kept, as synthesis makes them, and the sound is to be "
    "found again. Griffin and Lim's rounds make a first guess; "
    "a small network of one-dimensional convolutions (Vocos) says how every place of its spectrum is to grow and to "
    "turn, and a critic that tells answers from recordings pulls "
    "it to what is real. Beside it: Griffin and Lim alone. Then: engineroom train voice.csv --recipe text_to_speech "
    "--set options.vocoder=runs/vocoder-1",
    data="a folder of recordings, or a table with a column of them (--target COLUMN); one voice is learnt soonest",
    answers="-o FOLDER: a WAV a recording, made of its frames alone; generate --prompt RECORDING -o out.wav",
    target="recording",
    demo=readings,
    settings={"task": "vocoder"},
    minutes=1.5,
    expect="with two minutes of a real voice: spectra 3.6 dB off, where Griffin and Lim alone have 3.7: clear of "
    "chance, and small",
)
