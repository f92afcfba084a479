"""A voice for any sentence. On sentences of synthetic syllables that our own code speaks, in one voice."""

from __future__ import annotations

from ._base import Recipe
from ._data.synthetic_voices import readings

RECIPE = Recipe(
    title="Speak sentences in a voice that was recorded",
    story="Every letter is three states; an LSTM over the sentence says how each begins to sound, how that changes, "
    "and how long it lasts; which frame of a recording belongs to which state is searched "
    "anew in every step (Kim et al. 2020), so no letter need be marked. All frames come at once; their phases are "
    "found by going to and fro (Griffin & Lim). Beside it: "
    "recorded words, cut out and joined.",
    data="a table with a column of recordings of one voice (--target COLUMN) and one called text of what is said in "
    "them",
    answers="-o FOLDER: a WAV a sentence; -o out.wav: of one sentence (or generate --prompt SENTENCE -o out.wav); -o "
    "out.csv: how long each letter lasts",
    target="recording",
    demo=readings,
    settings={"task": "text_to_speech"},
    minutes=1.5,
)
