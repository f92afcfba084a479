"""A column of pictures that have suffered. A cell that says how it is to suffer is damaged here; any other is read as
it is, in its own size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.config import LimitsConfig
from ...core.files import blake
from ...core.protocols import Ragged, State
from ...layers.degradation import scale_of, spoilt
from .._base import Base, each_cell
from ._normalise import Normalise
from ._ragged_images import MOST, batched, colours, middle, packed, sources, unpacked
from .image import MODALITY as IMAGE
from .image import cells

PART = 512  # pixels a side: so much of the middle of a picture teaches or judges
MEAN, STD = [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]  # colours are only brought to a handy range: the same for all data


class Damaged(Base):
    layouts = ("grid",)
    signal_type = "picture"
    backbones = ("edsr",)

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"damage": "noise", "side": min(limits.image_size or PART, PART), "pixels": limits.pixels}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """A ragged row of bytes each: a size and its pixels. Damage by chance is drawn by the cell's own number."""
        kind, is_struct = state["damage"], isinstance(values.dtype, pl.Struct)
        chances = values.struct.field("chance").to_list() if is_struct else []
        found = list(cells(sources(values)))

        def work(pair: tuple[int, Any]) -> np.ndarray:
            row, cell = pair
            picture = colours(cell, state["pixels"])
            if not is_struct:
                if picture.shape[0] * picture.shape[1] > MOST:
                    raise ValueError(
                        f"{picture.shape[1]}×{picture.shape[0]} pixels are over {MOST:,}: cut the picture into parts"
                    )
                return picture
            picture = middle(picture, state["side"], scale_of(kind))
            if not picture.size:
                raise ValueError(f"is smaller than {scale_of(kind)} pixels")
            return spoilt(picture, kind, np.random.default_rng([7, int(chances[row])]))

        return packed(
            each_cell(
                [None if cell is None else (row, cell) for row, cell in enumerate(found)],
                work,
                damaged,
                np.zeros((0, 0, 3), np.uint8),
            )
        )

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        return batched(unpacked(arrays))

    def canonical(self, values: pl.Series) -> pl.Series:
        """Equal where the pictures are, however they suffer."""
        held = sources(values)
        if held.dtype == pl.String:
            return held.fill_null("")
        return pl.Series(
            [blake(one if isinstance(one, bytes) else np.asarray(one).tobytes()) for one in cells(held)],
            dtype=pl.String,
        )

    def stem(self, states: Sequence[State], width: int, layout: Any) -> nn.Module:
        return Plainly(MEAN, STD)

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        return torch.full_like(x, 127)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 4 and tensor.shape[1] == 3 and tensor.shape[2] * tensor.shape[3] <= MOST

    def notices(self, values: pl.Series, state: State) -> list[str]:
        return IMAGE.notices(sources(values), state)

    def to_html(self, value: Any, state: State) -> str:
        return IMAGE.to_html(
            value["source"] if isinstance(value, dict) else value, {"pixels": state.get("pixels", 64_000_000)}
        )


class Plainly(Normalise):
    """Pixels (B, 3, H, W) → Signal; what lies beyond a picture's edge (its mask) is middling grey."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Any:
        return super().forward(x if mask is None else torch.where(mask[:, None], x, 127))


MODALITY = Damaged()
