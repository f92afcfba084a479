"""What is seen of an environment where that is a picture or a grid: a cell is the seed with which an episode begins, or
such a picture. Bytes stay bytes to the stem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import State
from ...environments._pixel_observations import laid_out, layout_of, shown
from .._base import each_cell
from ..vision._image_decoding import decode
from ..vision.image import MODALITY as PICTURES
from ..vision.image import cells
from .observation import FAR, Observation, scales


class Scene(Observation):
    layouts = ("grid",)
    signal_type = "scene"
    backbones = ("nature_cnn", "mlp")

    def measured(self, seen: np.ndarray, facts: State) -> dict[str, Any]:
        """The scale of every channel at random play, from pictures (M, C, H, W)."""
        return scales(seen.transpose(0, 2, 3, 1).reshape(-1, seen.shape[1]).astype(np.float64)) | {
            "picture": dict(facts["world"]["observation"]["picture"])
        }

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """Pictures alone, of raw pixels (N, H, W, C): what the contract asks of every kind of column."""
        given = values.drop_nulls().to_numpy()
        layout = layout_of(Given(given.shape[1:], given.dtype))
        if layout is None:
            raise ValueError(f"values of {given.shape[1:]} are no pictures")
        return self.measured(
            np.stack([laid_out(one, layout) for one in given]), {"world": {"observation": {"picture": layout}}}
        )

    def holds_observations(self, values: pl.Series) -> bool:
        """Pictures, their bytes or their files; words that are numbers are seeds."""
        return (
            super().holds_observations(values)
            or values.dtype == pl.Binary
            or (values.dtype == pl.String and values.cast(pl.Int64, strict=False).null_count() == len(values))
        )

    def rows(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, C, H, W) of pictures as the environment gives them, of their files or of their bytes."""
        layout = state["picture"]

        def work(cell: Any) -> np.ndarray:
            if isinstance(cell, str | bytes):
                cell = decode(cell, pixels=state.get("pixels", 64_000_000))
            return laid_out(
                np.asarray(cell).reshape(layout["shape"]) if np.size(cell) == np.prod(layout["shape"]) else cell, layout
            )

        blank = np.zeros(
            (layout["channels"], layout["height"], layout["width"]), np.uint8 if layout["whole"] else np.float32
        )
        given = (
            cells(values)
            if not isinstance(values.dtype, pl.List)
            else [None if cell is None else np.array(cell.to_list()) for cell in values]
        )
        return np.stack(each_cell(given, work, damaged, blank))

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        return torch.tensor(states[0]["middle"], dtype=torch.float32)[:, None, None].expand(x.shape)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        return []

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Channels(states[0]["middle"], states[0]["spread"])

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        layout: Mapping[str, Any] = state["picture"]
        return (
            tuple(tensor.shape[1:]) == (layout["channels"], layout["height"], layout["width"])
            and len(state["middle"]) == len(state["spread"]) == layout["channels"]
        )

    def to_html(self, value: Any, state: State) -> str:
        if value is None or (np.ndim(value) == 0 and not isinstance(value, str | bytes)):
            return super().to_html(value, state)
        if isinstance(value, str | bytes):
            return PICTURES.to_html(value, {})
        layout = state["picture"]
        given = np.asarray(value)
        return (
            PICTURES.to_html(shown(laid_out(given.reshape(layout["shape"]), layout)), {})
            if given.size == np.prod(layout["shape"])
            else "–"
        )


class Given:
    """The shape and the kind of numbers of some pictures, as a space has them."""

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        self.shape, self.dtype = tuple(shape), dtype


class Channels(nn.Module):
    """Pictures (B, C, H, W) → grid Signal, every channel of middle 0 and spread 1."""

    middle: Tensor
    spread: Tensor

    def __init__(self, middle: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("middle", torch.tensor(middle, dtype=torch.float32)[:, None, None])
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32)[:, None, None])

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(((x - self.middle) / self.spread).clamp(-FAR, FAR), "grid")


MODALITY = Scene()
