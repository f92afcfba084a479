"""Pictures as they came, as they were and as they are now: side by side, a part of them enlarged."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.errors import UserError
from ...core.files import disk_error
from ...core.schema import Schema
from ...layers.degradation import LIGHT, resized
from ...modalities.vision._ragged_images import colours, preview, sources, unpacked
from .mask_overlay import file_names
from .thumbnails import abreast, image, picture_column

SHOWN, PART, LARGE = 240, 56, 240  # pixels of a whole picture; of the part that is enlarged; of that part on the page


def png(picture: np.ndarray) -> bytes:
    """(H, W, 3) uint8 → a PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def unpng(data: bytes) -> np.ndarray:
    return colours(data, 1 << 30)


def came(frame: pl.DataFrame, row: int, schema: Schema) -> np.ndarray:
    """(h, w, 3): the picture as the network got it."""
    column = picture_column(schema)
    return unpacked(registry.get("modalities", column.modality).encode(frame[column.name][[row]], column.state, {}))[0]


def was(frame: pl.DataFrame, row: int, schema: Schema) -> np.ndarray | None:
    """(H, W, 3): the picture as it was before, where that is known."""
    target = schema.target
    if target.name not in frame.columns or frame[target.name][row] is None:
        return None
    return unpacked(registry.get("modalities", target.modality).encode(frame[target.name][[row]], target.state, {}))[0]


def abreast_all(frame: pl.DataFrame, row: int, schema: Schema, said: np.ndarray, scale: int, plain: str) -> str:
    """The whole picture as it came and as it is now; below, its richest part: as it came, the plain way, ours, and the
    truth."""
    low = came(frame, row, schema)
    true = was(frame, row, schema)
    H, W = said.shape[:2]
    top, left, side = richest(said if true is None else true, min(PART, H, W))
    cut = np.s_[top : top + side, left : left + side]
    figures = [
        ("came", resized(low, H, W, "NEAREST")),
        *([(plain, resized(low, H, W))] if scale > 1 else []),
        ("ours", said),
        *([("truth", true)] if true is not None else []),
    ]
    whole = abreast(
        [(name, image(preview(one, SHOWN), name)) for name, one in figures if name in ("came", "ours", "truth")], []
    )
    parts = abreast([(name, sharp(resized(one[cut], LARGE, LARGE, "NEAREST"), name)) for name, one in figures], [])
    return whole + parts


def sharp(picture: np.ndarray, words: str) -> str:
    """Without loss: a part is shown for its details."""
    return (
        f'<img alt="{words}" style="width:100%;height:auto;image-rendering:pixelated" '
        f'src="data:image/png;base64,{base64.b64encode(png(picture)).decode()}">'
    )


def richest(picture: np.ndarray, side: int) -> tuple[int, int, int]:
    """(top, left, side) of the square with the strongest edges."""
    from scipy.ndimage import uniform_filter

    light = picture.astype(np.float32) @ LIGHT
    down, right = np.gradient(light) if min(light.shape) > 1 else (light, light)
    busy = uniform_filter(np.hypot(down, right), side, mode="constant")
    half = side // 2
    # the middles of all squares that lie within
    inside = busy[half : half + busy.shape[0] - side + 1, half : half + busy.shape[1] - side + 1]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(top), int(left), side


def save_pictures(pictures: np.ndarray, frame: pl.DataFrame, schema: Schema, folder: Path) -> None:
    """One PNG a row, named after the picture's file (rows of no file by their number)."""
    values: Any = sources(frame[picture_column(schema).name])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in zip(file_names(values, frame), pictures, strict=True):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(png(picture))
    except FileExistsError:
        raise UserError(
            f"{folder} is a file, not a folder.", "Pictures are written one file a row.", "Name another folder."
        ) from None
    except OSError as error:
        raise disk_error(error, folder) from error
