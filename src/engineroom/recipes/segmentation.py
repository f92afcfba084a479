"""Which class is every pixel of? On generated pictures of shapes."""

from __future__ import annotations

from ._base import Recipe


def shapes():
    """240 noisy pictures of discs, squares and bars, and a mask for each: 0 ground, 1 disc, 2 square, 3 bar."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    row, column = np.mgrid[:64, :64]
    pictures, masks = [], []
    for _ in range(240):
        light = (
            rng.uniform(40, 200, 3)[:, None, None]
            + rng.uniform(-1, 1, 3)[:, None, None] * row
            + rng.uniform(-1, 1) * column
        )
        mask = np.zeros((64, 64), np.uint8)
        for _ in range(rng.integers(2, 5)):
            kind, (y, x), size = rng.integers(1, 4), rng.uniform(8, 56, 2), rng.uniform(5, 12)
            ratio = {1: 1.0, 2: 1.0, 3: 0.3}[int(kind)]
            inside = (
                np.hypot(row - y, column - x) < size
                if kind == 1
                else (abs(row - y) < size * ratio) & (abs(column - x) < size)
            )
            mask[inside] = kind
            light = np.where(inside, rng.uniform(20, 235, 3)[:, None, None], light)
        pictures.append((light + rng.normal(0, 18, light.shape)).clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
        masks.append(mask)
    return pl.DataFrame({"image": pl.Series(np.stack(pictures)), "mask": pl.Series(np.stack(masks))})


RECIPE = Recipe(
    title="Say for every pixel what it shows",
    story="A U-Net gives each pixel a class; beside it, boosted trees look at the colours and edges around each pixel. "
    "Say which classes do not count (--set options.ignore=11) and what they are called (--set "
    "options.names=Sky,Road,Car).",
    data="a folder of pictures beside a folder of masks of the same names (train/ and test/ inside, if you like), or "
    "a table with both and --target",
    answers="-o FOLDER: a PNG mask a picture, in its size; -o out.csv: the classes in each picture and their shares "
    "of it",
    target="mask",
    demo=shapes,
    settings={"task": "segmentation"},
    expect="mean IoU 0.60 in one minute on a busy machine; trees over what surrounds each pixel 0.45",
)
