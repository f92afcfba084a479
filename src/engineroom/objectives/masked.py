"""Learning without answers: parts of every row are hidden, and the network tells them from the rest (Vincent et al.
2008; Yoon et al. 2020; He et al. 2022)."""

from __future__ import annotations

from torch import nn

from ..data.masking import with_masking
from .supervised import Supervised


class Masked(Supervised):
    """One network and one player, as where answers are known; only the batches are others."""

    def make_batches(self, cast: nn.ModuleDict, task, batches):
        return with_masking(batches, task.parts)


OBJECTIVE = Masked()
