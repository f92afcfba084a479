"""The running mean of a network's weights (Polyak & Juditsky 1992): it wavers less than the network that learns."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..engine.schedule import Schedule

LONGEST = 0.998  # share of the mean that stays, at most


def follow_weights(mean: nn.Module, learner: nn.Module, step: int) -> None:
    """Move the mean towards the learner, by much in the first steps and by little later; counters and running
    statistics are taken as they are."""
    keep = min(LONGEST, (1 + step) / (10 + step))
    with torch.no_grad():
        get_ema_multi_avg_fn(keep)(list(mean.parameters()), list(learner.parameters()), 0)
        for buffer, now in zip(mean.buffers(), learner.buffers(), strict=True):
            buffer.copy_(now)


def in_step(
    mean: nn.Module, learner: nn.Module, schedule: Schedule, *optimizers: torch.optim.Optimizer
) -> Callable[[int], None]:
    """What is done after every step: the mean follows its learner, the rates follow the schedule; those of the first
    step are set at once."""
    for optimizer in optimizers:
        schedule.apply(optimizer, 0)

    def after(step: int) -> None:
        follow_weights(mean, learner, step)
        for optimizer in optimizers:
            schedule.apply(optimizer, step)

    return after
