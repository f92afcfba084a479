"""What next, for whom: from everybody's events to a list for each user."""

from __future__ import annotations

from ._base import Recipe

SHELVES = ("crime", "travel", "cooking", "poetry", "space", "history")


def readers():
    """900 readers of 180 books: most stay on one or two shelves, and series are read in their order."""
    import numpy as np
    import polars as pl

    rng, rows = np.random.default_rng(0), []
    for reader in range(900):
        shelves = rng.choice(SHELVES, 2, replace=False, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
        series, volume = int(rng.integers(5)), int(rng.integers(1, 4))
        for day in np.sort(rng.choice(1000, int(rng.integers(5, 14)), replace=False)):
            if rng.random() < 0.25 or volume > 6:  # another series
                series, volume = int(rng.integers(5)), int(rng.integers(1, 4))
                shelves = shelves[::-1] if rng.random() < 0.5 else shelves
            rows.append((f"reader{reader}", f"{shelves[0]} {'ABCDE'[series]}{volume}", int(day)))
            volume += 1
    return pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")


RECIPE = Recipe(
    title="Recommend what comes next",
    story="Reads each user's history in the order of time and ranks everything not met yet; the last event of each "
    "user is the test, the one before "
    "validates. Columns are found by their names, or named: --set options.user=COLUMN, item, time, rating; "
    "options.min_rating=4 leaves lower ratings out. "
    "What items and users are like places new ones: --set options.item_table=FILE, options.user_table=FILE; "
    "options.cold_start_fraction=0.1 measures how well.",
    data="a table of events: who met what, when",
    answers="CSV: ten lines a user: user, rank, item, (title,) score, because of which event of the user's, and how "
    "many times likelier it makes it",
    target="item",
    demo=readers,
    settings={"task": "recommendation"},
    expect="NDCG@10 0.70 in half a minute; EASE 0.53, what is popular 0.06",
)
