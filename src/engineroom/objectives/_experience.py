"""COLLECT by acting: what rollouts and a replay memory share as a source of training batches."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch
from ..data.dataset import BatchSampler
from ._vector_env import Actors

WORLDS = 16  # side by side: one question to the network moves them all
TRIAL = 16  # steps of every world that the probe takes


class Gather:
    """Training batches (step, batch) that come of acting. `tensors` and `take` carry what a resumed run needs."""

    mix = False
    costs = 0.0  # seconds that collecting takes a batch, beyond the step itself

    def __init__(self, batches: BatchSampler, cast: nn.ModuleDict, task: Any) -> None:
        self.rows, self.batch_size, self.per_epoch, self.seed = (
            batches.rows,
            batches.batch_size,
            batches.per_epoch,
            batches.seed,
        )
        self.cast, self.task, self.model = cast, task, cast["model"]
        self.name = batches.data.fields[0].name
        self.state = batches.data.schema.target.state
        self.facts, self.scale, self.discount = self.state["world"], float(self.state["scale"]), task.gamma
        self.discrete = self.facts["action"]["kind"] == "discrete"
        self.seeds = np.asarray(batches.data.stores["target"].take(batches.rows))
        self.actors = Actors(self.facts, self.seeds, WORLDS, self.seed)

    def batch_of(self, step: int, total: int) -> Batch:
        raise NotImplementedError

    def trial(self) -> float:
        """Act for a moment; the seconds it takes a batch."""
        raise NotImplementedError

    def batch(self, step: int) -> Batch:
        """An example for the probe, and what it costs to collect one; nothing of it stays."""
        other = copy.copy(self)
        other.actors = Actors(self.facts, self.seeds, WORLDS, self.seed)
        self.costs = other.trial()
        return other.batch_of(1, 1)

    def __call__(self, first: int, stop: Callable[[], int]) -> Iterator[tuple[int, Batch]]:
        step = first
        while step <= stop():
            yield step, self.batch_of(step, stop())
            step += 1

    def tensors(self) -> dict[str, Tensor]:
        return {f"actors.{name}": tensor for name, tensor in self.actors.tensors().items()}

    def take(self, tensors: dict[str, Tensor]) -> None:
        self.actors.take({name[7:]: tensor for name, tensor in tensors.items() if name.startswith("actors.")})

    def as_batch(self, arrays: dict[str, np.ndarray], rows: np.ndarray, step: int) -> Batch:
        """The chosen `rows` of the arrays; what was seen bears the column's name."""
        fields = {
            self.name if name == "seen" else name: torch.from_numpy(array[rows]) for name, array in arrays.items()
        }
        return Batch(fields, rows, step)


def timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
