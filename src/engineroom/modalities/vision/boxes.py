"""A column of boxes: what is where in a picture, as rectangles with a class. A target only; it moves with its
picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.protocols import Ragged, State
from ...layers.augment import moved, together
from .._base import Base
from ._boxes import read_boxes
from ._spatial_targets import find_flips, light

MOST_CLASSES = 1_000
CROP = 0.75  # of the side: training looks at parts of pictures, more of them in the same time
SMALLEST = 128  # pixels; smaller pictures are not cropped
REMAINS = 0.3  # of a box's area must be left in the part that is shown


class Boxes(Base):
    paired_with = "picture"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        counts: dict[str, int] = {}
        sides: list[dict[str, np.ndarray]] = []
        for names, boxes in readable(values):
            leans: dict[str, list[np.ndarray]] = {}
            for name, box in zip(names, boxes, strict=True):
                counts[name] = counts.get(name, 0) + 1
                leans.setdefault(name, []).append(np.sign(box[:2] + box[2:] - 1))
            sides.append({name: np.mean(found, 0) for name, found in leans.items()})
        if not counts or len(counts) > MOST_CLASSES:
            what = (
                f"The column {values.name!r} holds {len(counts):,} classes of boxes."
                if counts
                else f"The column {values.name!r} holds no boxes."
            )
            raise DataError(
                what,
                'A cell is {"width", "height", "boxes": [{"class", "x1", "y1", "x2", "y2"}, …]}.',
                "Is this the right --target?",
            )
        return {
            "values": sorted(counts),
            "counts": [counts[name] for name in sorted(counts)],
            "flips": find_flips(sides),
            "height": 0,
            "width": 0,
        }

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """Sizes in pixels are those of the picture as the network sees it."""
        return {**state, "height": other["height"], "width": other["width"]}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Ragged rows (n, 5) float32: x1 y1 x2 y2 in shares of the picture, class code. Classes unseen in training are
        left out."""
        place = {name: code for code, name in enumerate(state["values"])}
        rows = []
        for index, cell in enumerate(values):
            found: list[list[float]] = []
            try:
                names, boxes, _ = read_boxes(cell) if cell is not None else ([], np.zeros((0, 4)), 0)
                found = [[*box, place[name]] for name, box in zip(names, boxes.tolist(), strict=True) if name in place]
            except ValueError as error:
                damaged[index] = str(error)
            rows.append(np.array(found, np.float32).reshape(-1, 5))
        return Ragged(
            np.concatenate(rows) if rows else np.zeros((0, 5), np.float32), np.array([len(r) for r in rows], np.int64)
        )

    def labels(self, values: pl.Series, state: State) -> list[str | None]:
        return [name for names, _ in readable(values) for name in names]

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """A part of the picture, zoomed and mirrored where the classes allow it, and the boxes that are left in it;
        other light on the picture."""
        x, boxes = own[""].float(), said[""]
        H, W = x.shape[2:]
        share = CROP if min(H, W) >= SMALLEST else 1.0
        size = (round(share * H / 16) * 16, round(share * W / 16) * 16) if share < 1 else (H, W)
        zoom = (0.7, 1.25) if share < 1 else (0.6, 0.95)  # never beyond the edge: mirrored things have no boxes
        theta = together(x, generator, target_state["flips"], turn=0.0, zoom=zoom, share=share)
        x = light(moved(x, theta, size), generator)
        return {**own, "": x}, {**said, "": shifted(boxes, theta)}

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 3 and tensor.shape[2] == 5


def readable_cell(cell: Any) -> tuple[list[str], np.ndarray]:
    """(classes, boxes (n, 4)) of a cell; none where it is empty or cannot be read."""
    try:
        names, boxes, _ = read_boxes(cell) if cell is not None else ([], np.zeros((0, 4)), 0)
    except ValueError:
        return [], np.zeros((0, 4))
    return names, boxes


def readable(values: pl.Series) -> list[tuple[list[str], np.ndarray]]:
    """What can be read; the rest is named when it is encoded."""
    found = []
    for cell in values.drop_nulls():
        try:
            names, boxes, _ = read_boxes(cell)
        except ValueError:
            continue
        found.append((names, boxes))
    return found


def shifted(boxes: Tensor, theta: Tensor) -> Tensor:
    """(B, T, 5) boxes of pictures that are now seen through `theta` (B, 2, 3), without turns; what has left the picture
    has no area."""
    scale, move = torch.diagonal(theta[:, :, :2], dim1=1, dim2=2)[:, None], theta[:, None, :, 2]
    corners = torch.stack([(2 * boxes[..., :2] - 1 - move) / scale, (2 * boxes[..., 2:4] - 1 - move) / scale])
    low, high = (corners.amin(0) + 1) / 2, (corners.amax(0) + 1) / 2  # mirroring swaps the corners
    whole = (high - low).prod(-1)
    low, high = low.clamp(0, 1), high.clamp(0, 1)
    kept = ((high - low).prod(-1) >= REMAINS * whole) & (whole > 0)
    return torch.cat([torch.cat([low, high], -1) * kept[..., None], boxes[..., 4:]], -1)


MODALITY = Boxes()
