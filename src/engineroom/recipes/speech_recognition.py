"""What is said in recordings, and when. On strings of synthetic syllables that our own code speaks."""

from __future__ import annotations

from ._base import Recipe
from ._data.synthetic_voices import strings

RECIPE = Recipe(
    title="Write down what is said, and when",
    story="Convolutions and an LSTM give every unit a chance at every moment (CTC); a prefix beam search with a "
    "bigram of the transcripts reads it. Units are words where "
    "few are used, else characters (--set options.units=characters). Beside it: hidden Markov models with Gaussian "
    "states.",
    data="a table with a column of recordings and one of what is said in them (--target COLUMN)",
    answers="-o out.csv: the text and the moments of its words; -o out.srt: subtitles; -o out.ctm: time-marked words",
    target="text",
    demo=strings,
    settings={"task": "speech_recognition"},
    minutes=1.5,
    expect="word error 0.005, hidden Markov models 0.000: on sounds so clean and synthetic the baseline is enough (on "
    "recorded digits 0.011 against 0.029)",
)
