"""Learn to go on with music: chords as chords, frame by frame. Then it plays, and goes on with a tune of yours."""

from __future__ import annotations

from ._base import Recipe
from ._data.chorales import exercises

RECIPE = Recipe(
    title="Go on with music",
    story="A generative network reads pieces note by note, from high to low, frame by frame, and learns what sounds "
    "next; the report plays what it makes. "
    "Then `engineroom generate RUN --prompt tune.mid -o longer.mid` (or .wav, .png) goes on with a tune of yours. In "
    "training every piece is heard in other "
    "keys too. --model lstm is a recurrent network; --set options.beat=4 says how many frames a quarter note has, "
    "--set options.tempo=90 how fast it is played.",
    data="MIDI files or a folder of them; or JSON: pieces as rows of MIDI pitches, in parts called train, valid and "
    "test",
    answers="generate: MIDI, WAV or a piano roll; CSV: nats a frame of each piece, and the note likeliest to come next",
    target="next",
    demo=exercises,
    settings={"task": "music"},
    minutes=1.5,
    expect="with real chorales and 2,000 steps: 5.2 nats a frame, where the 8-gram of the same notes has 5.9",
)
