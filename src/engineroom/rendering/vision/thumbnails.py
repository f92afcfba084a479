"""Pictures for reports: the picture of a row at a handy size, colours that tell classes apart, figures with a
legend."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.schema import Column, Schema
from ...modalities.vision._image_decoding import decode
from ...modalities.vision.image import reading

SIDE = 320  # pixels, the longest side that is shown
# Okabe & Ito 2008, then Tableau's twenty: told apart by most eyes
COLOURS = tuple(
    [
        "#e69f00",
        "#56b4e9",
        "#009e73",
        "#f0e442",
        "#0072b2",
        "#d55e00",
        "#cc79a7",
        "#8c564b",
        "#9edae5",
        "#bcbd22",
        "#7f7f7f",
        "#c5b0d5",
        "#98df8a",
        "#ff9896",
        "#1f77b4",
        "#2ca02c",
        "#9467bd",
        "#17becf",
        "#dbdb8d",
        "#f7b6d2",
    ]
)


def colour(k: int) -> str:
    return COLOURS[k % len(COLOURS)]


def rgb(name: str) -> tuple[int, int, int]:
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def picture_column(schema: Schema) -> Column:
    return next(c for c in schema.inputs if registry.get("modalities", c.modality).signal_type == "picture")


def cell(frame: pl.DataFrame, row: int, name: str) -> Any:
    values = frame[name]
    return values.gather([row]).to_numpy()[0] if isinstance(values.dtype, pl.Array) else values[row]


def shown_picture(frame: pl.DataFrame, row: int, schema: Schema) -> np.ndarray:
    """(H, W, 3) uint8, at most SIDE pixels long; grey where it cannot be read."""
    from PIL import Image as Pillow

    column = picture_column(schema)
    try:
        picture = decode(
            cell(frame, row, column.name),
            pixels=column.state.get("pixels", 64_000_000),
            near=(SIDE, SIDE),
            **reading(column.state),
        )
    except (OSError, ValueError, SyntaxError, MemoryError):
        picture = np.full((column.state["height"], column.state["width"], 1), 128, np.uint8)
    image = Pillow.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture).convert("RGB")
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(image.resize(size, Pillow.Resampling.NEAREST if scale > 2 else Pillow.Resampling.BILINEAR))


def data_uri(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 → a JPEG as a data URI."""
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def abreast(figures: Sequence[tuple[str, str]], legend: Sequence[tuple[str, str]]) -> str:
    """Figures (caption, HTML) side by side, below them a legend of (name, colour)."""
    parts = "".join(
        f'<figure style="flex:1 1 0;min-width:0;margin:0">{body}<figcaption '
        f'style="font-size:.8em;opacity:.75">{html.escape(caption)}</figcaption></figure>'
        for caption, body in figures
    )
    marks = "".join(
        '<span style="white-space:nowrap;margin-right:.7em"><span '
        'style="display:inline-block;width:.75em;height:.75em;border-radius:2px;'
        f'background:{tone};margin-right:.25em"></span>{html.escape(str(name))}</span>'
        for name, tone in legend
    )
    return (
        f'<div style="width:100%"><div style="display:flex;gap:6px">{parts}</div><p '
        'style="font-size:.8em;margin:.3em '
        f'0 0;line-height:1.5">{marks}</p></div>'
    )


def image(pixels: np.ndarray, words: str) -> str:
    return f'<img alt="{html.escape(words)}" style="width:100%;height:auto" src="{data_uri(pixels)}">'
