"""Videos to classes, on generated clips: which way does the shape go?"""

from __future__ import annotations

from ._base import Recipe

WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


def clips(each: int = 70, frames: int = 12, side: int = 40):
    """Discs and squares of random size and pace on noise, seen anywhere, moving in four ways."""
    import numpy as np
    import polars as pl

    rng, (y, x), videos = np.random.default_rng(0), np.mgrid[:side, :side], []
    for way in WAYS.values():
        for _ in range(each):
            centre, radius, pace, square = (
                rng.uniform(12, side - 12, 2),
                rng.uniform(3, 7),
                rng.uniform(0.5, 1.6),
                rng.random() < 0.5,
            )
            clip = rng.integers(0, 130, (frames, side, side, 1), dtype=np.uint8)
            for t in range(frames):
                down, right = centre + pace * (t - frames / 2) * np.array(way)
                far = np.maximum(abs(y - down), abs(x - right)) if square else np.hypot(y - down, x - right)
                clip[t, far <= radius, 0] = rng.integers(120, 220)
            videos.append(clip)
    return pl.DataFrame({"clip": pl.Series(np.stack(videos)), "way": [name for name in WAYS for _ in range(each)]})


RECIPE = Recipe(
    title="Sort videos into classes",
    story="Sixteen frames of each video, evenly taken: a convolutional net looks at each and at what changed, a "
    "recurrent one follows in time. "
    "With --model cnn3d convolutions run over space and time at once.",
    data="a folder per class of mp4, avi, mov, mkv or webm files, or a table with a column of their names and --target",
    answers="CSV: prediction, probability, one probability a class",
    target="way",
    demo=clips,
    settings={},
    expect="accuracy 1.0; frame differences and HOG 0.57",
)
