"""Two players: an actor tries, a critic says what was to be expected, and the actor does more often what went better
than that.

Proximal policy optimisation (Schulman et al. 2017): the actor may not move far from the one that acted before the next
stretch is played.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..core.batch import Batch, Losses
from ..core.config import Config
from ..core.events import Learner
from ..core.panels import Panel
from ..core.schema import Schema
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..networks.multi_column import assemble
from ._action_distribution import doubt, log_chance
from ._base import Numbers, Study
from ._rollout_buffer import Rollouts

NEAR = 0.2  # an action may become at most so much likelier or unlikelier in one turn
CURIOUS = 0.01  # worth of a nat of doubt, where there are actions to choose from
CLIP = 0.5


class PolicyGradient(Study):
    def build_networks(
        self, task: Any, schema: Schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": the actor, which answers; "critic"}."""
        model = assemble(schema, config, task, example, rows=rows, networks=1)
        critic = assemble(schema, config, Numbers(1), example, rows=rows, networks=1)
        return nn.ModuleDict({"model": model, "critic": critic})

    def make_batches(self, cast: nn.ModuleDict, task: Any, batches: Any) -> Rollouts:
        return Rollouts(batches, cast, task)

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
        discrete = task.is_discrete
        acting, valuing = (
            make_optimizer(cast[name], lr=lr, weight_decay=weight_decay, betas=(0.9, 0.999))
            for name in ("model", "critic")
        )

        def improve(output: Tensor, batch: Batch) -> Losses:
            said, gain = output.mean(1).float(), batch["gain"]
            ratio = (log_chance(said, batch["action"]) - batch["chance"]).exp()
            won = torch.minimum(ratio * gain, ratio.clamp(1 - NEAR, 1 + NEAR) * gain).mean()
            unsure = doubt(said, discrete=discrete).mean()
            return Losses(-won - CURIOUS * discrete * unsure, {"gain": won.detach(), "doubt": unsure.detach()})

        def expect(output: Tensor, batch: Batch) -> Losses:
            return Losses((output.mean(1)[:, 0].float() - batch["worth"]).square().mean())

        def after(step: int) -> None:
            schedule.apply(acting, step)
            schedule.apply(valuing, step)

        schedule.apply(acting, 0)
        schedule.apply(valuing, 0)
        return (
            Learner("model", acting, precision.wrap(cast["model"]), improve, clip=CLIP),
            Learner("critic", valuing, precision.wrap(cast["critic"]), expect, clip=CLIP, after=after),
        )

    def panels(self, cast: nn.ModuleDict, task: Any, batch: Batch) -> list[Panel]:
        """One episode, and what the critic expected all along."""
        return task.episode_panels(cast["model"].eval(), cast["critic"].eval(), batch)


OBJECTIVE = PolicyGradient()
