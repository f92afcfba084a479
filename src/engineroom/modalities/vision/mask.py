"""A column of masks: which class every pixel of a picture belongs to. A target only; it moves with its picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.protocols import State
from ...core.sampling import evenly
from ...layers.augment import moved, together
from .._base import Base, each_cell
from ._masks import COLOUR, MOST_VALUES, UNKNOWN, codes_of, mask_size, read_mask, resized, solid, true_numbers
from ._spatial_targets import find_flips, light
from .image import cells

LOOKED = 4_000  # training masks read to find the classes
MOST_COUNTED = 20_000  # different numbers from which nothing more is counted
CROP = 0.75  # of the side: training looks at parts of pictures, more of them in the same time
# pixels along the longer side of such a part: fine structures are learnt at full size for the price of small pictures
LARGEST = 240
SMALLEST = 64  # pixels; smaller pictures are not cropped


class Mask(Base):
    paired_with = "picture"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        known = values.drop_nulls()
        picked = known.gather(evenly(len(known), LOOKED))
        counts, inside = count_numbers(whole(picked, limits.pixels))
        true = true_numbers(counts, inside)
        numbers = np.array(true if true else sorted(counts), np.int64)
        exact = sum(counts[number] for number in numbers.tolist()) / max(1, sum(counts.values()))
        counts = counts if true is None else dict.fromkeys(true, 0)
        if len(counts) > MOST_VALUES - 1:
            raise DataError(
                f"The masks of {values.name!r} hold more than {MOST_VALUES - 1} different values.",
                "A mask holds one number (or colour) a class; a JPEG or a resized file holds mixtures of them.",
                "Save masks as PNG, enlarged or shrunk by the nearest pixel; or is this the column of pictures?",
            )
        sides: list[dict[int, np.ndarray]] = []
        for mask in whole(picked, limits.pixels):
            codes = codes_of(mask, numbers, soft=true is not None)
            found, inverse, count = np.unique(codes, return_inverse=True, return_counts=True)
            sides.append(leaning(inverse.reshape(mask.shape), numbers[found], count))
            for value, number in zip(numbers[found].tolist(), count.tolist(), strict=True) if true else ():
                counts[value] += number
        total = max(1, sum(counts.values()))
        return {
            "values": [spelt(value, max(counts)) for value in sorted(counts)],
            "numbers": sorted(counts),
            "shares": [round(counts[value] / total, 8) for value in sorted(counts)],
            "flips": find_flips(sides),
            "pixels": limits.pixels,
            "height": 0,
            "width": 0,
            **({"soft": True, "exact": round(exact, 4)} if true else {}),
        }

    def notices(self, values: pl.Series, state: State) -> list[str]:
        """Soft edges: what was taken for what."""
        if not state.get("soft"):
            return []
        named = ", ".join(str(number) for number in state["numbers"][:12])
        return [
            f"{state['exact']:.0%} of the mask pixels hold {named}; what lies between (soft edges, JPEG) is taken for "
            "the nearest of them."
        ]

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """With the classes called as the source calls their numbers, where it does (`facts["names"]`)."""
        state = super().fit_with_hints(
            values, limits=limits, facts={key: value for key, value in facts.items() if key != "names"}
        )
        names = facts.get("names", {})
        return {
            **state,
            "values": [
                names.get(str(number), value) for number, value in zip(state["numbers"], state["values"], strict=True)
            ],
        }

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """A mask is brought to the size at which the network sees its picture."""
        return {**state, "height": other["height"], "width": other["width"]}

    def validate_pair(self, values: pl.Series, others: pl.Series, state: State, damaged: dict[int, str]) -> None:
        """A mask of another size than its picture belongs to another one."""
        for row, (cell, other) in enumerate(zip(cells(values), cells(others), strict=True)):
            if cell is None or other is None or row in damaged:
                continue
            try:
                own, its = mask_size(cell, pixels=state["pixels"]), mask_size(other, pixels=state["pixels"])
            except (OSError, ValueError, SyntaxError):
                continue  # the picture is damaged and says so itself
            if own != its:
                damaged[row] = f"the mask has {own[1]}×{own[0]} pixels, its picture {its[1]}×{its[0]}"

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, height, width) uint8 class codes; UNKNOWN for values that training did not see."""
        height, width = state["height"], state["width"]
        blank = np.full((height, width), UNKNOWN, np.uint8)
        return np.stack(
            each_cell(cells(values), lambda cell: resized(read_codes(cell, state), height, width), damaged, blank)
        )

    def decode(self, values: pl.Series, state: State) -> list[np.ndarray]:
        """(H, W) uint8 class codes of every cell at the mask's own size; UNKNOWN for values that training did not see.
        Empty where it cannot be read."""
        return each_cell(cells(values), lambda cell: read_codes(cell, state), {}, np.zeros((0, 0), np.uint8))

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """A part of the picture, turned, zoomed and mirrored where the classes allow it, and the same part of the mask;
        other light on the picture."""
        x, y = own[""].float(), said[""]
        H, W = x.shape[2:]
        share = min(CROP, LARGEST / max(H, W)) if min(H, W) >= SMALLEST else 1.0
        size = (round(share * H / 16) * 16 or H, round(share * W / 16) * 16 or W) if share < 1 else (H, W)
        theta = together(x, generator, target_state["flips"], share=share)
        x = light(moved(x, theta, size), generator)
        y = moved(y[:, None].float(), theta, size, mode="nearest")[:, 0].to(y.dtype)
        return {**own, "": x}, {**said, "": y}

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tuple(tensor.shape[1:]) == (state["height"], state["width"])


def read_codes(cell: Any, state: State) -> np.ndarray:
    """A cell → (H, W) uint8 class codes in the mask's own size."""
    numbers = np.array(state["numbers"], np.int64)
    return codes_of(read_mask(cell, pixels=state["pixels"]), numbers, soft=bool(state.get("soft")))


def whole(values: pl.Series, pixels: int) -> Iterator[np.ndarray]:
    """The masks that can be read, a few in memory at a time."""
    for start in range(0, len(values), 64):
        part = values.slice(start, 64)
        found = each_cell(cells(part), lambda cell: read_mask(cell, pixels=pixels), {}, np.zeros((0, 0), np.int64))
        yield from (mask for mask in found if mask.size)


def count_numbers(masks: Iterator[np.ndarray]) -> tuple[dict[int, int], dict[int, int]]:
    """({number: pixels that hold it}, {number: of these, pixels inside a region of it})."""
    counts: dict[int, int] = {}
    inside: dict[int, int] = {}
    for mask in masks:
        for into, part in ((counts, mask), (inside, mask[solid(mask)])):
            for value, number in zip(*(one.tolist() for one in np.unique(part, return_counts=True)), strict=True):
                into[value] = into.get(value, 0) + number
        if len(counts) > MOST_COUNTED:
            break  # a photograph
    return counts, inside


def leaning(codes: np.ndarray, found: np.ndarray, count: np.ndarray) -> dict[int, np.ndarray]:
    """{value: how far it leans (to the right, downwards), -1..1} for the values of one mask; `codes` (H, W) are places
    in `found`."""
    H, W = codes.shape
    down = np.bincount(codes.ravel(), np.repeat(np.sign(np.arange(H) - (H - 1) / 2), W), len(found)) / count
    right = np.bincount(codes.ravel(), np.tile(np.sign(np.arange(W) - (W - 1) / 2), H), len(found)) / count
    return {int(value): np.array([right[i], down[i]]) for i, value in enumerate(found)}


def spelt(value: int, largest: int) -> str:
    """A class's name until it is given one: its number, or where masks are coloured its colour."""
    return (
        str(value)
        if largest < COLOUR
        else f"#{value - COLOUR:06x}"
        if value >= COLOUR
        else f"#{value:02x}{value:02x}{value:02x}"
    )


MODALITY = Mask()
