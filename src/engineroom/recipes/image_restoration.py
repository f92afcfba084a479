"""Larger, cleaner, more colourful: pictures given back what they lost. On two photographs that come with
scikit-learn."""

from __future__ import annotations

from ._base import Recipe


def photographs():
    """A temple and a flower in 108 parts of 70 × 70 pixels; the right-hand side of each is the test."""
    import numpy as np
    import polars as pl
    from sklearn.datasets import load_sample_images

    parts, splits = [], []
    for picture in load_sample_images().images:
        for top in range(0, 6 * 70, 70):
            for left in range(0, 9 * 70, 70):
                parts.append(picture[top : top + 70, left : left + 70])
                splits.append("test" if left >= 7 * 70 else "train")
    return pl.DataFrame({"picture": pl.Series(np.stack(parts)), "split": splits})


RECIPE = Recipe(
    title="Enlarge pictures, take their noise away, give them colour",
    story="Good pictures are damaged by our own code as training goes on, so that what they were is known; a "
    "convolutional network (EDSR) learns to undo it. "
    "--set options.degradation=x2, x3 or x4 (shrunk so many times), noise, or grey. Beside it: bicubic interpolation "
    "with back-projection; shrunken cosine "
    "transforms for noise.",
    data="a folder of good pictures of any size (train/ and test/ inside, if you like), or a table with their paths",
    answers="-o FOLDER: a PNG a picture, of any size",
    target="picture",
    demo=photographs,
    settings={"task": "image_restoration"},
    minutes=1.5,
    expect="with 91 real photographs and five minutes: 37.3 dB at x2, where back-projection has 34.9 and bicubic "
    "interpolation 33.7",
)
