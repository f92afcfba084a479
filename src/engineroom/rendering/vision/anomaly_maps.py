"""Heat to look at and to keep: where a picture is odd, laid over it, and as PNGs in its size. Heat is log odds counted
from the alarm on."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.schema import Schema
from ...modalities.vision._masks import read_mask, write_mask
from .mask_overlay import save_masks
from .thumbnails import abreast, image, shown_picture

COVER = 0.8  # how much of the hottest colour hides the picture
WARM, HOT = np.array([255.0, 214.0, 0.0]), np.array([214.0, 0.0, 50.0])
FAINT = 0.15  # below this no colour is seen


def levels(heat: np.ndarray) -> np.ndarray:
    """Log odds → uint8: 128 is as odd as an alarm needs, 255 surely odd."""
    return np.round(255 / (1 + np.exp(-np.clip(heat.astype(np.float64), -30, 30)))).astype(np.uint8)


def packed(heat: np.ndarray) -> np.ndarray:
    """(N, h, w) log odds → (N,) PNGs: records of answers stay small."""
    out = np.empty(len(heat), object)
    out[:] = [write_mask(one, list(range(256))) for one in levels(heat)]
    return out


def drawn(frame: pl.DataFrame, row: int, schema: Schema, heat: bytes | np.ndarray) -> str:
    """The picture, and beside it the picture under its heat."""
    picture = shown_picture(frame, row, schema)
    level = read_mask(heat, pixels=1 << 30).astype(np.uint8) if isinstance(heat, bytes) else levels(heat)
    figures = [
        ("the picture", image(picture, "the picture")),
        ("where it is odd", image(glowing(picture, level), "the picture under its heat")),
    ]
    return abreast(figures, [("as odd as an alarm needs", tone(0.5)), ("surely odd", tone(1.0))])


def glowing(picture: np.ndarray, level: np.ndarray) -> np.ndarray:
    """(H, W, 3) under heat (h, w) uint8: the odder, the redder and the less of the picture."""
    from PIL import Image as Pillow

    size = (picture.shape[1], picture.shape[0])
    share = np.asarray(Pillow.fromarray(level).resize(size, Pillow.Resampling.BILINEAR), np.float32)[..., None] / 255
    cover = COVER * np.clip((share - FAINT) / (1 - FAINT), 0, 1) ** 0.7
    return ((1 - cover) * picture + cover * (WARM + share * (HOT - WARM))).astype(np.uint8)


def tone(share: float) -> str:
    return "#" + "".join(f"{int(v):02x}" for v in WARM + share * (HOT - WARM))


def save(heat: np.ndarray, frame: pl.DataFrame, schema: Schema, folder: Path) -> None:
    save_masks(levels(heat), frame, schema, folder, list(range(256)))


def cell(pixels: np.ndarray, dtype: Any) -> Any:
    """(H, W, C) uint8 as a cell of a column of raw pixels, of encoded bytes or of texts (a data URI)."""
    from PIL import Image as Pillow

    if isinstance(dtype, pl.Array):
        return pixels.reshape(dtype.shape)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return (
        buffer.getvalue()
        if dtype == pl.Binary
        else "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    )
