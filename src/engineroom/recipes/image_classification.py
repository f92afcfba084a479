"""Pictures to classes, on scikit-learn's handwritten digits."""

from __future__ import annotations

from ._base import Recipe


def digits():
    """1,797 pictures of 8 × 8 pixels and what they show."""
    import numpy as np
    import polars as pl
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = (data.images * (255 / 16)).astype(np.uint8)
    return pl.DataFrame({"image": pl.Series(pixels), "digit": [str(d) for d in data.target]})


RECIPE = Recipe(
    title="Sort pictures into classes",
    story="A convolutional net learns what each kind of picture has in common; beside it a classical one looks at "
    "edges and colours.",
    data="a folder per class, or a table with a picture column and --target",
    answers="CSV: prediction, probability, one probability a class",
    target="digit",
    demo=digits,
    settings={},
    expect="accuracy 0.986 in one minute; the baseline about the same",
)
