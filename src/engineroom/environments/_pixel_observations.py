"""COLLECT: observations that are pictures or grids: found by the shape of their space, laid out as channels, rows and
columns whatever their order."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_CHANNELS = 32  # of a picture, stacked ones together
# fewer rows or columns are numbers beside each other, no picture; without channels it takes more to be one
LEAST_SIDE, LEAST_GREY = (4, 8)
LARGEST = 96  # the longest side that is looked at: larger pictures become means of squares


def layout_of(space: Any) -> dict[str, Any] | None:
    """How a Box of pixels or of a grid is to be read, as plain JSON; None where its numbers are no picture."""
    shape = tuple(int(n) for n in getattr(space, "shape", None) or ())
    whole = space.dtype in (np.uint8, np.bool_)
    if len(shape) == 2 and whole:
        order = [0, 1]
    elif len(shape) == 3:
        order = [0, 1, 2] if shape[0] < shape[2] else [2, 0, 1]
    elif len(shape) == 4:  # pictures one after the other
        order = [0, 1, 2, 3] if shape[1] < shape[3] else [0, 3, 1, 2]
    else:
        return None
    sides = [shape[axis] for axis in order[-2:]]
    channels = int(np.prod(shape)) // int(np.prod(sides))
    if min(sides) < (LEAST_GREY if len(shape) == 2 else LEAST_SIDE) or channels > MOST_CHANNELS:
        return None
    every = -(-max(sides) // LARGEST)
    return {
        "shape": list(shape),
        "order": order,
        "channels": channels,
        "height": sides[0] // every,
        "width": sides[1] // every,
        "every": every,
        "whole": whole,
    }


def laid_out(observation: Any, layout: dict[str, Any]) -> np.ndarray:
    """An observation as the environment gives it → (channels, height, width): uint8 where it was bytes, else float32.
    Raises ValueError for another shape."""
    given = np.asarray(observation)
    if list(given.shape) != layout["shape"]:
        raise ValueError(
            f"a picture of {' × '.join(map(str, given.shape)) or 'no size'} instead of "
            f"{' × '.join(map(str, layout['shape']))}"
        )
    picture = given.transpose(layout["order"]).reshape(
        layout["channels"], *(given.shape[axis] for axis in layout["order"][-2:])
    )
    every, kind = layout["every"], np.uint8 if layout["whole"] else np.float32
    if every > 1:
        high, wide = layout["height"], layout["width"]
        picture = (
            picture[:, : high * every, : wide * every].reshape(len(picture), high, every, wide, every).mean((2, 4))
        )
    return np.ascontiguousarray(picture, kind)


def shown(picture: np.ndarray) -> np.ndarray:
    """(C, H, W) as people look at it, (H, W, 3) uint8: colours where there are three channels, else the newest channel
    in grey; bytes as they are, other grids from their least number to their largest."""
    chosen = picture if len(picture) == 3 else picture[-1:].repeat(3, 0)
    if picture.dtype != np.uint8 or chosen.max(initial=0) <= 1:
        low, high = float(chosen.min()), float(chosen.max())
        chosen = (255 * (chosen - low) / max(high - low, 1e-9)).astype(np.uint8)
    return chosen.transpose(1, 2, 0)
