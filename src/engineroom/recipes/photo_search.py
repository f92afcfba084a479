"""Words find pictures (or whatever belongs to them): on generated shapes and what they are called."""

from __future__ import annotations

from ._base import Recipe

COLOURS = {
    "red": (220, 50, 40),
    "green": (40, 180, 70),
    "blue": (50, 80, 220),
    "yellow": (230, 210, 40),
    "white": (240, 240, 240),
}
PLACES = {"left": 11, "middle": 24, "right": 37}


def shapes(count: int = 500):
    """Pictures of two shapes and a sentence that says which; the rest of the picture is noise."""
    import numpy as np
    import polars as pl
    from PIL import Image, ImageDraw

    rng, pictures, words = np.random.default_rng(0), [], []
    for _ in range(count):
        image = Image.fromarray(rng.integers(0, 90, (48, 48, 3), dtype=np.uint8))
        said = []
        for place in rng.permutation(list(PLACES))[:2]:
            colour, form = rng.choice(list(COLOURS)), rng.choice(["disc", "square"])
            x, y, r = PLACES[place], int(rng.integers(12, 37)), int(rng.integers(5, 9))
            draw = ImageDraw.Draw(image).ellipse if form == "disc" else ImageDraw.Draw(image).rectangle
            draw((x - r, y - r, x + r, y + r), fill=COLOURS[colour])
            said.append(f"{rng.choice(['a', 'some', 'the'])} {colour} {form} on the {place}")
        pictures.append(np.asarray(image))
        words.append(" and ".join(said))
    return pl.DataFrame({"picture": pl.Series(np.stack(pictures)), "words": words})


RECIPE = Recipe(
    title="Find pictures by words",
    story="Two towers learn one space from pairs. Afterwards: engineroom enrol RUN PHOTOS, engineroom search RUN "
    "QUESTIONS.csv.",
    data="a table with a column to ask with (captions) and one to find (photos): --target names the latter",
    answers="the place of both sides in the common space; search writes names and similarities",
    target="picture",
    demo=shapes,
    settings={"task": "cross_modal_retrieval"},
    expect="recall@10 0.59 of a hundred; linear matching 0.49",
)
