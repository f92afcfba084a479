"""Events of the training loop, five per step. Callbacks read them; they never edit a step."""

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
    """A learner: an optimizer, the forward pass and loss whose gradients it follows, and the weights it moves.

    `forward` maps a Batch to an output; `loss` maps (output, batch) to Losses; `every` = take part in every n-th step;
    `after(step)` runs once the weights have moved (an exponential moving average, a target network).
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
    """An event at `step` (1-based: the step being taken)."""

    step: int


@dataclass(frozen=True, slots=True)
class Collected(Event):
    """A batch has been collected."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Forwarded(Event):
    """A learner's forward pass is done."""

    player: str
    output: Any


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """A learner's loss has been computed."""

    player: str
    losses: Losses


@dataclass(frozen=True, slots=True)
class Backpropped(Event):
    """A learner's gradients have been computed and clipped; its optimizer moves next."""

    player: str
    norm: Tensor | None  # gradient norm before clipping, () tensor


@dataclass(frozen=True, slots=True)
class Repeated(Event):
    """All learners have taken the step."""

    batch: Batch
    losses: dict[str, Losses]


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """Training has ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Validated(Event):
    """Metrics on the validation split; `better` = these are the best weights so far."""

    scores: dict[str, float]
    better: bool


@dataclass(frozen=True, slots=True)
class Replanned(Event):
    """The run will end at another step than planned."""

    total: int
    reason: str
