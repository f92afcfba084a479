"""What most ways of studying share: batches are rows of the table, and nobody else on the stage has anything to tell."""

from __future__ import annotations

from typing import Any

from torch import nn

from ..core.exhibits import Exhibit
from ..core.signals import Batch


class Study:
    def collect(self, cast: nn.ModuleDict, task: Any, batches: Any) -> Any:
        """Where training batches come from: the rows of the table (`batches`, a data.dataset.Training), or something with the same methods."""
        return batches

    def exhibits(self, cast: nn.ModuleDict, task: Any, batch: Batch) -> list[Exhibit]:
        """What others on the stage could tell."""
        return []
