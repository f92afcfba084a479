"""Rows as vectors: what is encoded comes back. Spread, extremes and shape of a column are compared with scikit-learn's
QuantileTransformer."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import QuantileTransformer

from engineroom.core.config import LimitsConfig
from engineroom.modalities.tabular.row import EDGE, MODALITY, centre_ties, from_ranks, to_ranks, to_table


def columns(count=2000):
    rng = np.random.default_rng(0)
    return {
        "normal": rng.normal(5, 2, count),
        "lognormal": rng.lognormal(0, 1, count),
        "exponential": rng.exponential(3, count),
        "zeros and a tail": np.where(rng.random(count) < 0.7, 0.0, rng.lognormal(3, 1, count)),
        "hours": np.where(rng.random(count) < 0.5, 40, rng.integers(1, 99, count)).astype(float),
    }


@pytest.mark.parametrize("name", list(columns()))
def test_encoding_and_decoding_is_the_identity(name):
    x = columns()[name]
    values = pl.DataFrame({name: x}).to_struct("row")
    state = MODALITY.fit(values, limits=LimitsConfig())
    vectors = MODALITY.encode(values, state, {})
    assert np.abs(vectors).max() <= EDGE + 1e-5
    back = to_table(vectors, state["columns"])[name].to_numpy()
    theirs = QuantileTransformer(n_quantiles=256, output_distribution="normal", subsample=None)
    their_back = theirs.inverse_transform(theirs.fit_transform(x[:, None]))[:, 0]
    assert back.std() == pytest.approx(their_back.std(), rel=0.005)
    assert back.std() == pytest.approx(x.std(), rel=0.01)
    assert back.max() == pytest.approx(x.max(), rel=1e-3) and back.min() == pytest.approx(x.min(), rel=1e-3, abs=1e-6)


def test_standing_and_rank_are_each_others_inverse():
    rank = np.linspace(0, 1, 1001)
    assert to_ranks(from_ranks(rank)) == pytest.approx(rank, abs=1e-9)
    assert from_ranks(np.array([0.0, 0.5, 1.0])) == pytest.approx([-EDGE, 0, EDGE], abs=1e-6)


def test_normal_draws_are_decoded_to_the_column():
    x = columns()["lognormal"]
    values = pl.DataFrame({"x": x}).to_struct("row")
    state = MODALITY.fit(values, limits=LimitsConfig())
    z = np.random.default_rng(1).normal(size=(100_000, 1)).clip(-EDGE, EDGE)
    drawn = to_table(z, state["columns"])["x"].to_numpy()
    theirs = (
        QuantileTransformer(n_quantiles=256, output_distribution="normal", subsample=None)
        .fit(x[:, None])
        .inverse_transform(z)
    )
    assert drawn.std() == pytest.approx(theirs.std(), rel=0.05)
    assert np.median(drawn) == pytest.approx(np.median(x), rel=0.03)


def test_a_value_that_many_share_is_settled_at_one_standing():
    x = columns()["zeros and a tail"]
    state = MODALITY.fit(pl.DataFrame({"x": x}).to_struct("row"), limits=LimitsConfig())
    knots = np.array(state["columns"][0]["knots"])
    z = from_ranks(np.linspace(0.01, 0.6, 50))
    assert len(np.unique(centre_ties(z, knots))) == 1
    high = from_ranks(np.array([0.9, 0.95]))
    assert centre_ties(high, knots) == pytest.approx(high)
