"""Features → a text in return that may repeat what was read: each piece is chosen, or copied from a place
(pointer-generator: See et al. 2017).

Summaries are full of the names and words of their text; who had few texts to learn from knows most of these words from
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.batch import Features
from .transformer_decoder import DecoderCache, Say

LEAST = 1e-20  # of all looks, so that its logarithm is a number


@dataclass(frozen=True)
class Pointing(DecoderCache):
    """Beside all that is kept: what places are found by (B, T, D), and the pieces that stand there (B, T), as codes of
    what is said."""

    places: Tensor | None = None
    pieces: Tensor | None = None


class SayCopy(Say):
    """As `Say`, where piece p of what was read is code p + 1 of what is said."""

    def __init__(self, example: Features, outputs: int) -> None:
        super().__init__(example, outputs)
        width = self.table.embedding_dim
        self.ask = nn.Linear(width, width, bias=False)
        # a place is known by its piece and by the one before: who copied that goes on
        self.here, self.before = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.gate = nn.Linear(width, 1)

    def begin(self, features: Features) -> Pointing:
        kept = super().begin(features)
        assert features.map is not None and features.read is not None
        read = features.map.data
        places = self.here(read) + self.before(F.pad(read[:, :-1], (0, 0, 1, 0)))
        return Pointing(kept.read, kept.seen, places=places, pieces=features.read.long() + 1)

    def choose(self, x: Tensor, kept: DecoderCache) -> Tensor:
        """(B, U, D) → logits (B, U, outputs) of how likely each piece is, chosen or copied.

        What is never read keeps the logit it has: to mix c of the looks with 1 - c of the choice is to add Z · c / (1 -
        c) · looks to the exponentials of the logits, whose sum is Z. So no more than the pieces that were read are
        touched, and a step over thousands of pieces costs little more.
        """
        assert isinstance(kept, Pointing) and kept.places is not None and kept.pieces is not None
        score = (self.ask(x) @ kept.places.transpose(1, 2)).float() / x.shape[2] ** 0.5
        looks = (score if kept.seen is None else score.masked_fill(~kept.seen[:, 0], -torch.inf)).softmax(-1)
        # (B, T, T): a piece that stands at several places is looked at as one
        same = (kept.pieces[:, :, None] == kept.pieces[:, None]).float()
        with torch.autocast(x.device.type, enabled=False):
            total = (looks @ same).clamp_min(LEAST).log()
        chosen, where = super().choose(x, kept), kept.pieces[:, None].expand_as(looks)
        odds = chosen.logsumexp(-1, keepdim=True) + self.gate(x).float() + total - chosen.gather(2, where)
        return chosen.scatter_add(2, where, F.softplus(odds) / same.sum(2)[:, None])

    def keep(self, kept: DecoderCache, rows: Tensor) -> DecoderCache:
        assert isinstance(kept, Pointing) and kept.places is not None and kept.pieces is not None
        fewer = super().keep(kept, rows)
        assert isinstance(fewer, Pointing)
        return replace(fewer, places=kept.places[rows], pieces=kept.pieces[rows])


HEAD = SayCopy
