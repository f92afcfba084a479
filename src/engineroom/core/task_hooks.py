"""What single objectives, networks and preprocessing steps ask of the tasks that they serve, beyond the protocol of
every task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .batch import Batch
from .panels import Panel
from .schema import Column

if TYPE_CHECKING:
    from torch import Tensor, nn


class Adversarial(Protocol):
    """What the adversarial objectives ask of a task."""

    adversarial_weight: float  # of the adversarial term beside the task's own loss

    def discriminator(self, target: Column, conditions: int) -> nn.Module:
        """The discriminator (critic)."""

    def real_samples(self, batch: Batch) -> Tensor:
        """What the discriminator must take for real."""

    def fake_samples(self, output: Tensor, batch: Batch) -> Tensor:
        """What it must not."""

    def discriminator_panels(self, real: Any, fake: Any) -> list[Panel]:
        """How well it tells them apart."""


class Denoising(Protocol):
    """What the diffusion objective asks of a task."""

    noise_field: str  # the field of a batch that holds the noise


class Masking(Protocol):
    """What the masked objective asks of a task."""

    parts: Mapping[str, Any]  # field → what of it can be hidden


class Acting(Protocol):
    """What the reinforcement-learning objectives ask of a task."""

    gamma: float  # discount of rewards
    updates_per_step: int  # gradient steps a step of the environment (off-policy)
    is_discrete: bool  # discrete or continuous actions?

    def episode_panels(self, episodes: Any) -> list[Panel]:
        """Episodes of the trained policy."""


class Mirrored(Protocol):
    """What flip test-time augmentation asks of a task whose target has a sign."""

    def opposite(self, output: Tensor, target: Column) -> Tensor:
        """The output for the mirror image, turned back."""


class Binary(Protocol):
    """A classification of two classes, whose f1 and average precision are of one of them."""

    place: int  # index of the positive class


class Stateful(Protocol):
    """A task that keeps what it learned of the target, for callers that need it (a grammar)."""

    state: Mapping[str, Any]


class Streamed(Protocol):
    """Options of anomaly detection in a stream of rows."""

    time: str
    series: str
    window: int  # rows of the past that are features
    probation: float  # share of a stream that is not scored
    rolling_baseline: bool  # is each window read against the level of its own past?
