"""A column of images: paths, encoded bytes or raw pixels. Decoded once, kept as uint8 of one size, normalised in the
stem."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.sampling import evenly
from ...core.schema import Column
from ...layers.augment import jitter, mirror, shift, tinted, together, warp
from .._base import Base, each_cell, mostly
from .._file_extensions import IMAGE_ENDINGS, as_pattern
from ..masking._masked_regions import SIDE
from ._image_decoding import background, decode, inspect_image, level_range
from ._normalise import Normalise

FEW = 4000  # with fewer pictures to learn from, stronger changes of them pay
SAMPLE = 256  # pictures looked at to choose size and colours
LARGEST = 96  # longest side the network sees, where neither the user nor the task wants another
SMALLEST = 16  # smaller pictures are enlarged: convolutions need room
# another look for learning without answers: part of the sides, change of light and of colours
SHOWN, LIT, TINT = ((0.5, 1.0), 0.4, 0.3)


class Image(Base):
    needs_value = True
    layouts: tuple[str, ...] = ("grid",)
    signal_type = "picture"
    backbones: tuple[str, ...] = ("cnn", "transformer", "mlp", "nature_cnn")

    def detect(self, values: pl.Series) -> float:
        if isinstance(values.dtype, pl.Array) and str(values.dtype).startswith("Array(UInt8"):
            return 1.0 if len(values.dtype.shape) < 4 else 0.0
        if values.dtype == pl.Binary:
            return 0.8
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls().head(200)
        return 0.97 if len(known) and mostly(known, as_pattern(IMAGE_ENDINGS) + "|^data:image/") else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        known = values.drop_nulls()
        picked = known.gather(evenly(len(known), SAMPLE))
        blank = np.zeros((0, 0, 3), np.uint8)
        damaged: dict[int, str] = {}
        how: dict[str, Any] = {"background": background(cells(picked), limits.pixels)}
        if limits.scale == "column":
            how["levels"] = level_range(cells(picked), limits.pixels)
        how = {name: value for name, value in how.items() if value is not None}
        pictures = [
            p
            for p in each_cell(cells(picked), lambda cell: decode(cell, pixels=limits.pixels, **how), damaged, blank)
            if p.size
        ]
        if not pictures:
            return {
                "height": 32,
                "width": 32,
                "channels": 3,
                "mean": [0.5] * 3,
                "std": [0.25] * 3,
                "pixels": limits.pixels,
                "turns": False,
            }
        grey = all(p.shape[2] == 1 or (p == p[..., :1]).all() for p in pictures)
        height, width = common_size([p.shape[:2] for p in pictures], limits.image_size or LARGEST)
        channels = 1 if grey else 3
        small = np.stack([fit_size(p, height, width, channels) for p in pictures]) / 255.0
        mean, std = small.mean((0, 2, 3)), small.std((0, 2, 3))
        return {
            "height": height,
            "width": width,
            "channels": channels,
            "mean": [round(float(m), 5) for m in mean],
            "std": [round(float(max(s, 0.02)), 5) for s in std],
            "pixels": limits.pixels,
            "turns": len(known) < FEW,
            **how,
        }

    def notices(self, values: pl.Series, state: State) -> list[str]:
        """Transparency, deep levels and further frames, counted in a sample."""
        known = values.drop_nulls()
        picked = known.gather(evenly(len(known), SAMPLE))
        found = [
            one
            for one in each_cell(
                cells(picked), lambda cell: inspect_image(cell, state.get("pixels", 64_000_000)), {}, np.zeros(0)
            )
            if len(one)
        ]
        if not found:
            return []
        clear, deep, moving = (int(count) for count in np.array(found).sum(0))
        of = f"of {len(found):,} pictures looked at"
        lines = []
        if clear:
            ground = "black" if state.get("background", 255) == 0 else "white"
            lines.append(f"{clear:,} {of} are partly transparent: they are laid on {ground}.")
        if deep:
            low, high = state.get("levels", (0, 0))
            how = (
                f"one scale for all, {low:g} to {high:g} (--set limits.scale=each stretches each by itself)"
                if "levels" in state
                else "each stretched by itself"
            )
            lines.append(f"{deep:,} {of} have more than 8 bits: {how}.")
        if moving:
            lines.append(f"{moving:,} {of} hold several frames or pages: only the first of each is read.")
        return lines

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, channels, height, width) uint8."""
        height, width, channels = state["height"], state["width"], state["channels"]

        def work(cell: Any) -> np.ndarray:
            return fit_size(
                decode(cell, pixels=state["pixels"], near=(height, width), **reading(state)), height, width, channels
            )

        return np.stack(each_cell(cells(values), work, damaged, np.zeros((channels, height, width), np.uint8)))

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """Shifts, mirror images where the data allow them (`symmetries`); where pictures are few (`turns`) small turns,
        zooms and changes of light."""
        x = fields[""].float()
        if "horizontal" in state.get("symmetries", ()):
            x = mirror(x, -1, generator)
        if "vertical" in state.get("symmetries", ()):
            x = mirror(x, -2, generator)
        if state["turns"]:
            x = warp(x, generator)
        x = shift(x, generator)
        if state["turns"] and state["channels"] == 3:
            x = jitter(x, generator)
        return {**fields, "": x}

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """A part of the picture in another light (Chen et al. 2020)."""
        x = fields[""].float()
        place = together(x, generator, states[0].get("symmetries", ()), turn=0.15, zoom=SHOWN)
        x = F.grid_sample(
            x, F.affine_grid(place, list(x.shape), align_corners=False), padding_mode="reflection", align_corners=False
        )
        return {**fields, "": tinted(jitter(x, generator, LIT), generator, TINT)}

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        state = columns[0].state
        size = [state["height"], state["width"]]
        small = [max(1, round(side * min(1.0, SIDE / max(size)))) for side in size]
        return {
            "kind": "pixels",
            "columns": [columns[0].name],
            "size": size,
            "shape": [state["channels"], *small],
            "mean": state["mean"],
            "std": state["std"],
        }

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """(B, C, H, W) of the mean colour."""
        return (255 * torch.tensor(states[0]["mean"], dtype=torch.float32))[:, None, None].expand(x.shape)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Normalise(states[0]["mean"], states[0]["std"], even=states[0].get("even", False))

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tuple(tensor.shape[1:]) == (state["channels"], state["height"], state["width"])

    def to_html(self, value: Any, state: State) -> str:
        """A thumbnail of at most 160 pixels as a data URI."""
        from PIL import Image as Pillow

        try:
            picture = decode(value, pixels=state.get("pixels", 64_000_000), near=(160, 160), **reading(state))
        except (OSError, ValueError, SyntaxError, MemoryError):
            return "<em>unreadable picture</em>"
        image = Pillow.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
        scale = 160 / max(image.size)
        image = image.resize(
            (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
            Pillow.Resampling.NEAREST if scale > 1 else Pillow.Resampling.BILINEAR,
        )
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=True) if image.width * image.height < 4000 else image.convert("RGB").save(
            buffer, "JPEG", quality=80
        )
        kind = "png" if buffer.getvalue()[:4] == b"\x89PNG" else "jpeg"
        return f'<img alt="" src="data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def reading(state: State) -> dict[str, Any]:
    """How a column's pictures are read, as `decode` is told."""
    return {name: state[name] for name in ("background", "levels") if name in state}


def cells(values: pl.Series) -> Any:
    """Paths and bytes as Python objects; raw pixels as arrays."""
    return values.to_list() if values.dtype in (pl.String, pl.Binary) else values.to_numpy()


def fit_size(picture: np.ndarray, height: int, width: int, channels: int) -> np.ndarray:
    """(H, W, C) of any size → (channels, height, width) uint8."""
    from PIL import Image as Pillow

    if picture.shape[2] != channels:
        picture = picture.repeat(3, 2) if channels == 3 else picture.mean(2, keepdims=True).astype(np.uint8)
    if picture.shape[:2] != (height, width):
        image = Pillow.fromarray(picture.squeeze(2) if channels == 1 else picture)
        picture = np.asarray(image.resize((width, height), Pillow.Resampling.BILINEAR)).reshape(height, width, channels)
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def common_size(sizes: Sequence[tuple[int, int]], largest: int) -> tuple[int, int]:
    """The size all pictures are brought to: the median one, its longest side within SMALLEST and `largest`, in steps of
    4 pixels."""
    height, width = (float(v) for v in np.median(np.array(sizes), axis=0))
    scale = max(min(1.0, largest / max(height, width)), SMALLEST / max(height, width))
    return tuple(max(8, round(side * scale / 4) * 4) for side in (height, width))  # type: ignore[return-value]


MODALITY = Image()
