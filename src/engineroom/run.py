"""The whole story in one function: data in, a trained and honestly judged model out. Read `train` to read the project."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from .bundle.model import Model
from .bundle.transfer import inherit_weights
from .core import registry
from .core.config import Config
from .core.errors import UserError, nearest
from .core.events import Learner
from .core.memory import give_back
from .core.seeds import seed_everything
from .data.dataset import BatchSampler
from .engine.callbacks.checkpoint import Checkpoint
from .engine.callbacks.early_stopping import EarlyStopping, StopAtMetric
from .engine.callbacks.guards import Interrupt, TerminateOnNaN, TimeBudget
from .engine.callbacks.history import History
from .engine.callbacks.sample_logger import SampleLogger
from .engine.callbacks.save_best import SaveBest
from .engine.callbacks.validation import Validate
from .engine.dispatch import follow
from .engine.loop import learn
from .engine.precision import Makes, Precision, pick_device, probe
from .engine.schedule import Schedule
from .evaluation.predict import ask
from .finish import finish, keep
from .networks.data_initialisation import warm
from .prepare import PreparedData, Say, prepare
from .run_directory import RunDirectory
from .training_plan import CHECKS, budget_seconds, make_plan

MIX_EPOCHS = 30  # below, a network does not come to know the pictures well enough to profit from mixtures


def train(
    config: Config, *, table: Any = None, resume: str | None = None, say: Say | None = None, watchers: tuple = ()
) -> tuple[Model, str]:
    """Train by `config` (or go on with the run `resume`): (the model, why training stopped).

    `say` hears every line of the diary as a dictionary; `watchers` read the loop's events.
    """
    say = say or (lambda line: None)
    if resume:
        run, config = RunDirectory.reopen(resume)
        if run.finished:
            run.release()
            return Model.load(run.path), "already finished"
    else:
        run = None
    try:
        ready = prepare(config, run, table, say)
        run, config = ready.run, ready.config
        return fit(ready, config, run, say, watchers)
    finally:
        if run is not None:
            run.release()


def fit(ready: PreparedData, config: Config, run: RunDirectory, say: Say, watchers: tuple) -> tuple[Model, str]:
    """The five beats, watched; then the examination."""
    data, task = ready.data, ready.task
    objective = registry.get("objectives", task.objective)
    rows = data.splits["train"]
    plan = make_plan(ready.schema, config, ready.learners, task)
    batches = BatchSampler(data, plan.batch_size, config.seed, config.train.augment, order=lambda rows, generator: task.epoch_order(rows, ready.truth, generator, data))

    seed_everything(config.seed)
    cast = objective.cast(task, ready.schema, config, data.batch(rows[:2]), rows=ready.learners, networks=ready.networks)
    device = pick_device(config.train.device)
    cast.to(device)
    model = cast["model"]
    batches = objective.collect(cast, task, batches)

    def players_of(cast: torch.nn.ModuleDict, precision: Precision, schedule: Schedule | None = None) -> tuple[Learner, ...]:
        return objective.players(cast, task, schedule or Schedule(CHECKS), precision, lr=plan.lr, weight_decay=plan.weight_decay)

    settled = ready.settled or fix_budget(config, plan, cast, players_of, batches, device)
    torch.set_num_threads(settled["threads"])
    batches.mix = use_cutmix(ready, settled["steps"] / batches.per_epoch)
    precision, schedule = Precision(settled["precision"], device), Schedule(settled["steps"])
    players = players_of(cast, precision, schedule)
    if device != "cpu":
        players = tuple(on_device(player, precision) for player in players)
    clock = Stopwatch()
    history = History(
        run.events, elapsed=clock, total=lambda: schedule.total, rate=lambda: players[0].optimizer.param_groups[0]["lr"], also=say
    )
    monitor = data.splits["val"][:: max(1, len(data.splits["val"]) // task.max_eval_rows)]
    truth, quick = ready.validation_targets(monitor), task.for_validation()

    def judge(network: torch.nn.Module) -> dict[str, float]:
        answers = ask(network, data, monitor, quick, precision=precision)
        scores = task.compute_metrics(task.score_rows(task.apply_calibration(answers, task.fit_calibration(answers, truth)), truth))
        return {name: scores[name] for name in sorted(scores, key=lambda name: name != task.primary_metric)}

    settled.setdefault("every", check_every(config, settled, lambda: judge(model)))
    run.write_prepared({**ready.to_json(), "settled": settled})
    validate = Validate(model, judge, every=settled["every"], selects=task.monitor, last=lambda: schedule.total - 1)
    patience = EarlyStopping(schedule, plan.patience)
    memory = {"validate": validate, "patience": patience, "schedule": schedule}
    checkpoint = Checkpoint(
        run.checkpoints,
        cast,
        players,
        memory,
        seconds=config.train.checkpoint_seconds,
        facts=lambda: {"elapsed": clock()},
        best=lambda: validate.best_weights or model.state_dict(),
        carries=batches,
    )
    meta = checkpoint.restore()
    first = 1
    if meta:
        first, clock.before = meta["step"] + 1, meta["facts"]["elapsed"]
        history.write("resumed", step=meta["step"])
    else:
        if config.start:
            taken, whole = inherit_weights(model, config.start)
            say({"event": "inherited", "from": config.start, "weights": taken, "of": whole})
        else:
            warm(model, data)
        objective.begin(cast)
        history.write(
            "started", step=0, total=schedule.total, parameters=sum(p.numel() for p in model.parameters()), precision=settled["precision"]
        )
    write = keep(ready, config, run, model, settled, monitor)
    store = SaveBest(lambda scores, step: write(validate.best_weights, scores, step, clock()), seconds=config.train.checkpoint_seconds)
    watching = [*watchers, TerminateOnNaN(), validate, patience, history, *until(config, task), store, checkpoint]
    if task.has_samples:
        watching.append(SampleLogger(model, lambda network: quick.sample_grid(network, ready.schema), run.sketches))
    seconds = budget_seconds(config)
    if seconds:
        watching.append(TimeBudget(schedule, seconds, clock))

    give_back()
    model.train()
    with Interrupt() as interrupt:
        steps = batches(first, lambda: schedule.total - 1)
        reason = follow(learn(steps, players), [*watching, interrupt])
    if not validate.best_weights:
        history(validate.now(first))
    if patience.ending:
        reason = f"settled: no better validation score in {plan.patience} checks" if reason.startswith("the planned") else reason
    history.write("stopped", step=max(first - 1, history.step), reason=reason)
    model.load_state_dict(validate.best_weights)
    result = finish(ready, config, run, cast.cpu(), clock(), reason, settled, say)
    history.close()
    return result, reason


def fix_budget(config: Config, plan, cast: torch.nn.ModuleDict, make: Makes, batches: BatchSampler, device: str) -> dict[str, Any]:
    """Decide once, by a short probe, what must not change afterwards: the arithmetic and the number of steps."""
    example = Precision("fp32", device).move(batches.batch(2))
    precision, found = probe(cast, make, example, config.train.precision, device, config.train.threads)
    found["seconds_per_step"] = {name: round(pace + batches.costs, 5) for name, pace in found["seconds_per_step"].items()}
    if config.train.steps:
        steps = config.train.steps
    elif config.train.epochs:
        steps = config.train.epochs * batches.per_epoch
    else:
        seconds = budget_seconds(config) or 0.0
        affordable = int(0.9 * seconds / max(1e-5, found["seconds_per_step"].get(precision.name, 0.01)))
        wanted = affordable if config.train.minutes else plan.steps(len(batches.rows))
        steps = max(10, min(affordable, wanted))
    return {"precision": precision.name, "steps": steps + 1, "probe": found, "batch_size": batches.batch_size, "threads": found["threads"]}


def check_every(config: Config, settled: dict[str, Any], judge: Callable[[], Any]) -> int:
    """Steps between validations: CHECKS a run, and in a run by minutes at most a tenth of the time."""
    every = max(1, settled["steps"] // CHECKS)
    if not config.train.minutes:
        return every
    pace = max(settled["probe"]["seconds_per_step"].get(settled["precision"], 0.01), 1e-4)
    if (took := 10 * timed(judge) / pace) > every:  # the first time warms up what is needed: the second tells
        took = min(took, 10 * timed(judge) / pace)
    return min(max(every, round(took)), max(1, settled["steps"] // 4))


def timed(work: Callable[[], Any]) -> float:
    """The seconds it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def use_cutmix(ready: PreparedData, epochs: float) -> bool:
    """Mixing pictures needs classes to mix, nothing but one picture to look at, and a run long enough for it to pay."""
    single = [c.modality for c in ready.schema.inputs] == ["image"]
    return ready.task.output_type == "classes" and single and epochs >= MIX_EPOCHS


def until(config: Config, task) -> list[StopAtMetric]:
    """--until METRIC=VALUE as a watcher."""
    if not config.train.until:
        return []
    metric, _, value = config.train.until.partition("=")
    names = [*dict.fromkeys((task.primary_metric, *task.higher, *task.lower))]
    if metric not in names:
        raise UserError(f"--until names no score {metric!r}.", "", nearest(metric, names, label="Scores"))
    try:
        return [StopAtMetric(metric, float(value), higher_is_better=metric in task.higher)]
    except ValueError:
        raise UserError(f"--until {config.train.until!r} is not of the form METRIC=VALUE.", "", "Example: --until accuracy=0.97") from None


def on_device(player, precision: Precision):
    """The same player, its batches moved first."""
    forward, loss = player.forward, player.loss
    player.forward = lambda batch: forward(precision.move(batch))
    player.loss = lambda output, batch: loss(output, precision.move(batch))
    return player


class Stopwatch:
    """Seconds of training, those before a crash included."""

    def __init__(self) -> None:
        self.before, self.begun = 0.0, time.perf_counter()

    def __call__(self) -> float:
        return self.before + time.perf_counter() - self.begun
