"""How real a picture looks: nothing between equals, little where details lie elsewhere, much where they are missing or
made up."""

from __future__ import annotations

import numpy as np
import pytest

from engineroom.layers.degradation import resized
from engineroom.metrics.perceptual import detail, halved, texture


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    from sklearn.datasets import load_sample_images

    return load_sample_images().images[0][100:228, 200:328]


def test_what_looks_real_is_near(photograph: np.ndarray) -> None:
    H, W = photograph.shape[:2]
    smooth = resized(resized(photograph, H // 4, W // 4), H, W)
    noisy = (photograph + np.random.default_rng(0).normal(0, 25, photograph.shape)).clip(0, 255).astype(np.uint8)
    mirrored = photograph[:, ::-1]
    assert texture(photograph, photograph) < 1e-6 and abs(detail(photograph, photograph)) < 1e-9
    assert texture(mirrored, photograph) < 0.05, "where a detail lies is not asked"
    assert texture(smooth, photograph) > 0.2 and texture(noisy, photograph) > 0.2
    assert detail(smooth, photograph) < -5 and detail(noisy, photograph) > 0.5


def test_tiny_pictures_have_a_number() -> None:
    for side in (1, 2, 3, 5):
        one = np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)
        assert np.isfinite(detail(one, one)) and (np.isnan(texture(one, one)) or texture(one, one) < 1e-6)
    assert halved(np.arange(9.0).reshape(3, 3)).tolist() == [[2.0]]
