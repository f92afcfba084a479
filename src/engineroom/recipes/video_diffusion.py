"""Short clips out of noise: shapes that move as they are asked to."""

from __future__ import annotations

from ._base import Recipe
from .video_classification import WAYS


def clips(each: int = 180, frames: int = 8, side: int = 16):
    """Squares and rings of random size, light and pace, anywhere, each moving in one of four ways; edges are soft, so
    that half a pixel counts."""
    import numpy as np
    import polars as pl

    rng, (y, x), made, kinds = (
        np.random.default_rng(0),
        np.mgrid[:side, :side],
        [],
        [(shape, way) for shape in ("square", "ring") for way in WAYS],
    )
    for shape, way in kinds:
        for _ in range(each):
            radius, pace, light, turn = (
                rng.uniform(2, 3.2),
                rng.uniform(0.5, 1),
                rng.uniform(150, 255),
                np.array(WAYS[way]),
            )
            low, path = np.full(2, radius), pace * (frames - 1) * turn
            start = rng.uniform(low - np.minimum(path, 0), side - 1 - radius - np.maximum(path, 0))
            clip = np.zeros((frames, side, side, 1), np.uint8)
            for t in range(frames):
                down, right = start + pace * t * turn
                inside = (
                    radius - np.maximum(abs(y - down), abs(x - right))
                    if shape == "square"
                    else 0.7 - abs(np.hypot(y - down, x - right) - radius)
                )
                clip[t, :, :, 0] = light * np.clip(inside + 0.5, 0, 1)
            made.append(clip)
    return pl.DataFrame(
        {"clip": pl.Series(np.stack(made)), "kind": [f"{shape} {way}" for shape, way in kinds for _ in range(each)]}
    )


RECIPE = Recipe(
    title="Make short clips like these",
    story="A network learns to see whole clips under any amount of noise; begun with nothing but noise it makes new "
    "ones, of the kind that is asked for. "
    "--set options.frames=12 and options.image_size=32 make them longer and larger, and learning slower. The report "
    "shows them moving and frame by frame, and whether they are copies.",
    data="a folder per class of mp4, avi, mov, mkv or webm files, or a table with a column of their names",
    answers="GIF films, one a row of conditions; -o clips.gif or clips.mp4: all side by side",
    target="clip",
    demo=clips,
    settings={
        "task": "video_diffusion",
        "options": {"condition_on": "auto"},
        "model": {"ensemble_size": 1, "dropout": 0.0},
        "train": {"patience": 40},
    },
    minutes=1.4,
    expect="whole squares and rings that move steadily in most clips, of the shape and on the way that was asked for",
)
