"""Clips as answers: what a generator of moving pictures is to make. A target only: its frames, evenly taken, are the
channels of one picture.

A short clip is small enough to be made as a whole, so that all that makes pictures makes clips too; how things move is
how its channels go together.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import polars as pl
from torch import Generator, Tensor

from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.sampling import evenly
from .generated_image import REMEMBERED, SIDES, Picture, thumbs
from .video import MODALITY as VIDEO

FRAMES = 8  # of a clip where the user does not say
MOMENTS = 4  # frames, or means of several, that a remembered clip is known by


class Film(Picture):
    layouts = ()
    backbones = ()

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return self.fit_with_hints(values, limits=limits, facts={})

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """`frames` square pictures of `side` pixels, by the user's word; else FRAMES, and the size nearest to what
        there is, 32 at most."""
        found = VIDEO.fit(values, limits=limits)
        usual, frames, colours = (
            max(found["height"], found["width"]),
            int(facts.get("frames") or FRAMES),
            int(facts.get("colours") or found["channels"]),
        )
        side = int(facts.get("side") or min(SIDES[:2], key=lambda one: abs(np.log(one / usual))))
        size = {"frames": frames, "colours": colours, "channels": frames * colours, "height": side, "width": side}
        moments = next(count for count in range(MOMENTS, 0, -1) if frames % count == 0)
        state = {**found, **size, "moments": moments, "turns": False}
        known = values.drop_nulls()
        small = thumbs(self.encode(known.gather(evenly(len(known), REMEMBERED // MOMENTS)), state, {}), moments)
        return {**state, "thumbs": base64.b64encode(small.tobytes()).decode()}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, frames · colours, side, side) uint8."""
        clips = VIDEO.encode(values, {**state, "channels": state["colours"]}, damaged)
        return clips.reshape(len(clips), state["channels"], state["height"], state["width"])

    def augment(self, fields: dict[str, Tensor], state: State, generator: Generator) -> dict[str, Tensor]:
        return fields

    def notices(self, values: pl.Series, state: State) -> list[str]:
        return VIDEO.notices(values, state)

    def to_html(self, value: Any, state: State) -> str:
        return VIDEO.to_html(value, state)


MODALITY = Film()
