"""Pictures as a network first sees them: normalised over all, and where a task wants it each freed of its own light."""

from __future__ import annotations

import torch

from engineroom.modalities.vision._normalise import Normalise
from engineroom.modalities.vision.image import MODALITY

STATE = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.2, 0.2]}


def test_with_even_the_lamp_does_not_matter() -> None:
    x = torch.rand(2, 3, 20, 30) * 60 + 20
    stem = MODALITY.stem([{**STATE, "even": True}], 0, "grid")
    dark, bright = stem(x).data, stem(2.5 * x + 15).data
    assert torch.allclose(dark, bright, atol=0.3) and (dark.mean((2, 3)).abs() < 1e-4).all()
    assert torch.equal(stem(torch.full((1, 3, 20, 30), 90.0)).data.round(decimals=3), torch.zeros(1, 3, 20, 30)), (
        "nothing to see is nothing, not noise"
    )


def test_otherwise_what_is_brighter_stays_brighter() -> None:
    stem = MODALITY.stem([STATE], 0, "grid")
    assert stem(torch.full((1, 3, 8, 8), 200.0)).data.mean() > stem(torch.full((1, 3, 8, 8), 50.0)).data.mean() + 2


def test_frames_of_a_clip_are_freed_one_by_one() -> None:
    x = torch.rand(1, 4, 3, 8, 8) * 255
    assert Normalise(**STATE, even=True)(x).data.mean((-2, -1)).abs().max() < 1e-4
