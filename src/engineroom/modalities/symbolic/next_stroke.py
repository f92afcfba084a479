"""A target that is the drawing itself, one token on; what the examination divides by is a point."""

from __future__ import annotations

from typing import Any

from ...core.protocols import State
from ..text.next_token import Following
from ._stroke_encoding import DOWN


class Drawn(Following):
    """Its `widths` count points: the second token of each is one, all others none."""

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        whole = super().link_to_input(state, other)
        if "names" not in whole:
            return whole
        return {**whole, "widths": [int(len(name) == 1 and DOWN <= ord(name) < DOWN + 128) for name in whole["names"]]}


MODALITY = Drawn()
