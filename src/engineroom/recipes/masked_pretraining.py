"""Learn from rows that nobody has labelled by hiding parts of them; then few labels go further, and empty cells can be
filled."""

from __future__ import annotations

from ._base import Recipe


def unlabelled():
    """Machines with numbers, classes and a series each; some cells are empty."""
    from ._data.sensor_rows import machines

    return machines()


RECIPE = Recipe(
    title="Learn from what is hidden, fill in what is missing",
    story="Parts of every row are hidden (cells of a table, stretches of a series, patches of a picture) and the "
    "network tells them from what is left; it is judged on unseen rows, beside a "
    "classical fill-in. `predict` fills empty cells. Then `engineroom train labelled.csv --target label --from RUN` "
    "begins with what was learnt; that pays where labels are few.",
    data="a table of numbers and categories, series, a folder of pictures, mixed; answers that it holds are left out",
    answers="CSV: the rows with their empty cells filled, and how far each is from what the rest of it says",
    target="row",
    demo=unlabelled,
    settings={"task": "masked_pretraining"},
    minutes=1.0,
    expect="76 % of what is hidden is told (283 steps), where the nearest rows and a normal distribution tell 77 %: "
    "no clear winner",
)
