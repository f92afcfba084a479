"""A target that is the music itself, one token on. In training each piece is also heard in other keys, as far as they
are known: (seed, step) draws which."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ...core.protocols import State
from ..text.next_token import NOTHING, Following
from ..text.text_corpus import UNKNOWN
from ._note_encoding import END, PITCHES, STRUCK

SEMITONES = 6  # up or down


class Sounding(Following):
    """Its `widths` count frames: a bar is one, a pitch none; what the examination divides by is then a frame."""

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        whole = super().link_to_input(state, other)
        if "names" not in whole:
            return whole
        return {**whole, "widths": [int(name == END) for name in whole["names"]]}

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Pieces (B, T) → windows (B, context), each in a key drawn for it, and the tokens that follow."""
        own, said = super().augment_pair(own, said, state, target_state, generator)
        keys = torch.tensor(transposed(state["alphabet"]))
        drawn = torch.randint(len(keys), (len(own[""]),), generator=generator)
        codes, follows = own[""].long(), said[""]
        moved, after = keys[drawn[:, None], codes], keys[drawn[:, None], follows.clamp_min(0)]
        real = own["_mask"]
        known = ~((moved == UNKNOWN) & real & (codes != UNKNOWN)).any(1) & ~(
            (after == UNKNOWN) & (follows > UNKNOWN)
        ).any(1)
        codes = torch.where(known[:, None], moved, codes)
        follows = torch.where(known[:, None] & (follows != NOTHING), after, follows)
        return own | {"": codes.to(own[""].dtype)}, {"": follows}


@lru_cache(8)
def transposed(alphabet: str) -> list[list[int]]:
    """For every key the token (V,) that each token becomes; UNKNOWN where the pitch was never met."""
    place = {character: code for code, character in enumerate(alphabet, 1)}
    out = []
    for up in range(-SEMITONES, SEMITONES + 1):
        row = [UNKNOWN]
        for character in alphabet:
            code = ord(character) - STRUCK
            pitched = 0 <= code < 2 * PITCHES
            fits = pitched and 0 <= code % PITCHES + up < PITCHES
            row.append(
                place.get(chr(ord(character) + up), UNKNOWN) if fits else UNKNOWN if pitched else place[character]
            )
        out.append(row)
    return out


MODALITY = Sounding()
