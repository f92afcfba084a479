"""Tables out of nothing: rows that look like the real ones and belong to nobody. On scikit-learn's diabetes
patients."""

from __future__ import annotations

from ._base import Recipe


def patients():
    """442 diabetes patients: age, sex, body mass, blood values, and whether the disease went on fast."""
    import polars as pl
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    table = pl.DataFrame(dict(zip(found.feature_names, found.data.T, strict=True)) | {"target": found.target})
    sex = pl.when(pl.col("sex") > 1.5).then(pl.lit("male")).otherwise(pl.lit("female")).alias("sex")
    course = pl.when(pl.col("target") > 140).then(pl.lit("fast")).otherwise(pl.lit("slow")).alias("course")
    return table.with_columns(sex, course).drop("target")


RECIPE = Recipe(
    title="Make rows like these, of nobody",
    story="A network learns to see rows under any amount of noise; begun with noise alone it makes new ones "
    "(diffusion). The report says what a model learns from made rows where it is asked about "
    "real ones, how each column is spread, and whether made rows are copies. --target names the column that is to be "
    "predicted from the others; --set options.condition_on=COLUMN lets you ask for kinds.",
    data="a table of numbers and classes",
    answers="CSV: the rows made, one a row of conditions (a column `noise` of different numbers, and the columns of "
    "options.condition_on)",
    target="course",
    demo=patients,
    settings={"task": "tabular_diffusion", "train": {"patience": 40}},
    minutes=0.7,
    expect="rows as good as those of the copula: 353 patients are too few to beat it (on 29,000 rows of a census it "
    "is far ahead)",
)
