"""Learn from rows that nobody has labelled; then few labels go further. On scikit-learn's digits, whose labels are left
out."""

from __future__ import annotations

from ._base import Recipe


def unlabelled():
    """Digits as pictures."""
    import numpy as np
    import polars as pl
    from sklearn.datasets import load_digits

    pictures = np.repeat(np.repeat(load_digits().images, 2, 1), 2, 2) * 15.9
    return pl.DataFrame({"photo": pl.Series(pictures.astype(np.uint8)), "row": range(len(pictures))})


RECIPE = Recipe(
    title="Learn from unlabelled rows first",
    story="Every row is looked at twice, each time otherwise (parts of a picture in another light, cells from other "
    "rows, missing stretches), and the network learns to know it again among "
    "all others. Nobody gives answers. Then `engineroom train labelled.csv --target label --from RUN` begins with "
    "what was learnt; that pays where labels are few.",
    data="anything: a folder of pictures, a table, series, recordings, texts, mixed; answers that it holds are left "
    "out",
    answers="CSV: the embedding of every row",
    target="row",
    demo=unlabelled,
    settings={"task": "contrastive_pretraining"},
    minutes=1.0,
    expect="43 % of digits known again at once among 360, where principal components know 2 %",
)
