"""Image files decoded to pixels: EXIF orientation applied, transparency laid on a background, deep grey levels brought
to eight bits."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...core.errors import UserError, missing_extra
from .._base import each_cell

WRITTEN_OUT = "data:image/"  # how a cell begins that is no path but the picture itself
MARKS = {"orientation": 0x0112}  # EXIF's number for how a photograph lies
DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")  # modes of more than eight bits
WHITE, BLACK = 255, 0
SHOWN = 64  # pictures looked at to choose a background and a range of levels
OUTER = 0.1  # per cent of a picture's pixels on either side that its range of levels may leave out
FTYPES = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")


def decode(
    cell: Any,
    *,
    pixels: int,
    near: tuple[int, int] | None = None,
    background: int = WHITE,
    levels: Sequence[float] | None = None,
) -> np.ndarray:
    """A path, encoded bytes or raw pixels → (H, W, 1 or 3) uint8. Refuses more than `pixels` before decoding (an image
    bomb).

    `near` lets a JPEG be decoded at a reduced size no smaller than (H, W). What is transparent shows the `background`.
    `levels` (low, high) is what becomes 0 and 255 of a picture of more than eight bits; None stretches each by itself.
    Raises OSError or ValueError with a plain reason.
    """
    if isinstance(cell, np.ndarray):
        return cell[..., None] if cell.ndim == 2 else cell
    from PIL import ImageOps

    with open_picture(cell, pixels=pixels) as file:
        image: Any = file
        if near is not None and image.format == "JPEG":
            file.draft("RGB" if image.mode != "L" else "L", (near[1], near[0]))
        image = ImageOps.exif_transpose(image)
        if image.mode in DEEP:
            deep = np.asarray(image, np.float32)
            low, high = levels if levels is not None else (float(deep.min()), float(deep.max()))
            return ((deep - low) * (255 / max(high - low, 1e-9))).clip(0, 255).astype(np.uint8)[..., None]
        if is_transparent(image):
            image = laid_on(image, background)
        image = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
        array = np.asarray(image)
    return array[..., None] if array.ndim == 2 else array


def open_picture(cell: str | bytes, *, pixels: int) -> Any:
    """A file (its path, its bytes, or these written out as a data URI, RFC 2397), not yet decoded. Raises ValueError
    for more than `pixels`."""
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    Pillow.MAX_IMAGE_PIXELS = None  # our own bound below is stricter and says why
    known = heif_is_read()
    if isinstance(cell, str) and cell.startswith(WRITTEN_OUT):
        cell = base64.b64decode(cell.partition(";base64,")[2], validate=True)
    try:
        file = Pillow.open(cell if isinstance(cell, str) else io.BytesIO(cell))
    except UnidentifiedImageError:
        if not known and is_heif(cell):
            raise ValueError(
                needed(missing_extra("heif", "pillow-heif", "HEIC pictures", instead="convert them to JPEG"))
            ) from None
        raise
    if file.width * file.height > pixels:
        file.close()
        raise ValueError(f"{file.width}×{file.height} pixels are over the limit of {pixels:,} (limits.pixels)")
    return file


def needed(error: UserError) -> str:
    """What is missing and how to get it, as the reason why one row cannot be read."""
    return f"{error.what.rstrip('.')}: {error.fix}"


@cache
def heif_is_read() -> bool:
    """Teach Pillow to read HEIC, where pillow-heif is installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def is_heif(cell: str | bytes) -> bool:
    """Does it begin as HEIC files do?"""
    if isinstance(cell, bytes):
        head = cell[:12]
    else:
        with open(cell, "rb") as file:
            head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in FTYPES


def is_transparent(image: Any) -> bool:
    """Has it an alpha channel, or a colour that counts as transparent?"""
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def laid_on(image: Any, background: int) -> Any:
    """An image with transparency over a background of one grey."""
    from PIL import Image as Pillow

    grey = image.mode in ("LA", "La") or (image.mode in ("1", "L"))
    full = image.convert("RGBA")
    ground = Pillow.new("RGBA", full.size, (background, background, background, 255))
    return Pillow.alpha_composite(ground, full).convert("L" if grey else "RGB")


def background(cells: Sequence[Any], pixels: int) -> int | None:
    """White, or black where what can be seen of transparent pictures is light: white icons must not vanish. None
    without transparency."""
    found = [
        one for one in each_cell(some(cells), lambda cell: visible_light(cell, pixels), {}, np.zeros(0)) if len(one)
    ]
    if not found or np.isnan(np.array(found)).all():
        return None
    return BLACK if float(np.nanmean(np.array(found))) > 170 else WHITE


def visible_light(cell: Any, pixels: int) -> np.ndarray:
    """(1,): the mean grey of what is opaque in a picture that is partly transparent, else NaN."""
    if isinstance(cell, np.ndarray):
        return np.array([np.nan])
    with open_picture(cell, pixels=pixels) as image:
        if not is_transparent(image):
            return np.array([np.nan])
        alpha = np.asarray(image.convert("RGBA"), np.float32)
    weight = alpha[..., 3] / 255
    return np.array(
        [(alpha[..., :3].mean(-1) * weight).sum() / weight.sum() if 0 < weight.sum() < weight.size else np.nan]
    )


def level_range(cells: Sequence[Any], pixels: int) -> list[float] | None:
    """[low, high] of the column's pictures of more than eight bits; None where there are none."""
    found = [one for one in each_cell(some(cells), lambda cell: own_range(cell, pixels), {}, np.zeros(0)) if len(one)]
    ranges = np.array([one for one in found if not np.isnan(one).any()]).reshape(-1, 2)
    return [round(float(ranges[:, 0].min()), 3), round(float(ranges[:, 1].max()), 3)] if len(ranges) else None


def own_range(cell: Any, pixels: int) -> np.ndarray:
    if isinstance(cell, np.ndarray):
        return np.full(2, np.nan)
    with open_picture(cell, pixels=pixels) as image:
        return (
            np.percentile(np.asarray(image, np.float32), [OUTER, 100 - OUTER])
            if image.mode in DEEP
            else np.full(2, np.nan)
        )


def inspect_image(cell: Any, pixels: int) -> np.ndarray:
    """(3,): is it partly transparent, has it more than eight bits, has it several frames?"""
    if isinstance(cell, np.ndarray):
        return np.zeros(3)
    with open_picture(cell, pixels=pixels) as image:
        deep, frames = image.mode in DEEP, getattr(image, "n_frames", 1) > 1
        clear = is_transparent(image) and int(np.asarray(image.convert("RGBA"))[..., 3].min()) < 255
    return np.array([clear, deep, frames], float)


def some(cells: Sequence[Any]) -> list[Any]:
    return [cells[row] for row in range(0, len(cells), max(1, len(cells) // SHOWN))]
