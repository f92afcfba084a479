"""One player who learns what each action is worth: what it brought, and what the best one after it is worth (Watkins
1989; Mnih et al. 2015).

The network itself picks that best action and a slower copy of it says its worth, so that one error does not feed itself
(van Hasselt et al. 2016).
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from ..core.batch import Batch, Losses
from ..core.config import Config
from ..core.events import Learner
from ..core.panels import Panel
from ..core.schema import Schema
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..networks.multi_column import assemble
from ._base import Study
from ._replay_buffer import Replay

FOLLOW = 0.005  # share of the way that the slower copy goes in a step
CAREFUL = 0.3  # of the usual rate: it learns from what it said itself, and what it said must not run away
CLIP = 10.0


class QLearning(Study):
    copies_of_model = ("target",)

    def build_networks(
        self, task: Any, schema: Schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": …; "target": its slower copy}."""
        model = assemble(schema, config, task, example, rows=rows, networks=1)
        return nn.ModuleDict({"model": model, "target": copy.deepcopy(model).requires_grad_(False)})

    def make_batches(self, cast: nn.ModuleDict, task: Any, batches: Any) -> Replay:
        return Replay(batches, cast, task)

    def make_learners(
        self,
        cast: nn.ModuleDict,
        task: Any,
        schedule: Schedule,
        precision: Precision,
        *,
        lr: float,
        weight_decay: float,
    ) -> tuple[Learner, ...]:
        model, target = cast["model"], cast["target"]
        optimizer = make_optimizer(model, lr=CAREFUL * lr, weight_decay=weight_decay, betas=(0.9, 0.999))
        forward = precision.wrap(model)

        def loss(output: Tensor, batch: Batch) -> Losses:
            said = output.mean(1).gather(1, batch["action"][:, None])[:, 0]
            with torch.no_grad():
                later = replace(batch, fields={name: batch["after"] for name in batch.fields if name not in KEPT})
                choice = forward(later).mean(1).argmax(1, keepdim=True)
                worth = batch["reward"] + batch["counts"] * target(later).mean(1).gather(1, choice)[:, 0]
            return Losses(smooth_l1_loss(said, worth), {"worth": said.detach().mean()})

        def after(step: int) -> None:
            with torch.no_grad():
                for slow, quick in zip(target.parameters(), model.parameters(), strict=True):
                    slow.lerp_(quick, FOLLOW)
            schedule.apply(optimizer, step)

        schedule.apply(optimizer, 0)
        return (Learner("model", optimizer, forward, loss, clip=CLIP, after=after),)

    def panels(self, cast: nn.ModuleDict, task: Any, batch: Batch) -> list[Panel]:
        """One episode, and what the network expected all along."""
        return task.episode_panels(cast["model"].eval(), cast["model"], batch)


KEPT = ("action", "reward", "after", "counts")  # what a batch holds besides what was seen
OBJECTIVE = QLearning()
