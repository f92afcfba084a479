"""Two players: one makes pictures, the other learns to tell them from real ones, and each learns from the other
(Goodfellow et al. 2014).

The loss that does not saturate, with a critic that may not be steep at real pictures (R1, Mescheder, Geiger & Nowozin
2018). What answers is neither of them but the running mean of the generator's weights (Yazıcı et al. 2019).
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..core import registry
from ..core.batch import Batch, Losses
from ..core.config import Config
from ..core.events import Learner
from ..core.panels import Panel
from ..core.schema import Column, Schema
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..networks.multi_column import assemble
from ._base import Numbers, Study
from ._ema import in_step

BETAS = (0.0, 0.99)  # no momentum: the other player moves
CONDITION = 64  # numbers that tell the critic what is meant
STEEP = 1.0  # weight of the squared gradient at real pictures


class Judge(nn.Module):
    """A critic that reads the batch's other columns too."""

    def __init__(self, critic: nn.Module, conditions: nn.Module | None) -> None:
        super().__init__()
        self.critic, self.conditions = critic, conditions

    def forward(self, pictures: Tensor, batch: Batch) -> Tensor:
        meant = None if self.conditions is None else self.conditions(batch).mean(1)
        return self.critic(pictures, meant)


class Adversarial(Study):
    copies_of_model = ("generator",)

    def build_networks(
        self, task, schema: Schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": the running mean, which answers; "generator"; "discriminator"}."""
        generator = assemble(schema, config, task, example, rows=rows, networks=1)
        condition_columns = [column for column in schema.inputs if not is_chance(column)]
        conditions = None
        if condition_columns:
            columns = tuple(replace(c, role="ignore") if is_chance(c) else c for c in schema)
            conditions = assemble(Schema(columns), config, Numbers(CONDITION), example, rows=rows, networks=1)
        discriminator = Judge(task.discriminator(schema.target, CONDITION if condition_columns else 0), conditions)
        return nn.ModuleDict(
            {
                "model": copy.deepcopy(generator).requires_grad_(False),
                "generator": generator,
                "discriminator": discriminator,
            }
        )

    def make_learners(
        self, cast: nn.ModuleDict, task, schedule: Schedule, precision: Precision, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        model, generator, discriminator = cast["model"], cast["generator"], cast["discriminator"]
        making = precision.wrap(generator)
        judging = make_optimizer(discriminator, lr=lr, weight_decay=0.0, betas=BETAS)
        learning = make_optimizer(generator, lr=lr, weight_decay=0.0, betas=BETAS)

        def compare(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
            """How real the discriminator finds real pictures (B,) and made ones (B,), each batch by itself: its variety
            counts too; and how steep it is (B,)."""
            with torch.no_grad():
                made = making(batch)[:, 0]
            pictures = task.real_samples(batch).requires_grad_()
            real = discriminator(pictures, batch)
            (slope,) = torch.autograd.grad(real.sum(), pictures, create_graph=True)
            return real, discriminator(made, batch), slope.square().flatten(1).sum(1)

        def tell_apart(output: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Losses:
            real, made, steep = softplus(-output[0]).mean(), softplus(output[1]).mean(), output[2].mean()
            return Losses(
                real + made + STEEP / 2 * steep,
                {"real": real.detach(), "made": made.detach(), "steepness": steep.detach()},
            )

        def convince(output: Tensor, batch: Batch) -> Losses:
            return Losses(softplus(-output).mean())

        after = in_step(model, generator, schedule, learning, judging)
        return (
            Learner("discriminator", judging, compare, tell_apart),
            Learner(
                "generator", learning, lambda batch: discriminator(making(batch)[:, 0], batch), convince, after=after
            ),
        )

    def panels(self, cast: nn.ModuleDict, task, batch: Batch) -> list[Panel]:
        """The discriminator's own view of real and made pictures, and what in a made one it looks at."""
        discriminator = cast["discriminator"].eval()
        with torch.no_grad():
            made = cast["model"].eval()(batch)[:, 0]
            real = discriminator(task.real_samples(batch), batch)
        made.requires_grad_()
        found = discriminator(made, batch)
        (slope,) = torch.autograd.grad(found.sum(), made)
        return task.discriminator_panels(made.detach(), found.detach(), real, slope)


def is_chance(column: Column) -> bool:
    return bool(registry.get("modalities", column.modality).is_noise)


OBJECTIVE = Adversarial()
