"""A target: the picture as it was before it suffered. In training a part of it is taken, turned, and made to suffer
anew by (seed, step)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...layers.degradation import scale_of, spoilt
from .._base import Base, each_cell
from ._ragged_images import batched, colours, middle, packed, real, sources, unpacked
from .degraded_image import PART
from .image import MODALITY as IMAGE
from .image import cells

PIECE = 32  # pixels a side, as the network sees it, of the parts that teach


class Whole(Base):
    paired_with = "picture"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return {"damage": "noise", "side": min(limits.image_size or PART, PART), "pixels": limits.pixels}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """A ragged row of bytes each: a size and its pixels."""
        scale = scale_of(state["damage"])

        def work(cell: Any) -> np.ndarray:
            return middle(colours(cell, state["pixels"]), state["side"], scale)

        return packed(each_cell(cells(sources(values)), work, damaged, np.zeros((0, 0, 3), np.uint8)))

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        return batched(unpacked(arrays))

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Parts (B, 3, scale · PIECE, …) of whole pictures, mirrored and turned, and the same parts damaged."""
        kind = target_state["damage"]
        side = PIECE * scale_of(kind)
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        good, bad = [], []
        for row in range(len(said[""])):
            piece = turned(part(real(said, row), side, rng), rng)
            good.append(piece)
            bad.append(spoilt(piece, kind, rng))
        return batched(bad), batched(good)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 4 and tensor.shape[1] == 3

    def to_html(self, value: Any, state: State) -> str:
        return IMAGE.to_html(value, {"pixels": state.get("pixels", 64_000_000)})


def part(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """(side, side, 3) anywhere in (H, W, 3); a smaller picture goes on as its own mirror image."""
    H, W = picture.shape[:2]
    if min(H, W) < side:
        picture = np.pad(picture, ((0, max(0, side - H)), (0, max(0, side - W)), (0, 0)), "symmetric")
        H, W = picture.shape[:2]
    top, left = rng.integers(H - side + 1), rng.integers(W - side + 1)
    return picture[top : top + side, left : left + side]


def turned(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of the eight ways a square can lie."""
    return np.ascontiguousarray(np.rot90(picture if rng.random() < 0.5 else picture[:, ::-1], int(rng.integers(4))))


MODALITY = Whole()
