"""Boxes: how cells are read and written, what is dropped, and that they move with their picture."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.core.seeds import torch_generator
from engineroom.modalities.vision._boxes import read_boxes, write_boxes
from engineroom.modalities.vision.boxes import MODALITY, shifted


def box(kind: str, *corners: float) -> dict:
    return {"class": kind, **dict(zip(("x1", "y1", "x2", "y2"), corners, strict=True))}


def test_pixels_and_shares_are_the_same_boxes() -> None:
    pixels = {"width": 200, "height": 100, "boxes": [box("cell", 20, 10, 60, 50)]}
    shares = [box("cell", 0.1, 0.1, 0.3, 0.5)]
    for cell in (pixels, json.dumps(pixels), shares, json.dumps(shares)):
        names, boxes, dropped = read_boxes(cell)
        assert names == ["cell"] and boxes[0] == pytest.approx([0.1, 0.1, 0.3, 0.5]) and dropped == 0
    again = read_boxes(write_boxes([[0.1, 0.1, 0.3, 0.5, 0.9, 0]], ["cell"], (100, 200)))
    assert again[0] == names and again[1] == pytest.approx(boxes)


def test_boxes_are_clipped_and_those_without_area_dropped() -> None:
    rows = [
        box("a", -0.5, 0.2, 0.5, 0.4),
        box("b", 0.1, 0.1, 0.1, 0.9),
        box("c", 1.2, 0, 1.4, 1),
        box("d", 0.6, 0.5, 0.4, 0.9),
    ]
    names, boxes, dropped = read_boxes(rows)
    assert names == ["a"] and boxes.tolist() == [[0, 0.2, 0.5, 0.4]] and dropped == 3


@pytest.mark.parametrize(
    "cell",
    [
        "{torn",
        "[1, 2]",
        '[{"class": "a", "x1": 0}]',
        '[{"class": "a", "x1": "left", "y1": 0, "x2": 1, "y2": 1}]',
        '{"boxes": 3}',
    ],
)
def test_cells_that_are_no_boxes_are_named(cell: str) -> None:
    state = {"values": ["a"], "counts": [1], "flips": [], "height": 8, "width": 8}
    damaged: dict[int, str] = {}
    rows = MODALITY.encode(pl.Series([json.dumps([box("a", 0, 0, 1, 1)]), cell, None]), state, damaged)
    assert list(damaged) == [1] and rows.lengths.tolist() == [1, 0, 0]


def test_classes_are_those_of_the_training_rows() -> None:
    values = pl.Series("found", [json.dumps([box("b", 0, 0, 0.5, 0.5), box("a", 0.2, 0.2, 0.9, 0.9)]), json.dumps([])])
    state = MODALITY.fit(values, limits=LimitsConfig())
    assert state["values"] == ["a", "b"] and state["counts"] == [1, 1]
    other = MODALITY.encode(pl.Series([json.dumps([box("zebra", 0, 0, 1, 1), box("b", 0, 0, 1, 1)])]), state, {})
    assert other.flat.tolist() == [[0, 0, 1, 1, 1]]
    with pytest.raises(DataError, match="holds no boxes"):
        MODALITY.fit(pl.Series("found", ["[]", "[]"]), limits=LimitsConfig())


@pytest.mark.parametrize("side", [64, 160])
def test_boxes_move_with_their_picture(side: int) -> None:
    """Each picture shows one bright rectangle; after any common change its box still frames it."""
    B = 24
    boxes = torch.tensor([[0.35, 0.3, 0.6, 0.45, 0.0]]).repeat(B, 1, 1)
    x = torch.zeros(B, 1, side, side)
    x[:, :, round(0.3 * side) : round(0.45 * side), round(0.35 * side) : round(0.6 * side)] = 200
    own, said = {"": x.to(torch.uint8)}, {"": boxes, "_mask": torch.ones(B, 1, dtype=torch.bool)}
    state = {"flips": ["horizontal", "vertical"]}
    moved, after = MODALITY.augment_pair(own, said, {}, state, torch_generator(0, "a"))
    again = MODALITY.augment_pair(own, said, {}, state, torch_generator(0, "a"))
    assert torch.equal(after[""], again[1][""]) and torch.equal(moved[""], again[0][""])
    framed = 0
    for picture, (x1, y1, x2, y2, _) in zip(moved[""][:, 0], after[""][:, 0].tolist(), strict=True):
        H, W = picture.shape
        bright = picture > (picture.max() + picture.min()) / 2
        if x2 > x1 and bright.any() and picture.max() > picture.min() + 50:
            rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
            assert [columns[0] / W, rows[0] / H, (columns[-1] + 1) / W, (rows[-1] + 1) / H] == pytest.approx(
                [x1, y1, x2, y2], abs=2.5 / min(H, W)
            )
            framed += 1
    assert framed > B / 2


def test_what_leaves_the_picture_is_no_box() -> None:
    theta = torch.tensor([[[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]])  # the lower right quarter
    boxes = torch.tensor(
        [[[0.5, 0.5, 1.0, 1.0, 2.0], [0.0, 0.0, 0.4, 0.4, 1.0], [0.45, 0.6, 0.65, 0.7, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]]
    )
    after = shifted(boxes, theta)[0]
    assert after[0].tolist() == [0, 0, 1, 1, 2] and not after[1, :4].any() and not after[3, :4].any()
    assert after[2, :4].tolist() == pytest.approx([0, 0.2, 0.3, 0.4])
