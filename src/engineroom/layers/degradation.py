"""FORWARD, before it: good pictures spoilt on purpose, so that what they were is known. Sizes, noise and the loss of
colour."""

from __future__ import annotations

import numpy as np

SCALES = {"x2": 2, "x3": 3, "x4": 4}
KINDS = (*SCALES, "noise", "grey")
SIGMA = 25.0  # deviation of the noise, in levels of 255: what denoisers are compared at
LIGHT = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)


def scale_of(kind: str) -> int:
    return SCALES.get(kind, 1)


def spoilt(picture: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8, sides that `scale_of(kind)` divides → (H / scale, W / scale, 3) uint8."""
    if kind == "noise":
        return (picture + rng.normal(0, SIGMA, picture.shape)).round().clip(0, 255).astype(np.uint8)
    if kind == "grey":
        return (picture @ LIGHT).round().clip(0, 255).astype(np.uint8)[..., None].repeat(3, 2)
    return resized(picture, picture.shape[0] // scale_of(kind), picture.shape[1] // scale_of(kind))


def resized(picture: np.ndarray, height: int, width: int, way: str = "BICUBIC") -> np.ndarray:
    """(H, W, 3) uint8 → (height, width, 3), as Pillow does it: with a filter that is wide enough not to alias."""
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling[way]))


def divisible(picture: np.ndarray, scale: int) -> np.ndarray:
    """Without the last rows and columns that `scale` does not divide."""
    H, W = picture.shape[:2]
    return picture[: H - H % scale, : W - W % scale]
