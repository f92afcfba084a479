"""Searching part by part finds what one product over all finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engineroom.bundle import gallery


@settings(deadline=None, max_examples=60)
@given(asked=some.integers(0, 9), known=some.integers(1, 30), top=some.integers(1, 12), seed=some.integers(0, 99))
def test_it_is_the_whole_product_sorted(asked: int, known: int, top: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ask, have = (rng.integers(-2, 3, (n, 3)).astype(np.float32) for n in (asked, known))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "ASKED", 4)
        patch.setattr(gallery, "KNOWN", 7)
        similarity, place = gallery.most_alike(ask, have, top)
    whole = ask @ have.T
    assert similarity.shape == place.shape == (asked, min(top, known))
    assert np.array_equal(similarity, -np.sort(-whole, axis=1)[:, :top])
    assert np.array_equal(np.take_along_axis(whole, place, 1), similarity) and all(
        len(set(row)) == len(row) for row in place.tolist()
    )


def test_the_earlier_of_equals_comes_first() -> None:
    similarity, place = gallery.most_alike(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32), 3)
    assert place.tolist() == [[0, 1, 2]] and similarity.tolist() == [[2.0, 2.0, 2.0]]
