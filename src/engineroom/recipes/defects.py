"""Pictures of things that should all look alike: what is odd about one of them, and where? Learnt from good ones
only."""

from __future__ import annotations

from ._base import Recipe


def cloth():
    """Made-up woven cloth, 64 × 64; one piece in five has a pulled thread, a stain or a piece woven the other way."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:64, 0:64]
    pictures, states = (
        [],
        [("good", "good", "good", "good", ("thread", "stain", "turned")[i // 5 % 3])[i % 5] for i in range(400)],
    )
    for state in states:
        a, b = rng.uniform(0, 2 * np.pi, 2)
        plain = 120 + 30 * np.sin(0.9 * (x + y) + a) + 20 * np.sin(0.9 * (x - y) + b)
        row, column, size = rng.integers(16, 48), rng.integers(16, 48), rng.uniform(4, 9)
        inside = (y - row) ** 2 + (x - column) ** 2 < size**2
        along = (np.abs(y - row - 3 * np.sin(x / 7)) < 1) & (np.abs(x - column) < 3 * size)
        odd = {
            "thread": np.where(along, 190, plain),
            "stain": np.where(inside, plain - 45, plain),
            "turned": np.where(inside, plain[:, ::-1], plain),
        }
        plain = odd.get(state, plain)
        light = rng.uniform(0.9, 1.1) + 0.1 * (x - 32) / 64
        pictures.append(np.clip(light * plain + rng.normal(0, 8, plain.shape), 0, 255).astype(np.uint8))
    return pl.DataFrame({"picture": pl.Series(np.stack(pictures)), "state": states})


RECIPE = Recipe(
    title="Find flaws in pictures, and where they are",
    story="Learns what good pictures look like by marking flaws that are made on them; a heat map says where a "
    "picture is odd. Pictures of known flaws "
    "(folders beside that of the good ones, --set options.normal=FOLDER) only judge; --set "
    "options.false_alarm_rate=0.01 is the share of good ones that may alarm.",
    data="a folder of pictures, or a folder for each state of the thing (good, scratched, …)",
    answers="CSV: prediction, score, alarm; or a folder of heat maps as PNG",
    target="state",
    demo=cloth,
    settings={"task": "anomaly_detection", "model": {"size": "small"}},
    minutes=1.5,
    expect="roc_auc 0.9998, where hand-made descriptors of each place reach 0.878",
)
