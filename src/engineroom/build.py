"""Builds what a run trains with: networks, learners (optimiser + loss), batches, schedule, precision, and the budget of
steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .core import registry
from .core.config import Config
from .core.events import Learner
from .core.seeds import seed_everything
from .data.dataset import BatchSampler
from .engine.precision import PROBE_SECONDS, Makes, Precision, pick_device, probe
from .engine.schedule import Schedule
from .prepare import PreparedData
from .training_plan import CHECKS, TrainingPlan, budget_seconds, make_plan

PROBE_SHARE = 0.05  # of the seconds a run may take
CUTMIX_EPOCHS = 30  # below, a network does not see the images often enough to profit from mixtures


@dataclass
class TrainingSetup:
    """Everything that one run trains with. `networks["model"]` is the network that answers; a GAN has a discriminator
    beside it."""

    ready: PreparedData
    objective: Any
    plan: TrainingPlan
    networks: nn.ModuleDict
    learners: tuple[Learner, ...]
    batches: Any
    schedule: Schedule
    precision: Precision
    budget: dict[str, Any]  # what a short probe fixed: steps, precision, threads; a resumed run takes it over

    @property
    def model(self) -> nn.Module:
        return self.networks["model"]


def build_training(ready: PreparedData) -> TrainingSetup:
    """Networks with their initial weights, and everything around them. The order in which random numbers are drawn is
    part of the result."""
    config, data, task = ready.config, ready.data, ready.task
    objective = registry.get("objectives", task.objective)
    plan = make_plan(ready.schema, config, ready.n_train_rows, task)

    def epoch_order(rows: Any, generator: Any) -> Any:
        return task.epoch_order(rows, ready.truth, generator, data)

    batches = BatchSampler(data, plan.batch_size, config.seed, config.train.augment, order=epoch_order)
    seed_everything(config.seed)
    example = data.batch(data.splits["train"][:2])
    networks = objective.build_networks(
        task, ready.schema, config, example, rows=ready.n_train_rows, networks=ready.networks
    )
    device = pick_device(config.train.device)
    networks.to(device)
    batches = objective.make_batches(networks, task, batches)

    def make_learners(
        networks: nn.ModuleDict, precision: Precision, schedule: Schedule | None = None
    ) -> tuple[Learner, ...]:
        schedule = schedule or Schedule(CHECKS)
        return objective.make_learners(networks, task, schedule, precision, lr=plan.lr, weight_decay=plan.weight_decay)

    budget = ready.budget or fix_budget(config, plan, networks, make_learners, batches, device)
    torch.set_num_threads(budget["threads"])
    batches.mix = use_cutmix(ready, budget["steps"] / batches.per_epoch)
    precision, schedule = Precision(budget["precision"], device), Schedule(budget["steps"])
    learners = make_learners(networks, precision, schedule)
    if device != "cpu":
        learners = tuple(move_batches(learner, precision) for learner in learners)
    return TrainingSetup(ready, objective, plan, networks, learners, batches, schedule, precision, budget)


def fix_budget(
    config: Config, plan: TrainingPlan, networks: nn.ModuleDict, make: Makes, batches: Any, device: str
) -> dict[str, Any]:
    """Decide once what must not change afterwards: precision, threads and the number of steps; by a short probe where
    settings leave it open."""
    asked, limit = config.train, budget_seconds(config)
    found: dict[str, Any]
    if asked.precision == "fp32" and asked.threads and (asked.steps or asked.epochs):  # nothing is left to measure
        precision, found = (
            Precision("fp32", device),
            {"chosen": "fp32", "threads": asked.threads, "seconds_per_step": {}},
        )
    else:
        example = Precision("fp32", device).move(batches.batch(2))
        # of a short run the probe must not be the longer part
        seconds = PROBE_SECONDS if limit is None else min(PROBE_SECONDS, PROBE_SHARE * limit)
        precision, found = probe(networks, make, example, asked.precision, device, asked.threads, seconds)
        found["seconds_per_step"] = {name: round(s + batches.costs, 5) for name, s in found["seconds_per_step"].items()}
    if config.train.steps:
        steps = config.train.steps
    elif config.train.epochs:
        steps = config.train.epochs * batches.per_epoch
    else:
        affordable = int(0.9 * (limit or 0.0) / max(1e-5, found["seconds_per_step"].get(precision.name, 0.01)))
        wanted = affordable if config.train.minutes else plan.steps(len(batches.rows))
        steps = max(10, min(affordable, wanted))
    size = batches.batch_size
    return {
        "precision": precision.name,
        "steps": steps + 1,
        "probe": found,
        "batch_size": size,
        "threads": found["threads"],
    }


def check_every(config: Config, budget: dict[str, Any], validate: Callable[[], Any]) -> int:
    """Steps between validations: CHECKS a run, and in a run by minutes at most a tenth of the time."""
    every = max(1, budget["steps"] // CHECKS)
    if not config.train.minutes:
        return every
    step = max(budget["probe"]["seconds_per_step"].get(budget["precision"], 0.01), 1e-4)
    if (took := 10 * measure_seconds(validate) / step) > every:  # the first call warms up: the second one tells
        took = min(took, 10 * measure_seconds(validate) / step)
    return min(max(every, round(took)), max(1, budget["steps"] // 4))


def measure_seconds(work: Callable[[], Any]) -> float:
    """Wall-clock seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def use_cutmix(ready: PreparedData, epochs: float) -> bool:
    """CutMix needs classes to mix, one image as the only input, and a run long enough for it to pay."""
    single = [c.modality for c in ready.schema.inputs] == ["image"]
    return ready.task.output_type == "classes" and single and epochs >= CUTMIX_EPOCHS


def move_batches(learner: Learner, precision: Precision) -> Learner:
    """The same learner, its batches moved to the device first."""
    forward, loss = learner.forward, learner.loss
    learner.forward = lambda batch: forward(precision.move(batch))
    learner.loss = lambda output, batch: loss(output, precision.move(batch))
    return learner
