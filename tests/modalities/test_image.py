"""Pictures as a network first sees them: normalised over all, and where a task wants it each freed of its own light."""

from __future__ import annotations

import torch

from engineroom.core.columns import Column, Schema
from engineroom.layers.augment import hide_part
from engineroom.modalities.image import MODALITY, Normalise
from engineroom.tasks._options import make_task

STATE = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.2, 0.2]}


def test_with_even_the_lamp_does_not_matter() -> None:
    x = torch.rand(2, 3, 20, 30) * 60 + 20
    stem = MODALITY.stem([{**STATE, "even": True}], 0, "grid")
    dark, bright = stem(x).data, stem(2.5 * x + 15).data
    assert torch.allclose(dark, bright, atol=0.3) and (dark.mean((2, 3)).abs() < 1e-4).all()
    assert torch.equal(stem(torch.full((1, 3, 20, 30), 90.0)).data.round(decimals=3), torch.zeros(1, 3, 20, 30)), "nothing to see is nothing, not noise"


def test_otherwise_what_is_brighter_stays_brighter() -> None:
    stem = MODALITY.stem([STATE], 0, "grid")
    assert stem(torch.full((1, 3, 8, 8), 200.0)).data.mean() > stem(torch.full((1, 3, 8, 8), 50.0)).data.mean() + 2


def test_frames_of_a_clip_are_freed_one_by_one() -> None:
    x = torch.rand(1, 4, 3, 8, 8) * 255
    assert Normalise(**STATE, even=True)(x).data.mean((-2, -1)).abs().max() < 1e-4


def test_a_part_is_hidden_in_as_many_pictures_as_asked_for() -> None:
    x = torch.rand(400, 1, 24, 32) * 255
    hidden = hide_part(x, torch.Generator().manual_seed(0), 0.5)
    touched = (hidden != x).flatten(1)
    assert 0.4 < touched.any(1).float().mean() < 0.6 and touched.float().mean(1).max() < 0.3
    assert torch.equal(hidden, hide_part(x, torch.Generator().manual_seed(0), 0.5)), "a function of the generator alone"


def test_options_of_likeness_reach_the_column() -> None:
    column = Column("p", "image", "input", STATE)
    schema = Schema((column, Column("who", "identity", "target")))
    assert make_task("embedding", {}).acquaint(schema, None, 0)["p"].state == STATE
    assert make_task("embedding", {"light": False, "hide": 0.5}).acquaint(schema, None, 0)["p"].state == {**STATE, "even": True, "hides": 0.5}
