"""Who is who, what is like what: faces, photos, voices, products. Learns likeness, so that new people need no new
training."""

from __future__ import annotations

from ._base import Recipe


def glyphs():
    """40 invented signs, each drawn 12 times by a shaky hand: lines between random corners, moved, turned and thickened
    anew."""
    import numpy as np
    import polars as pl
    from PIL import Image, ImageDraw

    rng = np.random.default_rng(0)
    pictures, names = [], []
    for sign in range(40):
        corners = rng.uniform(10, 38, (5, 2))
        for _ in range(12):
            turn, moved = rng.normal(0, 0.12), corners + rng.normal(0, 1.5, (5, 2)) - 24
            spun = (
                moved @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
                + 24
                + rng.normal(0, 2, 2)
            )
            image = Image.new("L", (48, 48))
            ImageDraw.Draw(image).line([tuple(p) for p in spun], fill=255, width=int(rng.integers(2, 5)))
            pictures.append(np.clip(np.asarray(image) + rng.normal(0, 25, (48, 48)), 0, 255).astype(np.uint8))
            names.append(f"sign {sign}")
    return pl.DataFrame({"picture": pl.Series(np.stack(pictures)), "sign": names})


RECIPE = Recipe(
    title="Recognise and find again: faces, photos, voices",
    story="Learns what makes two rows the same one, and is tested on identities it never saw. Afterwards: engineroom "
    "enrol RUN PHOTOS, "
    "engineroom unlock RUN PHOTO, engineroom search RUN PHOTO. How many strangers may be let in: --set "
    "options.false_accept_rate=0.001",
    data="a folder per person or thing, or a table with --target naming who it is; several rows each",
    answers="the embedding of each row; search and unlock write names and similarities",
    target="sign",
    demo=glyphs,
    settings={"task": "metric_learning", "split": {"test": 0.25, "val": 0.2}},
    expect="equal error rate 0.21 in a minute on a busy machine, as good as HOG's 0.19",
)
