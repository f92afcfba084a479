"""Short clips out of noise: shapes that move as they are asked to."""

from __future__ import annotations

from ._base import Recipe
from .video import WAYS


def clips(each: int = 300, frames: int = 8, side: int = 16):
    """Discs and squares of random size and brightness, each moving in one of four ways; edges are soft, so that half a pixel counts."""
    import numpy as np
    import polars as pl

    rng, (y, x), made = np.random.default_rng(0), np.mgrid[:side, :side], []
    for way in WAYS.values():
        for _ in range(each):
            radius, pace, light, square = rng.uniform(2, 3.5), rng.uniform(0.6, 1.3), rng.uniform(150, 255), rng.random() < 0.5
            centre = rng.uniform(radius, side - 1 - radius, 2) * (np.array(way) == 0) + (side - 1) / 2 * (np.array(way) != 0)
            clip = np.zeros((frames, side, side, 1), np.uint8)
            for t in range(frames):
                down, right = centre + pace * (t - (frames - 1) / 2) * np.array(way)
                far = np.maximum(abs(y - down), abs(x - right)) if square else np.hypot(y - down, x - right)
                clip[t, :, :, 0] = light * np.clip(radius - far + 0.5, 0, 1)
            made.append(clip)
    return pl.DataFrame({"clip": pl.Series(np.stack(made)), "way": [name for name in WAYS for _ in range(each)]})


RECIPE = Recipe(
    title="Make short clips like these",
    story="A network learns to see whole clips under any amount of noise; begun with nothing but noise it makes new ones, of the kind that is asked for. "
    "--set options.frames=12 and options.pixels=32 make them longer and larger, and learning slower. The report shows them moving and frame by frame, and whether they are copies.",
    data="a folder per class of mp4, avi, mov, mkv or webm files, or a table with a column of their names",
    answers="GIF films, one a row of wishes; -o clips.gif or clips.mp4: all side by side",
    target="clip",
    demo=clips,
    settings={"task": "animation", "options": {"by": "auto"}, "model": {"members": 1, "dropout": 0.0}, "train": {"patience": 40}},
    minutes=1.8,
    expect="TBD",
)
