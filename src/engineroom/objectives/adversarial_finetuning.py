"""A finish: a network goes on answering by its task's own loss, and a critic that tells its answers from real ones
pulls them to where real ones lie (SRGAN, Ledig et al. 2017). Errors that are small on average leave answers smooth;
what is real seldom is.

The critic judges pairs, an answer beside the truth of the same row (relativistic: Jolicoeur-Martineau 2019), patch by
patch, and may not be steep at real ones (R1). The answer must also look to the critic's inner layers as the truth does:
what others take from a network that has seen a million photographs, the critic has learnt of these data alone. How much
each pull counts is a share of the pull of the task's loss (Défossez et al. 2022), so that no weight need be found anew
for every task.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..core.batch import Batch, Losses
from ..core.config import Config
from ..core.events import Learner
from ..core.schema import Schema
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..networks.multi_column import assemble
from ._base import Study
from ._ema import in_step

BETAS = (0.8, 0.99)  # little momentum: the other player moves
STEEP = 0.1  # weight of the squared gradient at what is real
KEENER = 3.0  # times the rate at which others learn: the critic begins with nothing (Heusel et al. 2017)
# shares, beside the task's own loss, of convincing the critic and of looking to it like the truth
CONVINCING, ALIKE = (0.5, 0.5)
WAIT, RISE = 50, 100  # steps until the critic is heard at all; steps in which it comes to its full share


class Finishing(Study):
    copies_of_model = ("generator", "reference")

    def build_networks(
        self, task, schema: Schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": the running mean, which answers; "generator"; "discriminator"} and, where there is something to be
        finished, "reference": as it was."""
        generator = assemble(schema, config, task, example, rows=rows, networks=1)
        cast = nn.ModuleDict(
            {
                "model": copy.deepcopy(generator).requires_grad_(False),
                "generator": generator,
                "discriminator": task.discriminator(schema.target, 0),
            }
        )
        if config.start:
            cast["reference"] = copy.deepcopy(generator).requires_grad_(False)
        return cast

    def make_learners(
        self, cast: nn.ModuleDict, task, schedule: Schedule, precision: Precision, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        model, generator = cast["model"], cast["generator"]
        discriminator: Any = cast["discriminator"]  # of layers/patch_discriminator.py, or like them
        making = precision.wrap(generator)
        learning = make_optimizer(generator, lr=lr, weight_decay=0.0, betas=BETAS)
        judging = make_optimizer(discriminator, lr=KEENER * lr, weight_decay=0.0, betas=BETAS)

        def compare(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
            """How real the discriminator finds what is real and what was made, patch by patch (B, P); and how steep it
            is there (B,)."""
            with torch.no_grad():
                made = discriminator.sees(task.fake_samples(making(batch), batch))
            real = [one.requires_grad_() for one in discriminator.sees(task.real_samples(batch))]
            found = discriminator(real)[0]
            # as steep as its patches are on average
            slopes = torch.autograd.grad(found.sum() / found.shape[1] ** 0.5, real, create_graph=True)
            return found, discriminator(made)[0], sum(slope.square().flatten(1).sum(1) for slope in slopes)  # type: ignore[return-value]

        def tell_apart(output: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Losses:
            gap, steep = softplus(output[1] - output[0]).mean(), output[2].mean()
            return Losses(gap + STEEP / 2 * steep, {"told_apart": gap.detach(), "steepness": steep.detach()})

        after = in_step(model, generator, schedule, learning, judging)
        return (
            Learner(
                "model", learning, making, lambda output, batch: pulled(task, discriminator, output, batch), clip=1.0
            ),
            Learner("discriminator", judging, compare, tell_apart, after=after),
        )

    def references(self, cast: nn.ModuleDict) -> dict[str, nn.Module]:
        return {"the same network before its finish": cast["reference"]} if "reference" in cast else {}


def pulled(task, discriminator: Any, output: Tensor, batch: Batch) -> Losses:
    """The task's own loss of `output` (B, K, …), and the two pulls of the discriminator beside it, each as large a
    share of that loss's gradient as it should be."""
    own = task.loss(output, batch)
    found, felt = discriminator(discriminator.sees(task.fake_samples(output, batch)))
    with torch.no_grad():
        true, known = discriminator(discriminator.sees(task.real_samples(batch)))
    # who cannot tell them apart has nothing to say
    convince, sure = (softplus(true - found).mean(), float((true - found.detach()).mean().clamp(0, 1)))
    copies_of_model = torch.stack(
        [(a - b).abs().mean() / b.abs().mean().clamp_min(1e-6) for a, b in zip(felt, known, strict=True)]
    ).mean()
    heard = task.adversarial_weight * min(1.0, max(0.0, (batch.step - WAIT) / RISE))
    losses, shares = (own.total, convince, copies_of_model), (1.0, CONVINCING * heard * sure, ALIKE * heard)
    slopes = [torch.autograd.grad(loss, output, retain_graph=True)[0] for loss in losses]
    size = slopes[0].norm()
    pull = sum(
        share * slope * (size / slope.norm().clamp_min(1e-12)) for share, slope in zip(shares, slopes, strict=True)
    )
    carried = (output * pull).sum()  # its gradient is the pull; what it says is of no interest
    total = carried - carried.detach() + own.total.detach()
    return Losses(
        total,
        {
            **own.parts,
            "convincing": convince.detach(),
            "copies_of_model": copies_of_model.detach(),
            "sure": own.total.new_tensor(sure),
        },
    )


OBJECTIVE = Finishing()
