"""Which pictures have a flaw. A target only: flaws are made on good pictures while training goes on, so that it is
known where they are."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...core.protocols import State
from ...layers.augment import jitter, mirror, shift
from ...layers.synthetic_defects import blemished
from ..tabular.anomaly_label import Oddity

SOMEWHERE = 255  # in maps: it is not known whether this place is odd
SPOILT = 0.6  # of the good pictures of a batch
LIGHT, MOVE = 0.1, 0.06  # how far light and place of a good picture may differ, as shares


class Flaw(Oddity):
    paired_with = "picture"

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """Maps have the size at which the network sees its picture."""
        return {**state, "height": other["height"], "width": other["width"]}

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Good pictures move a little and most of them get flaws; the target becomes a map (B, H, W) of 0 and 1,
        SOMEWHERE on a picture whose real flaw is not marked. Nothing is resampled: a picture blurred by being turned
        would be odd itself."""
        x, flawed = own[""].float(), said[""] > 0
        for name, axis in (("horizontal", -1), ("vertical", -2)):
            x = mirror(x, axis, generator) if name in target_state.get("flips", ()) else x
        x = jitter(shift(x, generator, MOVE), generator, LIGHT)
        spoilt = (torch.rand(len(x), generator=generator) < SPOILT) & ~flawed
        changed, places = blemished(x, generator)
        x = torch.where(spoilt[:, None, None, None], changed, x)
        y = (places & spoilt[:, None, None]).to(torch.uint8)
        y[flawed] = SOMEWHERE
        return {**own, "": x}, {**said, "": y}


MODALITY = Flaw()
