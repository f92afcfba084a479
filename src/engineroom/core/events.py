"""WORDS: the five beats of the textbook as events. Watchers read them; they never edit a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .batch import Batch, Losses

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


def nothing(step: int) -> None:
    """The empty `after` of a player."""


@dataclass(slots=True)
class Learner:
    """One learner: what it computes, how it is judged, and who moves its weights.

    `forward` maps a Batch to an output; `loss` maps (output, batch) to Losses; `every` = take part in every n-th step;
    `after(step)` runs once the weights have moved (a running average, a target network).
    """

    name: str
    optimizer: Optimizer
    forward: Callable[[Batch], Any]
    loss: Callable[[Any, Batch], Losses]
    clip: float = 0.0  # largest gradient norm; 0 = no clipping
    every: int = 1
    after: Callable[[int], None] = nothing
    params: list[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self.params = [p for group in self.optimizer.param_groups for p in group["params"]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened at `step` (1-based: the step being taken)."""

    step: int


@dataclass(frozen=True, slots=True)
class Collected(Event):
    batch: Batch


@dataclass(frozen=True, slots=True)
class Forwarded(Event):
    player: str
    output: Any


@dataclass(frozen=True, slots=True)
class Measured(Event):
    player: str
    losses: Losses


@dataclass(frozen=True, slots=True)
class Backpropped(Event):
    player: str
    norm: Tensor | None  # gradient norm before clipping, () tensor


@dataclass(frozen=True, slots=True)
class Repeated(Event):
    batch: Batch
    losses: dict[str, Losses]


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    reason: str


@dataclass(frozen=True, slots=True)
class Validated(Event):
    """The model was judged on the validation split; `better` = these are the best weights so far."""

    scores: dict[str, float]
    better: bool


@dataclass(frozen=True, slots=True)
class Replanned(Event):
    """The run will end at another step than planned, because …"""

    total: int
    reason: str
