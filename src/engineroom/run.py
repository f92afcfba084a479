"""The whole story in one file: data in, a trained and honestly judged model out. Prepare → build → fit → finish."""

from __future__ import annotations

from typing import Any

from .build import TrainingSetup, build_training
from .bundle.model import Model
from .callbacks import make_callbacks, restore_or_initialise
from .core.config import Config
from .core.memory import give_back
from .engine.callbacks.guards import Interrupt
from .engine.dispatch import follow
from .engine.loop import learn
from .finish import finish
from .prepare import Say, prepare
from .run_directory import RunDirectory


def train(
    config: Config, *, table: Any = None, resume: str | None = None, say: Say | None = None, watchers: tuple = ()
) -> tuple[Model, str]:
    """Train by `config` (or go on with the run `resume`): (the model, why training stopped).

    `say` receives every line of the event log as a dictionary; `watchers` are callbacks that read the loop's events.
    """
    say = say or (lambda line: None)
    run = None
    if resume:
        run, config = RunDirectory.reopen(resume)
        if run.finished:
            run.release()
            return Model.load(run.path), "already finished"
    try:
        ready = prepare(config, run, table, say)
        run = ready.run
        return fit(build_training(ready), say, watchers)
    finally:
        if run is not None:
            run.release()


def fit(setup: TrainingSetup, say: Say, watchers: tuple = ()) -> tuple[Model, str]:
    """Collect → forward → loss → backpropagation → repeat, until a callback stops it; then the evaluation on the test
    split."""
    model, schedule = setup.model, setup.schedule
    callbacks = make_callbacks(setup, say, watchers)
    first = restore_or_initialise(setup, callbacks, say)
    give_back()
    model.train()
    with Interrupt() as interrupt:
        steps = setup.batches(first, lambda: schedule.total - 1)
        reason = follow(learn(steps, setup.learners), [*callbacks.all, interrupt])
    history, validate = callbacks.history, callbacks.validate
    if not validate.best_weights:
        history(validate.now(first))
    if callbacks.patience.ending and reason.startswith("the planned"):
        reason = f"settled: no better validation score in {setup.plan.patience} checks"
    seconds = callbacks.clock()
    history.write("stopped", step=max(first - 1, history.step), reason=reason)
    model.load_state_dict(validate.best_weights)
    result = finish(setup.ready, setup.networks.cpu(), seconds, reason, setup.budget, say)
    history.close()
    return result, reason
