"""Pictures of any size as rows of one ragged store, and back; a batch is padded to its largest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.protocols import Ragged
from ...layers.degradation import resized
from ._image_decoding import decode

HEAD = 8  # bytes before the pixels of a row: its height and width
MOST = 8_000_000  # pixels of a picture that is asked about: what a small machine's memory holds of its maps


def packed(pictures: Sequence[np.ndarray]) -> Ragged:
    """(H, W, 3) uint8 each → a ragged row of bytes each; a picture of no size is a row all the same."""
    rows = [np.concatenate([np.array(one.shape[:2], np.uint32).view(np.uint8), one.ravel()]) for one in pictures]
    return Ragged(
        np.concatenate(rows) if rows else np.zeros(0, np.uint8), np.array([len(row) for row in rows], np.int64)
    )


def unpacked(rows: Ragged) -> list[np.ndarray]:
    """(H, W, 3) uint8 each."""
    starts = np.concatenate([[0], np.cumsum(rows.lengths)])
    out = []
    for begin, end in pairwise(starts):
        one = np.asarray(rows.flat[begin:end])
        height, width = one[:HEAD].copy().view(np.uint32).tolist()
        out.append(one[HEAD:].reshape(height, width, 3))
    return out


def batched(pictures: Sequence[np.ndarray]) -> dict[str, Tensor]:
    """{"": (B, 3, H, W) uint8, "_mask": (B, H, W) True where the picture is}."""
    H, W = (max(1, *(one.shape[axis] for one in pictures)) for axis in (0, 1))
    data, mask = np.zeros((len(pictures), 3, H, W), np.uint8), np.zeros((len(pictures), H, W), bool)
    for row, one in enumerate(pictures):
        h, w = one.shape[:2]
        data[row, :, :h, :w] = one.transpose(2, 0, 1)
        mask[row, :h, :w] = True
    return {"": torch.from_numpy(data), "_mask": torch.from_numpy(mask)}


def real(fields: dict[str, Tensor], row: int) -> np.ndarray:
    """(H, W, 3) uint8: one picture of a padded batch."""
    mask = fields["_mask"][row]
    h, w = int(mask[:, 0].sum()), int(mask[0].sum())
    return fields[""][row, :, :h, :w].numpy().transpose(1, 2, 0)


def colours(cell: Any, pixels: int) -> np.ndarray:
    """A cell → (H, W, 3) uint8; grey pictures get three equal colours."""
    picture = decode(cell, pixels=pixels)
    return np.ascontiguousarray(picture if picture.shape[2] == 3 else picture.repeat(3, 2))


def middle(picture: np.ndarray, side: int, scale: int) -> np.ndarray:
    """At most `side` pixels a side of (H, W, 3), from its middle, in whole multiples of `scale`."""
    H, W = picture.shape[:2]
    h, w = (min(one, side) // scale * scale for one in (H, W))
    top, left = (H - h) // 2, (W - w) // 2
    return picture[top : top + h, left : left + w]


def preview(picture: np.ndarray, side: int) -> np.ndarray:
    """Shrunk to at most `side` pixels."""
    share = min(1.0, side / max(picture.shape[:2]))
    return resized(picture, max(1, round(picture.shape[0] * share)), max(1, round(picture.shape[1] * share)))


def sources(values: pl.Series) -> pl.Series:
    """The pictures of cells that say how they are to be damaged, or the cells themselves."""
    return values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values
