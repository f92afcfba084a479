"""Rare or costly cases: fraud, default, disease, failure. A calibrated risk, and an alarm where the expected cost says
so."""

from __future__ import annotations

from ._base import Recipe


def tumours():
    """scikit-learn's breast cancer cells (Wolberg et al. 1995): 569 biopsies, 30 measurements, malignant or benign."""
    import polars as pl
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    table = {name.replace(" ", "_"): data.data[:, i] for i, name in enumerate(data.feature_names)}
    return pl.DataFrame(table | {"finding": [str(data.target_names[k]) for k in data.target]})


RECIPE = Recipe(
    title="Find the rare or costly case",
    story="Says how likely each row is to be the case you fear, and raises an alarm where silence would cost more "
    "than a false alarm. "
    "Say what the two mistakes cost (--set options.false_negative_cost=5 --set options.false_positive_cost=1), which "
    "class it is (--set options.positive=bad; else the "
    "rarer one) and what share of the rows can be looked at by hand (--set options.review_rate=0.05).",
    data="any table, pictures, texts or series with a target of two classes",
    answers="CSV: prediction (by cost), probability, risk (calibrated), one probability a class",
    target="finding",
    demo=tumours,
    settings={"task": "cost_sensitive"},
    expect="average precision 0.998; cost 0.04 a row, where always the same answer costs 0.62",
)
