"""The ranks of a column are those of scikit-learn's QuantileTransformer, and a column comes back as it was."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import QuantileTransformer

from engineroom.modalities.tabular.row import fitted, ranks, to_numbers, to_table

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "x",
    [
        RNG.lognormal(size=2_000),
        RNG.exponential(size=2_000),
        RNG.normal(size=300),
        np.where(RNG.random(2_000) < 0.4, 40.5, RNG.normal(40, 10, 2_000)),
    ],
)
def test_ranks_are_those_of_scikit_learn(x: np.ndarray) -> None:
    one = fitted(pl.Series("a", x))
    knots = np.array(one["knots"])
    theirs = QuantileTransformer(n_quantiles=len(knots), subsample=None).fit(x[:, None])
    theirs.quantiles_ = knots[:, None]
    assert np.allclose(ranks(x, knots), theirs.transform(x[:, None])[:, 0], atol=1e-12)
    again = to_table(to_numbers(pl.Series("a", x), one), [one])["a"].to_numpy()
    assert again.std() == pytest.approx(x.std(), rel=0.005) and again.max() == pytest.approx(x.max(), rel=0.01)
