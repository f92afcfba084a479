"""Pictures as answers: what a generator is to make. A target only; read like any picture, of a size that can be doubled
up to."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.sampling import evenly
from .image import Image, fit_size

SIDES = (16, 32, 64, 128)
REMEMBERED, THUMB = 2_000, 8  # training pictures whose thumbnails are kept, to notice copies; pixels of their side


class Picture(Image):
    def detect(self, values: pl.Series) -> float:
        """Never by itself: pictures are questions unless a task wants them made."""
        return 0.0

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """Square pictures of `side` pixels (a power of two), by the user's word or the nearest to what there is, 32 at
        most."""
        state = self.fit(values, limits=limits)
        usual = max(state["height"], state["width"])
        side = int(facts.get("side") or min(SIDES[:2], key=lambda one: abs(np.log(one / usual))))
        state |= {"height": side, "width": side, "turns": False}
        known = values.drop_nulls()
        picked = known.gather(evenly(len(known), REMEMBERED))
        small = thumbs(self.encode(picked, state, {}))
        return {**state, "thumbs": base64.b64encode(small.tobytes()).decode()}


def thumbs(pictures: np.ndarray, moments: int = 1) -> np.ndarray:
    """(N, C, H, W) uint8 → (N, moments · THUMB²) uint8, grey; of a clip, whose frames are its channels, so many moments
    one after the other."""
    N, _, H, W = pictures.shape
    grey = (
        pictures.reshape(N, moments, -1, H, W).mean(2).astype(np.uint8).reshape(-1, H, W)
        if N
        else np.zeros((0, H, W), np.uint8)
    )
    small = [fit_size(one[..., None], THUMB, THUMB, 1).ravel() for one in grey]
    return np.array(small, np.uint8).reshape(N, moments * THUMB * THUMB)


def remembered(state: State) -> np.ndarray:
    """(n, moments · THUMB²) float32: thumbnails of training pictures."""
    return (
        np.frombuffer(base64.b64decode(state["thumbs"]), np.uint8)
        .reshape(-1, state.get("moments", 1) * THUMB * THUMB)
        .astype(np.float32)
    )


MODALITY = Picture()
