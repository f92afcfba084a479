"""Tables by two players: a maker of rows and a critic that learns to tell them from real ones (a GAN)."""

from __future__ import annotations

from ._base import Recipe
from .tabular_diffusion import patients

RECIPE = Recipe(
    title="Make rows like these, of nobody, by two players",
    story="One network makes rows, another learns to tell them from real ones, and each learns from the other (a "
    "conditional GAN). Graded as the diffusion of `synthetic` is, by the very same code: how "
    "far from real rows, what they teach, whether they are copies. --target names the column that is to be predicted "
    "from the others; --set options.condition_on=COLUMN lets you ask for kinds.",
    data="a table of numbers and classes",
    answers="CSV: the rows made, one a row of conditions (a column `noise` of different numbers, and the columns of "
    "options.condition_on)",
    target="course",
    demo=patients,
    settings={"task": "tabular_gan", "model": {"ensemble_size": 1, "dropout": 0.0}, "train": {"patience": 40}},
    minutes=0.7,
    expect="a Fréchet distance of 1.2 where the copula has 0.8: 317 patients are too few to beat it (on 29,000 rows "
    "of a census it is eight times nearer than the copula)",
)
