"""Learning from answers: one model, one player, the task's own loss."""

from __future__ import annotations

from torch import nn

from ..core.batch import Batch
from ..core.config import Config
from ..core.events import Learner
from ..engine.optim import make_optimizer
from ..engine.precision import Precision
from ..engine.schedule import Schedule
from ..networks.multi_column import assemble
from ._base import Study


class Supervised(Study):
    def build_networks(
        self, task, schema, config: Config, example: Batch, *, rows: int, networks: int = 1
    ) -> nn.ModuleDict:
        """{"model": …}: one network, or several side by side."""
        model = assemble(schema, config, task, example, rows=rows, networks=networks)
        return nn.ModuleDict({"model": model})

    def make_learners(
        self, cast: nn.ModuleDict, task, schedule: Schedule, precision: Precision, *, lr: float, weight_decay: float
    ) -> tuple[Learner, ...]:
        model = cast["model"]
        optimizer = make_optimizer(model, lr=lr, weight_decay=weight_decay)

        def after(step: int) -> None:
            schedule.apply(optimizer, step)

        schedule.apply(optimizer, 0)
        return (Learner("model", optimizer, precision.wrap(model), task.loss, clip=1.0, after=after),)


OBJECTIVE = Supervised()
