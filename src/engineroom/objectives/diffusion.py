"""Denoising diffusion: learning to remove any amount of noise, so that samples are made out of noise alone (Ho, Jain &
Abbeel 2020).

Noise and amount come with the batch, drawn by (seed, step). Now and then the network is not told what is asked for, so
that it can be asked both ways (Ho & Salimans 2022). What answers is the running mean of the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..core.batch import Batch, Losses
from ..core.config import Config
from ..core.events import Learner
from ..data.fields import Field
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..modalities.noise.image_noise import deeper
from ..networks.multi_column import assemble
from ._base import Study
from ._ema import in_step

UNCONDITIONAL = 10  # one row in so many learns without its conditions (classifier-free guidance)


class Diffusion(Study):
    copies_of_model = ("learner",)

    def build_networks(
        self, task, schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": the running mean, which answers; "learner"}."""
        learner = assemble(schema, config, task, example, rows=rows, networks=1)
        return nn.ModuleDict({"model": copy.deepcopy(learner).requires_grad_(False), "learner": learner})

    def make_learners(
        self, cast: nn.ModuleDict, task, schedule: Schedule, precision: Precision, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        model, learner = cast["model"], cast["learner"]
        asked, optimizer = precision.wrap(learner), make_optimizer(learner, lr=lr, weight_decay=weight_decay)
        fields: tuple[Field, ...] = learner.plan.fields  # type: ignore[union-attr, assignment]

        def forward(batch: Batch) -> Tensor:
            noise, amount = parted(batch[task.noise_field])
            dropped = drop_conditions(
                batch,
                fields,
                torch.arange(len(batch), device=noise.device) % UNCONDITIONAL == batch.step % UNCONDITIONAL,
            )
            return asked(put(dropped, task.noise_field, noisy(task.real_samples(batch), noise, amount), amount))[:, 0]

        def loss(output: Tensor, batch: Batch) -> Losses:
            """output (B, C, …): v, of which the mean square error is taken at every amount copies_of_model."""
            noise, amount = parted(batch[task.noise_field])
            return Losses((output - velocity(task.real_samples(batch), noise, amount)).square().mean())

        return (
            Learner("learner", optimizer, forward, loss, clip=1.0, after=in_step(model, learner, schedule, optimizer)),
        )


def parted(field: Tensor) -> tuple[Tensor, Tensor]:
    """(B, C + 1, …) → noise (B, C, …), amount (B, 1, …) of 0 … 1, the same at every place."""
    return field[:, :-1], field[:, -1:].flatten(2)[..., :1].reshape(
        -1, 1, *[1] * (field.ndim - 2)
    ) if field.ndim > 2 else field[:, -1:]


def shares(amount: Tensor) -> tuple[Tensor, Tensor]:
    """How much is picture, how much noise: the squares add up to 1 (cosine schedule, Nichol & Dhariwal 2021)."""
    return torch.cos(amount * torch.pi / 2), torch.sin(amount * torch.pi / 2)


def noisy(picture: Tensor, noise: Tensor, amount: Tensor) -> Tensor:
    a, b = shares(amount)
    return a * picture + b * noise


def velocity(picture: Tensor, noise: Tensor, amount: Tensor) -> Tensor:
    a, b = shares(amount)
    return a * noise - b * picture


def put(batch: Batch, name: str, picture: Tensor, amount: Tensor) -> Batch:
    """The batch with this picture under noise in its column of chance."""
    field = torch.cat([picture, amount.expand_as(picture[:, :1])], 1)
    return Batch({**batch.fields, name: field}, batch.rows, batch.step)


def taken_away(
    ask: Callable[[Batch], Tensor],
    batch: Batch,
    fields: tuple[Field, ...],
    *,
    name: str,
    steps: int,
    guidance: float,
    most: float,
    depth: float = 1.0,
) -> Tensor:
    """(B, C, …): from the noise in the column `name`, in even steps of its amount (DDIM, Song, Meng & Ermon 2021), made
    `deeper` as it was learnt.
    `guidance` 1 = as it comes; more insists on what is asked for. What is made stays within ± `most`."""
    x = batch[name][:, :-1].float()
    free = (
        drop_conditions(batch, fields, torch.ones(len(x), dtype=torch.bool, device=x.device))
        if guidance != 1 and any(one.is_scalar for one in fields)
        else None
    )
    amounts = deeper(torch.linspace(1, 0, steps + 1, device=x.device), depth)
    for now, then in pairwise(amounts):
        amount = now.expand(len(x), 1, *[1] * (x.ndim - 2))
        v = ask(put(batch, name, x, amount))[:, 0]
        if free is not None:
            v = v * guidance + ask(put(free, name, x, amount))[:, 0] * (1 - guidance)
        a, b = shares(now)
        made = (a * x - b * v).clamp(-most, most)
        noise = (x - a * made) / b
        a, b = shares(then)
        x = a * made + b * noise
    return x


def drop_conditions(batch: Batch, fields: tuple[Field, ...], chosen: Tensor) -> Batch:
    """Rows that are `chosen` (B,) without what is asked for: table columns become unknown."""
    given = dict(batch.fields)
    for one in fields:
        if one.is_scalar:
            x = given[one.name]
            unknown = torch.full_like(x, float("nan") if x.is_floating_point() else 0)
            given[one.name] = torch.where(chosen.to(x.device).view(-1, *[1] * (x.ndim - 1)), unknown, x)
    return Batch(given, batch.rows, batch.step)


OBJECTIVE = Diffusion()
