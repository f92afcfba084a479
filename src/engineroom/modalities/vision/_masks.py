"""Files of masks: a class number a pixel, read from PNGs of any mode, raw arrays or encoded bytes, and written back as
they were."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ._image_decoding import MARKS, open_picture

MOST_VALUES = 256  # files with more are photographs
COLOUR = 1 << 24  # from here on, numbers stand for colours
UNKNOWN = 255  # code of a value that no training mask holds
# of its pixels that must lie inside a region, of all pixels that must hold it, for a number to be a class
SOLID, RARE = (0.1, 0.0005)
CLOSE = 24  # levels between two numbers that JPEG may mix up
MIXTURES = 6  # further numbers from which masks are taken to have soft edges
MOSTLY = 0.8  # of the pixels that must hold (nearly) a class


def read_mask(cell: Any, *, pixels: int) -> np.ndarray:
    """A path, encoded bytes or a raw array → (H, W) int64: grey or palette numbers, 0/255 for one-bit files, see
    `packed` for colours."""
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


def colours_of(numbers: np.ndarray) -> np.ndarray:
    """(n,) numbers of a mask → (n, 3) the colours they stand for; a shade is a grey."""
    return np.stack([np.where(numbers >= COLOUR, (numbers >> shift) & 255, numbers) for shift in (16, 8, 0)], -1)


def codes_of(mask: np.ndarray, numbers: np.ndarray, *, soft: bool = False) -> np.ndarray:
    """(H, W) numbers → uint8 places among the known `numbers`, UNKNOWN for others; of `soft` masks the nearest."""
    if not soft:
        place = np.searchsorted(numbers, mask).clip(max=len(numbers) - 1)
        return np.where(numbers[place] == mask, place, UNKNOWN).astype(np.uint8)
    found, inverse = np.unique(mask, return_inverse=True)
    far = np.abs(colours_of(found)[:, None] - colours_of(numbers)[None]).max(-1)
    return far.argmin(1).astype(np.uint8)[inverse.reshape(mask.shape)]


def solid(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels whose four neighbours hold the same number: the inside of regions. Mixtures at soft edges
    have none."""
    same = np.ones(mask.shape, bool)
    for axis in (0, 1):
        step = np.diff(mask, axis=axis) == 0
        same[tuple(slice(1, None) if a == axis else slice(None) for a in (0, 1))] &= step
        same[tuple(slice(None, -1) if a == axis else slice(None) for a in (0, 1))] &= step
    return same


def true_numbers(counts: dict[int, int], inside: dict[int, int]) -> list[int] | None:
    """The numbers that masks with soft edges (resized, drawn smoothly, saved as JPEG) are mixed of; None where every
    number is meant.

    Mixtures stand at edges and are many and rare: a class has an inside. What is near a commoner number is taken for
    it: JPEG is never exact."""
    total = sum(counts.values())
    firm = [n for n in counts if inside.get(n, 0) >= SOLID * counts[n] and counts[n] >= RARE * total]
    mixed = len(counts) - len(firm)
    kept: list[int] = []
    for number in sorted(firm, key=lambda n: -counts[n]):
        far = np.abs(colours_of(np.array([number]))[:, None] - colours_of(np.array(kept or [number]))[None]).max(-1)
        if not kept or far.min() > CLOSE:
            kept.append(number)
    soft = mixed >= MIXTURES and mixed > len(kept) and len(kept) > 1
    share = sum(
        counts[n]
        for n in counts
        if any(np.abs(colours_of(np.array([n])) - colours_of(np.array([k]))).max() <= CLOSE for k in kept)
    )
    return sorted(kept) if soft and share >= MOSTLY * total else None


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
        turned = (
            image.getexif().get(MARKS["orientation"], 1) in (5, 6, 7, 8)
            if image.format in ("JPEG", "TIFF", "MPO")
            else False
        )
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
