"""COLLECT: outlines (polygons) and run-length masks of annotated things, drawn as one mask a picture: a class number a
pixel."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...modalities.vision._masks import mask_size
from ._box_table import SHARES, Annotated, Thing
from ._exif_rotation import turned_image


def draw_mask(row: Annotated, numbers: Mapping[str, int], pixels: int) -> bytes:
    """A PNG in the frame in which the picture is seen: 0 where nothing is, else the number of the thing's class; small
    things lie on large ones."""
    from PIL import Image as Pillow

    height, width = mask_size(str(row.picture), pixels=pixels)
    if row.turn in (5, 6, 7, 8):
        height, width = width, height
    whole = np.zeros((height, width), np.uint8 if max(numbers.values(), default=0) < 256 else np.uint16)
    areas = [(filled(thing, row.size, (height, width)), thing) for thing in row.things]
    for shape, thing in sorted(areas, key=lambda pair: -int(pair[0].sum())):
        whole[shape] = numbers[thing.kind]
    image = turned_image(Pillow.fromarray(whole), row.turn)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def filled(thing: Thing, size: tuple[float, float], shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: the pixels of a thing; those of its box where it has no outline."""
    from PIL import Image as Pillow

    height, width = shape
    if thing.rle is not None:
        mask = thing.rle if isinstance(thing.rle, np.ndarray) else decode_rle(thing.rle)
        if mask.shape == shape:
            return mask
        return np.asarray(Pillow.fromarray(mask).resize((width, height), Pillow.Resampling.NEAREST))
    scale = np.array([width, height]) / (SHARES if size == SHARES else size)
    x1, y1, x2, y2 = thing.corners
    whole = np.zeros(shape, bool)
    for outline in thing.outlines or ((x1, y1, x2, y1, x2, y2, x1, y2),):
        whole |= fill_polygon(np.array(outline, float).reshape(-1, 2) * scale, shape)
    return whole


def fill_polygon(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(n, 2) x y in pixels → (H, W) bool: pixels whose middle lies inside, by the even-odd rule."""
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int32)
    for (xa, ya), (xb, yb) in zip(points, np.roll(points, -1, 0), strict=True):
        low, high = sorted((ya, yb))
        rows = np.arange(max(0, int(np.ceil(low - 0.5))), min(height, int(np.ceil(high - 0.5))))
        if len(rows):
            x = xa + (rows + 0.5 - ya) * (xb - xa) / (yb - ya)
            np.add.at(crossings, (rows, np.ceil(x - 0.5).clip(0, width).astype(int)), 1)
    return crossings.cumsum(1)[:, :width] % 2 == 1


def decode_rle(rle: Mapping[str, Any]) -> np.ndarray:
    """COCO's run lengths, {"size": [H, W], "counts": list or packed text} → (H, W) bool; runs go down the columns, the
    first is of zeros."""
    height, width = (int(v) for v in rle["size"])
    counts = rle["counts"]
    runs = unpack_counts(counts) if isinstance(counts, str | bytes) else [int(v) for v in counts]
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"its run lengths fill {sum(runs)} of {height * width} pixels")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def unpack_counts(packed: str | bytes) -> list[int]:
    """COCO's packed run lengths: six bits a character, five of them number, from the third run on as difference to the
    one before last."""
    data = packed.encode("ascii") if isinstance(packed, str) else packed
    runs: list[int] = []
    place = 0
    while place < len(data):
        value, shift, more = 0, 0, True
        while more:
            code = data[place] - 48
            value |= (code & 0x1F) << (5 * shift)
            more = bool(code & 0x20)
            place += 1
            shift += 1
            if not more and code & 0x10:
                value |= -1 << (5 * shift)
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return runs


def rows_to_mask(
    runs: Sequence[int], left: int, top: int, width: int, height: int, shape: tuple[int, int]
) -> np.ndarray:
    """CVAT's run lengths: along the rows of a part of the picture, the first run is of zeros → (H, W) bool."""
    part = np.repeat(np.arange(len(runs)) % 2 == 1, list(runs))
    if len(part) != width * height:
        raise ValueError(f"its run lengths fill {len(part)} of {width * height} pixels")
    whole = np.zeros(shape, bool)
    whole[top : top + height, left : left + width] = part.reshape(height, width)[: shape[0] - top, : shape[1] - left]
    return whole
