"""Files of masks: a class number a pixel, read from PNGs of any mode, raw arrays or encoded bytes, and written back as they were."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from .image import MARKS, open_picture

MOST_VALUES = 256  # files with more are photographs
COLOUR = 1 << 24  # from here on, numbers stand for colours


def read_mask(cell: Any, *, pixels: int) -> np.ndarray:
    """A path, encoded bytes or a raw array → (H, W) int64: grey or palette numbers, 0/255 for one-bit files, see `packed` for colours."""
    if isinstance(cell, np.ndarray):
        array = cell.squeeze()
        if array.ndim == 3 and array.shape[2] in (3, 4):
            return packed(array)
        if array.ndim != 2 or array.dtype.kind not in "biu":
            raise ValueError(f"a mask is whole numbers (H, W), not {array.dtype} {array.shape}")
        return array.astype(np.int64)
    with open_picture(cell, pixels=pixels) as image:
        if image.mode == "1":
            return np.asarray(image.convert("L"), np.int64)
        if image.mode in ("L", "P", "I", "I;16", "I;16B"):
            return np.asarray(image, np.int64)
        if image.mode == "LA":
            return np.asarray(image, np.int64)[..., 0]
        return packed(np.asarray(image.convert("RGB")))


def packed(colours: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) → (H, W): a grey pixel is its shade, a coloured one COLOUR + r·65536 + g·256 + b."""
    r, g, b = (colours[..., i].astype(np.int64) for i in range(3))
    return np.where((r == g) & (g == b), r, COLOUR | (r << 16) | (g << 8) | b)


def mask_size(cell: Any, *, pixels: int) -> tuple[int, int]:
    """(H, W) without decoding."""
    if isinstance(cell, np.ndarray):
        return cell.shape[:2]  # type: ignore[return-value]
    with open_picture(cell, pixels=pixels) as image:
        # a photograph may lie on its side, with a mark that says so
        turned = image.getexif().get(MARKS["orientation"], 1) in (5, 6, 7, 8) if image.format in ("JPEG", "TIFF", "MPO") else False
        return (image.width, image.height) if turned else (image.height, image.width)


def resized(codes: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W) uint8 or float32 → (height, width) by the nearest pixel: classes have no middle."""
    if codes.shape == (height, width):
        return codes
    from PIL import Image as Pillow

    return np.asarray(Pillow.fromarray(codes).resize((width, height), Pillow.Resampling.NEAREST))


def write_mask(codes: np.ndarray, values: list[int]) -> bytes:
    """(H, W) class codes → a PNG that holds the classes' own numbers or colours."""
    from PIL import Image as Pillow

    numbers = np.array(values, np.int64)[codes]
    if max(values) >= COLOUR:
        r, g, b = (np.where(numbers >= COLOUR, (numbers >> shift) & 255, numbers) for shift in (16, 8, 0))
        image = Pillow.fromarray(np.stack([r, g, b], -1).astype(np.uint8))
    else:
        image = Pillow.fromarray(numbers.astype(np.uint8 if max(values) < 256 else np.uint16))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
