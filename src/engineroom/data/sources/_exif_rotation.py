"""COLLECT: photographs that lie on their side (EXIF orientation), and what was annotated in the frame in which they are
stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...modalities.vision._image_decoding import MARKS, open_picture
from ._cache import fingerprint, work_folder

NAMED = 5
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height


def frame_of_picture(path: str, pixels: int) -> tuple[tuple[int, int], int]:
    """((width, height) as stored, EXIF orientation 1..8) of a picture, read from its header."""
    with open_picture(path, pixels=pixels) as image:
        mark = (
            image.getexif().get(MARKS["orientation"], 1)
            if image.format in ("JPEG", "TIFF", "MPO", "WEBP", "PNG", "HEIF", "AVIF")
            else 1
        )
        return image.size, mark if mark in range(1, 9) else 1


def turned_points(points: np.ndarray, orientation: int) -> np.ndarray:
    """(n, 2) x y in shares of the stored picture → in shares of the upright one."""
    x, y = points.T
    upright = {
        1: (x, y), 2: (1 - x, y), 3: (1 - x, 1 - y), 4: (x, 1 - y),
        5: (y, x), 6: (1 - y, x), 7: (1 - y, 1 - x), 8: (y, 1 - x),
    }[orientation]  # fmt: skip
    return np.stack(upright, 1)


def upright_masks(
    pictures: Sequence[str], masks: Sequence[str], cache: Path | None, pixels: int
) -> tuple[list[str], list[str]]:
    """(the masks, notes): a mask of the size of its picture as stored, where that lies on its side, is turned with
    it."""
    found, turned = list(masks), []
    for row, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        try:
            size, orientation = frame_of_picture(picture, pixels)
            if orientation not in SIDEWAYS or size[0] == size[1] or frame_of_picture(mask, pixels) != (size, 1):
                continue
            found[row] = turned_file(Path(mask), orientation, cache, pixels)
        except (OSError, ValueError, SyntaxError):
            continue  # damaged files are named when they are decoded
        turned.append(Path(mask).name)
    if not turned:
        return found, []
    named = ", ".join(turned[:NAMED])
    return found, [
        f"{len(turned):,} masks were drawn on photographs as stored, lying on their side, and are turned with them: "
        f"{named}."
    ]


def turned_file(mask: Path, orientation: int, cache: Path | None, pixels: int) -> str:
    """A copy of the mask, turned as the orientation says."""
    out = work_folder(cache) / f"{fingerprint(mask, orientation)}-turned.png"
    if not out.exists():
        with open_picture(str(mask), pixels=pixels) as image:
            turned_image(image, orientation).save(out, "PNG")
    return str(out)


def turned_image(image: Any, orientation: int) -> Any:
    """A Pillow image as stored → as its EXIF orientation says that it is seen."""
    from PIL import Image as Pillow

    ways = {
        2: "FLIP_LEFT_RIGHT",
        3: "ROTATE_180",
        4: "FLIP_TOP_BOTTOM",
        5: "TRANSPOSE",
        6: "ROTATE_270",
        7: "TRANSVERSE",
        8: "ROTATE_90",
    }
    return image.transpose(getattr(Pillow.Transpose, ways[orientation])) if orientation in ways else image
