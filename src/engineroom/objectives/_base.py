"""What most ways of studying share: batches are rows of the table, and nobody else on the stage has anything to
tell."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from ..core.batch import Batch
from ..core.panels import Panel


class Study:
    copies_of_model: ClassVar[tuple[str, ...]] = ()  # others on the stage that are of the model's own make

    def initialise(self, cast: nn.ModuleDict) -> None:
        """Nothing was learnt yet, but the model may have been warmed, or inherited weights: those of its make begin
        where it stands."""
        for name in self.copies_of_model:
            if name in cast:
                cast[name].load_state_dict(cast["model"].state_dict())

    def make_batches(self, cast: nn.ModuleDict, task: Any, batches: Any) -> Any:
        """Where training batches come from: the rows of the table (`batches`, a data.dataset.Training), or something
        with the same methods."""
        return batches

    def panels(self, cast: nn.ModuleDict, task: Any, batch: Batch) -> list[Panel]:
        """What others on the stage could tell."""
        return []

    def references(self, cast: nn.ModuleDict) -> dict[str, nn.Module]:
        """Networks that did not learn but are examined on the same test rows, by what they are in words."""
        return {}


class Numbers:
    """What `assemble` needs of a task to build another on the stage: a network that reads a row and says so many
    numbers."""

    head: ClassVar[str] = "linear"
    tie_weights: ClassVar[bool] = False
    backbones: ClassVar[dict[str, tuple[str, ...]]] = {}

    def __init__(self, count: int) -> None:
        self.count = count

    def output_size(self, target: Any) -> int:
        return self.count
