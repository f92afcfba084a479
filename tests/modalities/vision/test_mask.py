"""Masks: every way they are stored, the classes in them, and that they move with their picture."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.core.seeds import torch_generator
from engineroom.modalities.vision._masks import COLOUR, read_mask, write_mask
from engineroom.modalities.vision.mask import MODALITY, UNKNOWN

CODES = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


def png(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def fitted(values, height: int = 16, width: int = 16) -> dict:
    state = MODALITY.fit(pl.Series("mask", values), limits=LimitsConfig())
    return MODALITY.link_to_input(state, {"height": height, "width": width})


def test_every_way_to_store_a_mask() -> None:
    palette = Image.fromarray(CODES)
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], np.uint8)[CODES]
    for cell, wanted in (
        (CODES, CODES),
        (CODES == 1, CODES == 1),
        (png(Image.fromarray(CODES)), CODES),
        (png(palette), CODES),
        (png(Image.fromarray(CODES == 1)), 255 * (CODES == 1)),
        (png(Image.fromarray(CODES.astype(np.uint16) * 300)), CODES.astype(int) * 300),
        (png(Image.fromarray(CODES).convert("RGB")), CODES),
        (png(Image.fromarray(colours)), np.array([0, COLOUR | 255 << 16, COLOUR | 255 << 8])[CODES]),
    ):
        assert np.array_equal(read_mask(cell, pixels=100), wanted)
    with pytest.raises(ValueError, match="over the limit"):
        read_mask(png(Image.fromarray(CODES)), pixels=5)


@pytest.mark.parametrize("numbers", [[0, 1, 11], [0, 128, 255], [0, 300, 600], [0, COLOUR | 255 << 16, COLOUR | 7]])
def test_masks_are_written_as_they_were(numbers: list[int]) -> None:
    assert np.array_equal(read_mask(write_mask(CODES, numbers), pixels=100), np.array(numbers)[CODES])


def test_classes_are_those_of_the_training_masks_and_others_are_unknown() -> None:
    state = fitted([png(Image.fromarray(CODES * 5))], 2, 3)
    assert state["values"] == ["0", "5", "10"] and state["shares"] == pytest.approx([1 / 3] * 3)
    strange = np.array([[0, 5, 10], [7, 200, 5]], np.uint8)
    found = MODALITY.encode(pl.Series([png(Image.fromarray(strange))]), state, {})
    assert found.tolist() == [[[0, 1, 2], [UNKNOWN, UNKNOWN, 1]]]


def test_a_photograph_is_no_mask() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    with pytest.raises(DataError, match="different values"):
        fitted([png(Image.fromarray(noise))])


def test_damaged_and_foreign_masks_are_named() -> None:
    state = fitted([png(Image.fromarray(CODES))])
    whole = png(Image.fromarray(CODES))
    damaged: dict[int, str] = {}
    masks = pl.Series([whole, whole[:40], b"", whole])
    encoded = MODALITY.encode(masks, state, damaged)
    assert encoded.shape == (4, 16, 16) and sorted(damaged) == [1, 2] and (encoded[1] == UNKNOWN).all()
    pictures = pl.Series([png(Image.new("RGB", size)) for size in ((3, 2), (3, 2), (3, 2), (2, 3))])
    MODALITY.validate_pair(masks, pictures, state, damaged)
    assert damaged[3] == "the mask has 3×2 pixels, its picture 2×3" and 0 not in damaged


def test_mirror_images_are_allowed_where_classes_lie_anywhere() -> None:
    rng = np.random.default_rng(0)
    anywhere = [np.where(rng.random((16, 16)) < 0.2, 1, 0).astype(np.uint8) for _ in range(30)]
    sky = [np.repeat((np.arange(16) > rng.integers(5, 11)).astype(np.uint8), 16).reshape(16, 16) for _ in range(30)]
    assert fitted([png(Image.fromarray(m)) for m in anywhere])["flips"] == ["horizontal", "vertical"]
    assert fitted([png(Image.fromarray(m)) for m in sky])["flips"] == ["horizontal"]
    assert fitted([png(Image.fromarray(np.ascontiguousarray(m.T))) for m in sky])["flips"] == ["vertical"]


@pytest.mark.parametrize("side", [48, 96])
def test_a_mask_moves_with_its_picture(side: int) -> None:
    """The picture shows its own mask, so after any common change it still must."""
    row, column = np.mgrid[:side, :side]
    mask = torch.from_numpy(
        ((np.hypot(row - side * 0.4, column - side * 0.6) < side / 4) + 2 * (row > side * 0.8))
        .clip(0, 2)
        .astype(np.uint8)
    )[None].repeat(16, 1, 1)
    own, said = {"": (mask[:, None] * 100).to(torch.uint8)}, {"": mask}
    state = {"flips": ["horizontal", "vertical"]}
    x, y = MODALITY.augment_pair(own, said, {}, state, torch_generator(0, "a"))
    again = MODALITY.augment_pair(own, said, {}, state, torch_generator(0, "a"))
    assert torch.equal(x[""], again[0][""]) and torch.equal(y[""], again[1][""])
    assert (
        x[""].shape[2:] == y[""].shape[1:] and y[""].dtype == torch.uint8 and set(y[""].unique().tolist()) <= {0, 1, 2}
    )
    for picture, codes in zip(x[""][:, 0], y[""], strict=True):
        levels = torch.stack([picture[codes == k].median() for k in codes.unique().tolist()])
        nearest = codes.unique()[(picture[..., None] - levels).abs().argmin(-1)]
        assert (levels.diff() > 0).all() and float((nearest == codes).float().mean()) > 0.95, (
            "light may change, places may not"
        )
    assert len({tuple(one.flatten()[::7].tolist()) for one in y[""]}) > 8, "every picture is changed its own way"


def test_of_large_pictures_small_parts_are_learnt() -> None:
    from engineroom.core.seeds import torch_generator

    x, y = torch.zeros(2, 3, 584, 560, dtype=torch.uint8), torch.zeros(2, 584, 560, dtype=torch.uint8)
    own, said = MODALITY.augment_pair({"": x}, {"": y}, {}, {"flips": []}, torch_generator(0, "x"))
    assert own[""].shape == (2, 3, 240, 224) and said[""].shape == (2, 240, 224)
