"""Learning without answers: two looks at a row are to come near each other, away from all other rows (SimCLR, Chen et
al. 2020; SCARF, Bahri et al. 2022)."""

from __future__ import annotations

from torch import nn

from ..data.two_views import twice
from .supervised import Supervised


class Contrastive(Supervised):
    """One network and one player, as where answers are known; only the batches are others."""

    def make_batches(self, cast: nn.ModuleDict, task, batches):
        return twice(batches)


OBJECTIVE = Contrastive()
