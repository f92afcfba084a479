"""What is seen where it is a picture: bytes as far as the stem, seeds and pictures in one column kind, and what is no
picture is named."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
import torch

pytest.importorskip("gymnasium")

from PIL import Image

from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.data.loading import open_table
from engineroom.environments._environment import describe

SCENE = registry.get("modalities", "image_observation")
RNG = np.random.default_rng(0)


def fitted(catch: str) -> dict:
    return SCENE.fit_with_hints(pl.Series(np.arange(8)), limits=LimitsConfig(), facts={"world": describe(catch)})


def test_a_source_tells_pictures_from_numbers(catch: str) -> None:
    assert (
        open_table(catch).hints["seed"]["modality"] == "image_observation"
        and open_table("CartPole-v1").hints["seed"]["modality"] == "observation"
    )


def test_seeds_become_the_first_picture(catch: str) -> None:
    state, damaged = fitted(catch), {}
    seeds = SCENE.encode(pl.Series([3, None, 4]), state, damaged)
    assert list(damaged) == [1]
    fields = SCENE.collate(seeds, state)
    assert (
        fields[""].shape == (3, 3, 6, 6) and fields[""].dtype == torch.uint8 and fields["_seed"].tolist() == [3, 0, 4]
    )
    assert (
        SCENE.collate(seeds[:0], state)[""].shape == (0, 3, 6, 6)
        and SCENE.validate_example(state, fields[""])
        and not SCENE.validate_example(state, fields[""][:, :2])
    )
    signal = SCENE.stem([state], 0, "grid")(fields[""])
    assert signal.layout == "grid" and signal.data.shape == (3, 3, 6, 6) and abs(float(signal.data.mean())) < 1


def test_pictures_of_a_column_are_read_in_any_form(catch: str) -> None:
    state, pixels = fitted(catch), RNG.integers(0, 255, (2, 6, 6, 3), dtype=np.uint8)
    damaged: dict[int, str] = {}
    raw = SCENE.encode(pl.Series("observation", pixels), state, damaged)
    assert np.array_equal(raw, pixels.transpose(0, 3, 1, 2)) and not damaged
    nested = SCENE.encode(pl.Series("observation", pixels.tolist()), state, damaged)
    assert np.array_equal(nested, raw)
    buffer = io.BytesIO()
    Image.fromarray(pixels[0]).save(buffer, "PNG")
    assert np.array_equal(SCENE.encode(pl.Series([buffer.getvalue()]), state, damaged)[0], raw[0])
    assert "<img" in SCENE.to_html(pixels[0], state) and "seed 3" in SCENE.to_html(3, state)


def test_wrong_pictures_name_their_row(catch: str) -> None:
    state, damaged = fitted(catch), {}
    SCENE.encode(pl.Series("observation", np.zeros((2, 5, 6, 3), np.uint8)), state, damaged)
    assert "instead of 6 × 6 × 3" in damaged[0] and set(damaged) == {0, 1}
    SCENE.encode(pl.Series(["nowhere.png", "4"]), state, damaged := {})
    assert damaged
