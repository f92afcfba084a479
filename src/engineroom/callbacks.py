"""The callbacks of a run: validation, early stopping, history, checkpoints, time budget, the best bundle so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from .build import TrainingSetup, check_every
from .bundle.transfer import inherit_weights
from .core.config import Config
from .core.errors import UserError, nearest
from .engine.callbacks.checkpoint import Checkpoint
from .engine.callbacks.early_stopping import EarlyStopping, StopAtMetric
from .engine.callbacks.guards import TerminateOnNaN, TimeBudget
from .engine.callbacks.history import History
from .engine.callbacks.sample_logger import SampleLogger
from .engine.callbacks.save_best import SaveBest
from .engine.callbacks.validation import Validate
from .evaluation.predict import ask
from .finish import bundle_writer
from .networks.data_initialisation import warm
from .prepare import Say
from .training_plan import budget_seconds


class Stopwatch:
    """Seconds of training, those before a crash included."""

    def __init__(self) -> None:
        self.before, self.begun = 0.0, time.perf_counter()

    def __call__(self) -> float:
        return self.before + time.perf_counter() - self.begun


@dataclass
class RunCallbacks:
    """The callbacks that the run itself asks again; `all` is what the loop's events are dispatched to."""

    clock: Stopwatch
    history: History
    validate: Validate
    patience: EarlyStopping
    checkpoint: Checkpoint
    all: list[Any]


def make_callbacks(setup: TrainingSetup, say: Say, extra: tuple = ()) -> RunCallbacks:
    """All callbacks of a run, in the order in which they hear an event; `extra` are the user's own and come first."""
    ready, model, schedule = setup.ready, setup.model, setup.schedule
    config, run, task = ready.config, ready.run, ready.task
    clock = Stopwatch()
    groups = setup.learners[0].optimizer.param_groups
    history = History(run.events, elapsed=clock, total=lambda: schedule.total, rate=lambda: groups[0]["lr"], also=say)
    rows = ready.data.splits["val"][:: max(1, len(ready.data.splits["val"]) // task.max_eval_rows)]
    compute_scores = make_validation(setup, rows)
    setup.budget.setdefault("every", check_every(config, setup.budget, lambda: compute_scores(model)))
    run.write_prepared({**ready.to_json(), "budget": setup.budget})
    last = lambda: schedule.total - 1
    validate = Validate(model, compute_scores, every=setup.budget["every"], selects=task.monitor, last=last)
    patience = EarlyStopping(schedule, setup.plan.patience)
    seconds = config.train.checkpoint_seconds
    checkpoint = Checkpoint(
        run.checkpoints,
        setup.networks,
        setup.learners,
        {"validate": validate, "patience": patience, "schedule": schedule},
        seconds=seconds,
        facts=lambda: {"elapsed": clock()},
        best=lambda: validate.best_weights or model.state_dict(),
        carries=setup.batches,
    )
    write = bundle_writer(ready, model, setup.budget, rows)
    store = SaveBest(lambda scores, step: write(validate.best_weights, scores, step, clock()), seconds=seconds)
    every = [*extra, TerminateOnNaN(), history, validate, patience, *stop_at_metric(config, task), store]
    if task.has_samples:
        quick = task.for_validation()
        every.append(SampleLogger(model, lambda network: quick.sample_grid(network, ready.schema), run.sketches))
    if limit := budget_seconds(config):
        every.append(TimeBudget(schedule, limit, clock))
    every.append(checkpoint)  # the last: it holds what the others made of the step
    return RunCallbacks(clock, history, validate, patience, checkpoint, every)


def make_validation(setup: TrainingSetup, rows: Any) -> Callable[[nn.Module], dict[str, float]]:
    """network → metrics on the validation rows, the primary one first."""
    ready, task = setup.ready, setup.ready.task
    targets, quick = ready.validation_targets(rows), task.for_validation()

    def compute_scores(network: nn.Module) -> dict[str, float]:
        predictions = ask(network, ready.data, rows, quick, precision=setup.precision)
        predictions = task.apply_calibration(predictions, task.fit_calibration(predictions, targets))
        scores = task.compute_metrics(task.score_rows(predictions, targets))
        return {name: scores[name] for name in sorted(scores, key=lambda name: name != task.primary_metric)}

    return compute_scores


def restore_or_initialise(setup: TrainingSetup, callbacks: RunCallbacks, say: Say) -> int:
    """The first step: the one after the last checkpoint, or 1 with inherited or data-dependent initial weights."""
    config, model, history = setup.ready.config, setup.model, callbacks.history
    if meta := callbacks.checkpoint.restore():
        callbacks.clock.before = meta["facts"]["elapsed"]
        history.write("resumed", step=meta["step"])
        return meta["step"] + 1
    if config.start:
        taken, whole = inherit_weights(model, config.start)
        say({"event": "inherited", "from": config.start, "weights": taken, "of": whole})
    else:
        warm(model, setup.ready.data)
    setup.objective.initialise(setup.networks)
    count = sum(p.numel() for p in model.parameters())
    history.write("started", step=0, total=setup.schedule.total, parameters=count, precision=setup.budget["precision"])
    return 1


def stop_at_metric(config: Config, task: Any) -> list[StopAtMetric]:
    """--until METRIC=VALUE as a callback. Raises UserError for a metric that the task does not have."""
    if not config.train.until:
        return []
    metric, _, value = config.train.until.partition("=")
    names = [*dict.fromkeys((task.primary_metric, *task.higher, *task.lower))]
    if metric not in names:
        raise UserError(f"--until names no score {metric!r}.", "", nearest(metric, names, label="Scores"))
    try:
        return [StopAtMetric(metric, float(value), higher_is_better=metric in task.higher)]
    except ValueError:
        what = f"--until {config.train.until!r} is not of the form METRIC=VALUE."
        raise UserError(what, "", "Example: --until accuracy=0.97") from None
